// Finds out what a pack reads of an answer, and makes an answer that has it.
'use strict';

const LISTS = new Set(['map', 'filter', 'forEach', 'find', 'some', 'every', 'flatMap', 'reduce', 'length', 'slice', 'sort', 'join', 'push', 'concat']);
const TEXTS = new Set(['split', 'replace', 'replaceAll', 'trim', 'toLowerCase', 'toUpperCase', 'startsWith', 'endsWith', 'includes', 'match', 'matchAll', 'substring', 'substr', 'charAt', 'padStart', 'toString', 'indexOf', 'localeCompare', 'toFixed']);
const DEEPEST = 8;
const PASSED_OVER = new Set(['then', 'toJSON', 'constructor', '$$typeof', 'nodeType', 'asymmetricMatch']);

// A node is what is known of one place in the answer: nothing yet, a list of one kind of thing, or an object.
function node(name, depth = 0) {
  return {name, depth, item: null, members: new Map(), text: false};
}

function probe(known) {
  return new Proxy(function () {}, {
    get: (_, key) => read(known, key),
    has: () => true,
    ownKeys: () => ['prototype', ...known.members.keys()],
    apply: () => known.name,
  });
}

function read(known, key) {
  if (key === Symbol.iterator || LISTS.has(key)) {
    known.item ??= node(known.name, known.depth + 1);
    const list = [probe(known.item)];
    return typeof list[key] === 'function' ? list[key].bind(list) : list[key];
  }
  if (key === Symbol.toPrimitive) {
    known.text = true;
    return () => leaf(known.name);
  }
  if (typeof key === 'symbol' || PASSED_OVER.has(key)) return undefined;
  if (TEXTS.has(key)) {
    known.text = true;
    const text = leaf(known.name);
    return typeof text[key] === 'function' ? text[key].bind(text) : text[key];
  }
  if (known.depth > DEEPEST) return leaf(known.name); // a walk that has no end
  if (!known.members.has(key)) known.members.set(key, node(key, known.depth + 1));
  return probe(known.members.get(key));
}

function leaf(name) {
  if (/url|link|href|image|photo|picture|src/i.test(name)) return `https://example.com/${name}`;
  if (/date|time|_at$|_on$/i.test(name)) return '2024-02-29T12:00:00Z';
  return /id$|count|size|price|amount|number|total|page/i.test(name) ? '7' : `some ${name}`;
}

function made(known) {
  if (known.item) return [entry(known.item), entry(known.item)];
  if (known.members.size && !known.text) {
    return Object.fromEntries([...known.members].map(([key, each]) => [key, made(each)]));
  }
  return leaf(known.name);
}

// What a pack hands on as it is, is mostly an object.
function entry(known) {
  return known.members.size || known.text || known.item ? made(known) : {id: '7', name: `some ${known.name}`};
}

module.exports = {node, probe, made};
