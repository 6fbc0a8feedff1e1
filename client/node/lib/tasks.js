'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const EXTENSIONS = ['.js', '.cjs', '.mjs'];
const DIRECTORY_NAME = /^[A-Za-z0-9_-]+$/;
const TASK_NAME = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

// What a module has as its default export, whatever wrote it.
function defaultExport(module) {
  const exported = module.default ?? module;
  return exported?.default ?? exported;
}

async function importFile(file) {
  return import(pathToFileURL(file).href);
}

// [{identifier, file}] below a directory. Of files that differ in their extension alone the first
// in the order of `extensions` counts.
function findFiles(directory, extensions, prefix = '') {
  const found = new Map();
  const folders = [];
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name);
    const stat = entry.isSymbolicLink() ? fs.statSync(file) : entry;
    if (entry.isDirectory() && DIRECTORY_NAME.test(entry.name)) folders.push(entry.name);
    const extension = path.extname(entry.name);
    const rank = extensions.indexOf(extension);
    const name = path.basename(entry.name, extension);
    if (!stat.isFile() || rank < 0 || !TASK_NAME.test(name)) continue;
    if (rank < (found.get(name)?.rank ?? Infinity)) found.set(name, { rank, file });
  }
  const here = [...found].map(([name, { file }]) => ({ identifier: prefix + name, file }));
  const below = folders.flatMap((name) =>
    findFiles(path.join(directory, name), extensions, `${prefix}${name}/`));
  return [...here, ...below];
}

async function loadDirectory(directory, extensions, logger) {
  const tasks = new Map();
  for (const { identifier, file } of findFiles(directory, extensions)) {
    const handler = defaultExport(await importFile(file));
    if (typeof handler === 'function') tasks.set(identifier, handler);
    else logger.warn(`${file} exports no function: it is no task`);
  }
  return tasks;
}

async function loadFile(file) {
  const module = await importFile(file);
  return checkTaskList({ ...(typeof module.default === 'object' ? module.default : module) });
}

function checkTaskList(taskList) {
  const tasks = new Map();
  for (const [identifier, handler] of Object.entries(taskList)) {
    if (handler === undefined) continue;
    if (typeof handler !== 'function') {
      throw new TypeError(`the handler of task ${identifier} must be a function`);
    }
    tasks.set(identifier, handler);
  }
  return tasks;
}

// Identifiers to handlers. taskDirectory may be a file that exports many.
async function loadTasks({ taskList, taskDirectory, fileExtensions = EXTENSIONS }, logger) {
  let tasks;
  if (taskList !== undefined) {
    tasks = checkTaskList(taskList);
  } else {
    const place = path.resolve(taskDirectory ?? 'tasks');
    const stat = fs.statSync(place, { throwIfNoEntry: false });
    if (stat === undefined) {
      throw new Error(`there is no ${place}: give taskList, or the taskDirectory of your tasks`);
    }
    tasks = stat.isFile() ? await loadFile(place) : await loadDirectory(place, fileExtensions, logger);
  }
  if (tasks.size > 0) return tasks;
  throw new Error(`no task in ${taskList ? 'taskList' : path.resolve(taskDirectory ?? 'tasks')}`);
}

module.exports = { loadTasks };
