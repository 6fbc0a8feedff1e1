'use strict';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');

const REPORTER = path.join(__dirname, 'junit_reporter.js');
let directory;

before(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'leasehold-junit-'));
});
after(() => fs.rmSync(directory, { recursive: true }));

// The test cases that the reporter writes of a file with this text: "name: what became of it".
function casesOf(text) {
  const file = path.join(directory, 'some.test.js');
  const xml = path.join(directory, 'test.xml');
  fs.writeFileSync(file, `const { describe, it, test } = require('node:test');\n${text}`);
  // Without the variable by which node knows that it runs inside of a test.
  const { NODE_TEST_CONTEXT, ...env } = process.env;
  const options = { env, stdio: 'ignore' };
  try {
    execFileSync(process.execPath, ['--test', `--test-reporter=${REPORTER}`,
      `--test-reporter-destination=${xml}`, file], options);
  } catch {
    // It fails where its tests do.
  }
  const pattern = /<testcase classname="some" name="([^"]*)" time="[\d.]+">(<(\w+))?/g;
  return [...fs.readFileSync(xml, 'utf8').matchAll(pattern)]
    .map(([, name, , outcome]) => `${name}: ${outcome ?? 'passed'}`);
}

test('writes a case for each test, with the names of its suites', () => {
  assert.deepStrictEqual(casesOf(`
    test('leases a job', () => {});
    describe('a session', () => {
      it('resumes', () => {});
      it('ends', () => { throw new Error('it did not'); });
    });
    describe('a queue', () => {
      it('is empty', () => {});
    });
    test('some day', { skip: true }, () => {});
  `), [
    'leases a job: passed',
    'a session &gt; resumes: passed',
    'a session &gt; ends: failure',
    'a queue &gt; is empty: passed',
    'some day: skipped',
  ]);
});

test('writes a case for a file that cannot be loaded', () => {
  assert.deepStrictEqual(casesOf('throw new Error("no");').map((line) => line.split(': ')[1]),
    ['failure']);
});

test('writes what XML can hold', () => {
  assert.deepStrictEqual(casesOf(`test('a < b & "c" \\u0001', () => {});`),
    ['a &lt; b &amp; &quot;c&quot; ?: passed']);
});
