import { Client } from 'leasehold';

const client = new Client();
const { id } = await client.addJob('hello', { name: 'Ada' }, { delay: 500, maxAttempts: 3 });
console.log(`added ${id}`);
client.close();
