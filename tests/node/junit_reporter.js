'use strict';
// A reporter of node:test that writes JUnit's XML, which Node 18 has none for: one <testcase> for
// each test, none for suites and files unless these themselves failed.

const path = require('node:path');

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

// Control characters have no place in XML, not even escaped.
function escape(text) {
  return String(text)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '?')
    .replace(/[&<>"]/g, (character) => ENTITIES[character]);
}

// The names of a test from the outermost suite inwards, kept by depth while events pass by.
class Names {
  #open = [];

  start({ name, nesting }) {
    this.#open.length = nesting;
    this.#open[nesting] = name;
  }

  of({ name, nesting }) {
    return [...this.#open.slice(0, nesting), name].join(' > ');
  }
}

function isOfItsParts({ details, name, file }) {
  if (details?.type === 'suite') return true;
  // A file is a test of its own, named by its path.
  return file !== undefined && path.resolve(name) === file;
}

function message({ details }) {
  const error = details?.error;
  const cause = error?.cause ?? error;
  return cause?.stack ?? String(cause?.message ?? cause);
}

function testcase(data, name, failed) {
  const suite = data.file ? path.basename(data.file, '.test.js') : 'node';
  const seconds = ((data.details?.duration_ms ?? 0) / 1000).toFixed(3);
  const head = `<testcase classname="${escape(suite)}" name="${escape(name)}" time="${seconds}">`;
  let inner = '';
  if (failed) {
    const text = message(data);
    inner = `<failure message="${escape(text.split('\n')[0])}">${escape(text)}</failure>`;
  } else if (data.skip !== undefined || data.todo !== undefined) {
    inner = '<skipped/>';
  }
  return `${head}${inner}</testcase>\n`;
}

module.exports = async function* junit(source) {
  const names = new Names();
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites><testsuite name="node">\n';
  for await (const { type, data } of source) {
    if (type === 'test:start') names.start(data);
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const failed = type === 'test:fail';
    // Suites and files fail with their tests, which are cases already.
    const byOthers = data.details?.error?.failureType === 'subtestsFailed';
    if (failed ? byOthers : isOfItsParts(data)) continue;
    yield testcase(data, names.of(data), failed);
  }
  yield '</testsuite></testsuites>\n';
};
