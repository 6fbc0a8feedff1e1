'use strict';

// The end of the string that begins at `start`.
function skipString(json, start) {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at;
}

// The texts of the elements of an array; `json` is valid JSON.
function splitJsonArray(json) {
  const items = [];
  let depth = 0;
  let start = json.indexOf('[') + 1;
  for (let at = start - 1; at < json.length; ++at) {
    const c = json[at];
    if (c === '"') {
      at = skipString(json, at);
    } else if (c === '[' || c === '{') {
      ++depth;
    } else if (c === ']' || c === '}') {
      --depth;
    }
    if ((c === ',' && depth === 1) || (c === ']' && depth === 0)) {
      items.push(json.slice(start, at).trim());
      start = at + 1;
    }
  }
  return items.length === 1 && items[0] === '' ? [] : items;
}

module.exports = { splitJsonArray };
