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

// Finds the modules below a directory. Of files that differ in their extension alone the first in
// the order of `extensions` counts.
class Finder {
  constructor(extensions) {
    this._extensions = extensions;
    // {identifier, file}
    this.modules = [];
    this.executables = [];
  }

  search(directory, prefix) {
    const found = new Map();
    for (const { name } of fs.readdirSync(directory, { withFileTypes: true })) {
      const file = path.join(directory, name);
      const stat = fs.statSync(file, { throwIfNoEntry: false });
      if (stat?.isFile()) this._consider(file, stat, found);
      if (!fs.lstatSync(file).isDirectory() || !DIRECTORY_NAME.test(name)) continue;
      this.search(file, `${prefix}${name}/`);
    }
    for (const [name, { file }] of found) this.modules.push({ identifier: prefix + name, file });
  }

  _consider(file, stat, found) {
    const extension = path.extname(file);
    const name = path.basename(file, extension);
    if (!TASK_NAME.test(name)) return;
    const rank = this._extensions.indexOf(extension);
    if (rank < 0) {
      if ((stat.mode & 0o100) !== 0) this.executables.push(file);
    } else if (rank < (found.get(name)?.rank ?? Infinity)) {
      found.set(name, { rank, file });
    }
  }
}

async function loadDirectory(directory, extensions, logger) {
  const tasks = new Map();
  const finder = new Finder(extensions);
  finder.search(directory, '');
  for (const file of finder.executables) {
    logger.warn(`${file} is executable and no module: "leasehold work" runs such tasks`);
  }
  for (const { identifier, file } of finder.modules) {
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
    tasks = stat.isFile()
      ? await loadFile(place)
      : await loadDirectory(place, fileExtensions, logger);
  }
  if (tasks.size > 0) return tasks;
  throw new Error(`no task in ${taskList ? 'taskList' : path.resolve(taskDirectory ?? 'tasks')}`);
}

module.exports = { loadTasks };
