// A task as for graphile-worker: a function that is not async, beside one that asks for its queue.
export default function count({ n }, helpers) {
  helpers.logger.info(`one more: ${n}`);
  return tellQueue(helpers);
}

async function tellQueue({ logger, getQueueName }) {
  logger.info(`in queue ${await getQueueName()}`);
}
