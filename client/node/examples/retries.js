const { Permanent, RetryAfter, run } = require('leasehold');

async function fetchPage({ url }, { abortSignal, logger }) {
  const response = await fetch(url, { signal: abortSignal });
  if (response.status === 404) throw new Permanent(`${url} is not there`);
  if (response.status === 429) throw new RetryAfter(60_000, `${url} is busy`);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  logger.info(`${url} has ${(await response.text()).length} characters`);
}

run({ concurrency: 20, taskList: { 'fetch-page': fetchPage } });
