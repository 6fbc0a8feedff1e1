'use strict';

// An executor whose handlers are in the way.
const { run } = require('../../../client/node');

const taskList = {
  block: ({ milliseconds }) => {
    console.log('blocking');
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
    console.log('unblocking; unblocked');
  },
  quick: () => {},
  patient: (_, { abortSignal }) => new Promise((resolve) => {
    abortSignal.addEventListener('abort', () => setImmediate(resolve));
    console.log('patient began');
  }),
  stubborn: () => {
    console.log('stubborn began');
    return new Promise(() => {});
  },
};

run({ concurrency: 2, taskList }).then((runner) => runner.promise);
