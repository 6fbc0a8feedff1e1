'use strict';

// The session's thread. It never runs a handler, so that a process that is busy stays alive.
const { parentPort, workerData } = require('node:worker_threads');
const { SessionLoop } = require('./loop');

const loop = new SessionLoop(workerData.options, workerData.memory, (message, transfer) => {
  parentPort.postMessage(message, transfer);
  if (message.type === 'end') parentPort.close();
});

parentPort.on('message', (message) => {
  if (message.type === 'stop') loop.stop(message.gracePeriod);
  else if (message.type === 'wake') loop.onWake();
  else loop.onFinished(message.handle, message.outcome);
});
loop.start();
