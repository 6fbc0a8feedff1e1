const { run } = require('leasehold');

async function notify(address) {
  if (!address.includes('@')) throw new Error(`${address} is no address`);
}

// One job with many items: it is tried again with those alone that failed.
run({ taskList: { notify: async (addresses) => addresses.map(notify) } });
