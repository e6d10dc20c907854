// The first code in the isolate: it finds what is asked for in the pack, runs it, and speaks with the host in text.
//
// The host gives it no function and no object. It calls step(text) with a message, and then step('') until all
// promises have had their turn, and gets the messages that wait: [['fetch', id, request], ['done', outcome], …].
(function () {
  'use strict';
  const {parse, stringify} = JSON;
  const Buffer = globalThis.__packsysBuffer;
  const {defineProperty, keys, entries} = Object;
  const isArray = Array.isArray;
  const DEEPEST = 200;

  // What a pack of the Coda SDK finds in its world, and what it does not.
  for (const name of ['WebAssembly', 'setTimeout', 'clearTimeout', '__timer_manager', '__packsysBuffer']) {
    if (!Reflect.deleteProperty(globalThis, name)) globalThis[name] = undefined;
  }
  Object.assign(globalThis, {global: globalThis, exports: {}, module: {}, eval: undefined, coda: {}, pack: {}, Buffer});

  let outbox = [];
  let asked = 0;
  const waiting = new Map();
  const born = new WeakMap(); // an error that the host caused → the number of the request

  // ---- values: JSON, with a tag under '$' for what JSON has not

  function put(object, key, value) {
    defineProperty(object, key, {value, writable: true, enumerable: true, configurable: true});
  }

  function encode(value, depth = 0) {
    switch (typeof value) {
      case 'undefined':
        return {$: 'u'};
      case 'boolean':
      case 'string':
        return value;
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : {$: 'n', v: Object.is(value, -0) ? '-0' : `${value}`};
      case 'bigint':
        return {$: 'i', v: `${value}`};
      case 'object':
        return value === null ? null : encodeObject(value, depth + 1);
      default:
        throw new TypeError(`${String(value)} could not be cloned.`);
    }
  }

  function encodeObject(value, depth) {
    if (depth > DEEPEST) throw new RangeError('A value is nested too deeply, or holds itself.');
    if (value instanceof Date) return {$: 'd', v: value.getTime()};
    if (value instanceof RegExp) return {$: 'r', v: value.source, f: value.flags};
    if (value instanceof Error) return {$: 'e', v: encodeError(value, depth)};
    if (value instanceof Map) return {$: 'm', v: [...value].map(pair => encode(pair, depth))};
    if (value instanceof Set) return {$: 's', v: [...value].map(each => encode(each, depth))};
    if (ArrayBuffer.isView(value)) return {$: 'b', v: bytesOf(value).toString('base64')};
    if (isArray(value)) return value.map(each => encode(each, depth));
    const made = {};
    for (const key of keys(value)) put(made, key, encode(value[key], depth));
    return '$' in made ? {$: 'o', v: made} : made;
  }

  function bytesOf(view) {
    return new Buffer(view.buffer, view.byteOffset, view.byteLength);
  }

  function encodeError(error, depth = 0) {
    const made = {name: text(error, 'name') || 'Error', message: text(error, 'message')};
    for (const key of keys(error)) {
      if (key === 'name' || key === 'message' || key === 'stack') continue;
      try {
        put(made, key, encode(error[key], depth + 1));
      } catch (_) {
        // What cannot be carried is left behind; the name and the message say enough.
      }
    }
    if (born.has(error)) put(made, 'request', born.get(error));
    return made;
  }

  function text(object, key) {
    try {
      return object[key] === undefined ? '' : String(object[key]);
    } catch (_) {
      return '';
    }
  }

  function decode(value) {
    if (value === null || typeof value !== 'object') return value;
    if (isArray(value)) return value.map(decode);
    switch (value.$) {
      case 'u':
        return undefined;
      case 'n':
        return Number(value.v);
      case 'd':
        return new Date(value.v ?? NaN);
      case 'b':
        return Buffer.from(value.v, 'base64');
      case 'o':
        return decodeMembers(value.v);
      default:
        return decodeMembers(value);
    }
  }

  function decodeMembers(members) {
    const made = {};
    for (const [key, value] of entries(members)) put(made, key, decode(value));
    return made;
  }

  // ---- asking the host

  function ask(what, content) {
    const id = ++asked;
    outbox.push([what, id, encode(content)]);
    return new Promise((resolve, reject) => waiting.set(id, {resolve, reject}));
  }

  function answered({id, ok, error}) {
    const promise = waiting.get(id);
    if (!promise) return;
    waiting.delete(id);
    if (error) promise.reject(caused(id, Object.assign(new Error(error.message), {name: error.name})));
    else promise.resolve(decode(ok));
  }

  function caused(id, error) {
    born.set(error, id);
    return error;
  }

  async function fetch(request) {
    const id = asked + 1;
    const {status, headers, body: raw, json} = await ask('fetch', request);
    const body = json ? bodyOf(raw) : raw;
    if (status >= 400) throw caused(id, statusError(status, body, headers, request));
    return {status, headers, body};
  }

  function bodyOf(raw) {
    try {
      const read = parse(raw);
      return typeof read === 'object' ? read : raw;
    } catch (_) {
      return raw;
    }
  }

  function statusError(statusCode, body, headers, options) {
    const response = {body: typeof body === 'object' ? stringify(body) : body, headers};
    const error = new Error(`${statusCode} - ${stringify(body)}`);
    return Object.assign(error, {name: 'StatusCodeError', statusCode, body, error: body, options, response});
  }

  function storeUrl(url, options, fetchOptions) {
    return ask('storeUrl', {url, options, fetchOptions});
  }

  function storeBlob(blob, contentType, options) {
    return ask('storeBlob', {blob, contentType, options});
  }

  function log(level) {
    return (...values) => void outbox.push(['log', level, values.map(shown).join(' ')]);
  }

  function shown(value) {
    try {
      return (typeof value === 'string' ? value : stringify(encode(value))).slice(0, 2000);
    } catch (_) {
      return '(a value that cannot be shown)';
    }
  }

  const logger = {};
  for (const level of ['trace', 'debug', 'info', 'warn', 'error']) logger[level] = log(level);
  logger.log = logger.info;
  globalThis.console = logger;

  // What the web's polyfills need of the host; the first script of every pack takes it away.
  let begun = () => {};
  defineProperty(globalThis, '__packsysHost', {
    value: {wait: milliseconds => ask('wait', {milliseconds}), onBegin: hear => void (begun = hear)},
    configurable: true,
  });

  // ---- finding what is asked for

  const own = () => ({...globalThis.exports, ...globalThis.module.exports});

  function manifest() {
    const exported = own();
    const found = exported.pack ?? exported.manifest;
    if (!found || typeof found !== 'object') throw named('BrokenPack', missing(keys(exported)));
    for (const part of ['formulas', 'syncTables', 'formats']) {
      if (found[part] !== undefined && found[part] !== null && !isArray(found[part])) throw named('BrokenPack', old(part));
    }
    return found;
  }

  function missing(names) {
    const instead = names.length ? `It exports ${names.slice(0, 5).join(', ')}.` : 'It exports nothing.';
    return `The bundle exports no pack. ${instead} Write 'export const pack = newPack()', and build it with the Coda SDK.`;
  }

  function old(part) {
    return `The bundle's ${part} are no list, as in bundles of the first Coda SDKs: build it with a newer one.`;
  }

  function named(name, message) {
    return Object.assign(new Error(message), {name});
  }

  const tableOf = name => manifest().syncTables?.find(table => table.name === name);

  function parent({kind, name}) {
    if (kind === 'formula') return manifest().formulas?.find(formula => formula.name === name);
    return (tableOf(name) ?? manifest().syncTables?.find(table => table.getter.name === name))?.getter;
  }

  function authentication({authenticationName: name}) {
    if (name === 'systemAuthentication') return manifest().systemConnectionAuthentication;
    if (!name || name === 'defaultUserAuthentication') return manifest().defaultAuthentication;
    return manifest().adminAuthentications?.find(each => each.name === name)?.authentication;
  }

  // A step's options were called getOptionsFormula before they were called getOptions.
  const options = step => step?.getOptions ?? step?.getOptionsFormula;

  const FOUND = {
    formula: ({name}) => parent({kind: 'formula', name}),
    sync: ({name}) => tableOf(name)?.getter,
    connectionName: (_, context) => authentication(context)?.getConnectionName,
    connectionUserId: (_, context) => authentication(context)?.getConnectionUserId,
    endpoints: ({name}, context) => options(authentication(context)?.postSetup?.find(step => step.name === name)),
    autocomplete: ({of, parameter}) => {
      const declared = parent(of);
      const all = [...(declared?.parameters ?? []), ...(declared?.varargParameters ?? [])];
      return all.find(each => each.name === parameter)?.autocomplete;
    },
    validateParameters: ({of}) => callable(parent(of)?.validateParameters),
    listDynamicUrls: ({name}) => tableOf(name)?.listDynamicUrls,
    searchDynamicUrls: ({name}) => tableOf(name)?.searchDynamicUrls,
    displayUrl: ({name}) => tableOf(name)?.getDisplayUrl,
    tableName: ({name}) => tableOf(name)?.getName,
    tableSchema: ({name}) => tableOf(name)?.getSchema,
  };

  // A bare function is a metadata formula that has not been wrapped: it takes the context first.
  function callable(found) {
    if (typeof found !== 'function') return found;
    return {execute: ([search, values], context) => found(context, search, parse(values || '{}'))};
  }

  async function run(spec, params, context, updates) {
    const {name: role} = spec;
    if (spec.kind === 'update') return update(role, params, context, updates);
    if (spec.kind === 'permissions') return need(tableOf(role)?.getter?.executeGetPermissions, spec)(params, updates, context);
    if (spec.kind === 'propertyOptions') return propertyOptions(spec, params, context);
    return need(FOUND[spec.kind]?.(spec, context), spec).execute(params, context);
  }

  function need(found, spec) {
    if (!found) throw named('BrokenPack', `The pack has no ${spec.kind} ${spec.name ?? spec.parameter ?? ''}`.trimEnd() + '.');
    return found;
  }

  async function update(name, params, context, updates) {
    const getter = tableOf(name)?.getter;
    const {result} = await need(getter?.executeUpdate, {kind: 'update', name}).call(getter, params, updates, context);
    return {
      result: result.map(row => (row instanceof Error ? {outcome: 'error', error: row} : {outcome: 'success', finalValue: row})),
    };
  }

  async function propertyOptions(spec, params, context) {
    const {table, options: key, property, values = {}, schema, search} = spec;
    const formula = need(tableOf(table)?.namedPropertyOptions?.[key], {kind: 'propertyOptions', name: key});
    const used = [];
    const extra = {};
    const propertyValues = {};
    for (const [name, value] of entries(values)) {
      const get = () => (used.includes(name) || used.push(name), value);
      defineProperty(propertyValues, name, {enumerable: true, get});
    }
    const inner = {...context, propertyName: property, propertyValues, propertySchema: schema};
    defineProperty(inner, 'search', {enumerable: true, get: () => ((extra.searchUsed = true), search)});
    const given = await formula.execute(params, inner);
    const packResult = isArray(given) ? {results: given.map(option)} : optionsOf(given);
    const propertiesUsed = used.filter(name => !packResult.unusedProperties?.includes(name));
    return {packResult, propertiesUsed, ...extra};
  }

  function optionsOf({result, ...rest}) {
    return {results: result.map(option), ...rest};
  }

  function option(value) {
    const pair = typeof value === 'object' && keys(value).length === 2 && 'display' in value && 'value' in value;
    return pair ? {display: value.display, value: value.value} : {display: undefined, value};
  }

  // ---- the manifest as data: functions are left out, and named where they are

  function described(value, depth = 0) {
    if (typeof value === 'function') return {$: 'f'};
    if (value === null || typeof value !== 'object' || depth > 60) return encode(typeof value === 'object' ? null : value);
    if (value instanceof RegExp || value instanceof Date) return value instanceof RegExp ? String(value) : value.toISOString();
    if (isArray(value)) return value.map(each => described(each, depth + 1));
    const made = {};
    for (const key of keys(value)) if (value[key] !== undefined) put(made, key, described(value[key], depth + 1));
    return made;
  }

  // ---- the conversation

  function begin({spec, params, context, updates, entropy}) {
    if (entropy) begun(entropy);
    const given = {
      ...decode(context),
      logger,
      fetcher: {fetch},
      temporaryBlobStorage: {storeUrl, storeBlob},
      syncStateService: {getLatestRowVersions: ids => ask('rowVersions', {ids})},
    };
    run(decode(spec), decode(params), given, decode(updates)).then(value => ({ok: encode(value)})).catch(failed).then(done);
  }

  function failed(error) {
    return {error: encodeError(error instanceof Error || (error && typeof error === 'object') ? error : named('Error', shown(error)))};
  }

  function done(outcome) {
    outbox.push(['done', 0, outcome]);
  }

  const RECEIVED = {
    run: begin,
    reply: answered,
    manifest: () => {
      try {
        done({ok: described(manifest())});
      } catch (error) {
        done(failed(error));
      }
    },
  };

  return function step(message = this) {
    if (message !== '') {
      const read = parse(message);
      RECEIVED[read.do](read);
      return '';
    }
    const sent = outbox;
    outbox = [];
    return stringify(sent);
  };
})();
