// Drives everything that can be called of packs that others wrote: node corpus.js BUNDLES prints, as JSON, a list of
// cases, each with what is asked, the answers of the service, and the outcome under the SDK's own harness.
'use strict';
const {readdirSync, readFileSync} = require('node:fs');
const {join, resolve} = require('node:path');
require('@codahq/packs-sdk/dist/cli/config_storage'); // first: the two modules import each other
const testing = require('@codahq/packs-sdk/dist/testing/execution');
const thunk = require('@codahq/packs-sdk/dist/runtime/thunk/thunk');
const {decode, encode} = require('./tags');
const {made, node, probe} = require('./recorder');

const later = setTimeout;
const ELSEWHERE = ['URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'setTimeout', 'clearTimeout', 'crypto', 'fetch', 'atob', 'btoa', 'structuredClone'];
const PRELUDE = readFileSync(join(__dirname, 'prelude.js'), 'utf-8');
const UNCHECKED = {validateParams: false, validateResult: false};
const PAGES = 3;
const SITE = 'https://example.com/forms/7';
const VALUES = ['some text', 7, undefined, true, {$: 'd', v: 1750000000000}, '<b>x</b>', `${SITE}.png`, `${SITE}.pdf`, '*x*', 'ada@example.com'];

function valueOf({type, name, suggestedValue}) {
  if (suggestedValue !== undefined && typeof suggestedValue !== 'object') return suggestedValue;
  if (typeof type === 'object') return [valueOf({type: type.items, name})];
  return type === 0 && /url|link/i.test(name) ? `${SITE}?a=b` : VALUES[type];
}

function* argumentsOf({parameters = [], varargParameters = [], examples = []}) {
  yield parameters.filter(each => !each.optional).map(valueOf);
  const all = [...parameters, ...varargParameters];
  if (all.length > parameters.filter(each => !each.optional).length) yield all.map(valueOf);
  for (const {params} of examples) if (Array.isArray(params)) yield params.map(encode);
}

function* callables(pack) {
  for (const formula of pack.formulas ?? []) {
    for (const params of argumentsOf(formula)) yield {spec: {kind: 'formula', name: formula.name}, params};
    yield* completions(formula, {kind: 'formula', name: formula.name});
  }
  for (const table of pack.syncTables ?? []) yield* ofTable(table);
  yield* ofAccount(pack.defaultAuthentication ?? pack.systemConnectionAuthentication ?? {});
}

function* completions({parameters = [], varargParameters = []}, of) {
  for (const {name, autocomplete} of [...parameters, ...varargParameters]) {
    if (!autocomplete) continue;
    const parentFormulaType = of.kind === 'formula' ? 'Standard' : 'Sync';
    const coda = {metadataFormulaType: 'ParameterAutocomplete', parentFormulaName: of.name, parentFormulaType, parameterName: name};
    yield {spec: {kind: 'autocomplete', of, parameter: name}, coda, params: ['o', '{}']};
  }
}

function* ofTable({name, getter, isDynamic, getSchema, namedPropertyOptions = {}, ...table}) {
  const sync = isDynamic ? {dynamicUrl: SITE} : {};
  const asked = {tableSchema: ['SyncGetSchema', getSchema], listDynamicUrls: ['SyncListDynamicUrls', table.listDynamicUrls],
    searchDynamicUrls: ['SyncSearchDynamicUrls', table.searchDynamicUrls], tableName: ['SyncGetTableName', table.getName],
    displayUrl: ['SyncGetDisplayUrl', table.getDisplayUrl]}; // prettier-ignore
  for (const [kind, [metadataFormulaType, found]] of Object.entries(asked)) {
    if (found) yield {spec: {kind, name}, coda: {metadataFormulaType, syncTableName: name}, params: ['o', '{}'], sync};
  }
  for (const params of argumentsOf(getter)) yield {spec: {kind: 'sync', name}, params, sync, learns: Boolean(getSchema)};
  yield* completions(getter, {kind: 'sync', name});
  if (getter.executeUpdate) {
    const [params] = argumentsOf(getter);
    yield {spec: {kind: 'update', name}, params, sync, updates: [edit(table.schema ?? {})]};
  }
  for (const key of Object.keys(namedPropertyOptions)) {
    const search = {propertyName: key, propertyValues: {a: 1}, propertySchema: {type: 'string'}, search: 'o'};
    const coda = {metadataFormulaType: 'PropertyOptions', syncTableName: name, optionsFormulaKey: key, ...search};
    const spec = {kind: 'propertyOptions', table: name, options: key, property: key, values: {a: 1}, schema: {type: 'string'}, search: 'o'};
    yield {spec, coda, params: [], sync};
  }
}

function edit({properties = {}}) {
  const entries = Object.entries(properties).map(([name, {fromKey = name, type}]) => [fromKey, type === 'number' ? 7 : type === 'boolean' ? true : `some ${name}`]);
  const updatedFields = Object.entries(properties).filter(([, {mutable}]) => mutable).map(([name, {fromKey = name}]) => fromKey);
  return {previousValue: Object.fromEntries(entries), newValue: Object.fromEntries(entries), updatedFields};
}

function* ofAccount({getConnectionName, getConnectionUserId, postSetup = []}) {
  const params = ['', '{}'];
  if (getConnectionName) yield {spec: {kind: 'connectionName'}, coda: {metadataFormulaType: 'GetConnectionName'}, params};
  if (getConnectionUserId) yield {spec: {kind: 'connectionUserId'}, coda: {metadataFormulaType: 'GetConnectionUserId'}, params};
  for (const {name} of postSetup) yield {spec: {kind: 'endpoints', name}, coda: {metadataFormulaType: 'PostSetupSetEndpoint', stepName: name}, params};
}

// ---- running

function fresh(bundle) {
  (0, eval)(PRELUDE);
  delete require.cache[bundle];
  const exported = require(bundle);
  return exported.pack ?? exported.manifest;
}

function contextOf(test, answer, requests, blobs) {
  const fetch = async request => {
    const response = answer(request, requests.length);
    requests.push(encode(request));
    thunk.handleFetcherStatusError(response, request);
    return response;
  };
  const store = (...kept) => `https://blobs.example/${blobs.push(encode(kept))}`;
  return {
    timezone: 'America/Los_Angeles', locale: 'en', endpoint: 'https://one.example.com', invocationToken: 'token',
    invocationLocation: {protocolAndHost: 'https://packsys.invalid'}, logger: console, fetcher: {fetch},
    temporaryBlobStorage: {
      storeUrl: async (url, _, more) => (await fetch({method: 'GET', url, isBinaryResponse: true, ...more}), store(url)),
      storeBlob: async (blob, kind) => store(blob, kind),
    },
    syncStateService: {getLatestRowVersions: async () => ({})},
    ...(test.sync || ['sync', 'update'].includes(test.spec.kind) ? {sync: decode(test.sync ?? {})} : {}),
  }; // prettier-ignore
}

function call(pack, {spec, coda, params, updates}, context) {
  const given = decode(params.map(each => (each === undefined ? {$: 'u'} : each)));
  switch (spec.kind) {
    case 'formula':
      return testing.executeFormulaFromPackDef(pack, spec.name, given, context, UNCHECKED);
    case 'sync':
      return testing.executeSyncFormulaFromPackDefSingleIteration(pack, spec.name, given, context, UNCHECKED);
    case 'update':
      return testing.executeUpdateFormulaFromPackDef(pack, spec.name, given, context, updates, UNCHECKED);
    default: {
      const formulaSpec = {type: 'Metadata', ...coda};
      return thunk.findAndExecutePackFunction({params: given, formulaSpec, manifest: pack, executionContext: context, shouldWrapError: false});
    }
  }
}

async function outcome(bundle, test, answer) {
  const [requests, blobs] = [[], []];
  try {
    const value = await call(fresh(bundle), test, contextOf(test, answer, requests, blobs));
    return {requests, blobs, value: encode(value)};
  } catch (raised) {
    const {name, message, statusCode, isUserVisible} = raised.cause ?? raised;
    return {requests, blobs, error: {name, message, statusCode, isUserVisible}};
  }
}

async function learn(bundle, test) {
  const known = [];
  const answer = (request, number) => {
    known[number] = request.isBinaryResponse ? null : node('answer');
    return {status: 200, headers: {'content-type': 'application/json'}, body: known[number] ? probe(known[number]) : Buffer.from('bytes')};
  };
  await Promise.race([outcome(bundle, test, answer), new Promise(done => later(done, 500))]); // a probe may have no end
  return known.map(each => each && made(each));
}


function* services(bodies) {
  yield number => ({body: bodies[number] ?? {}});
  if (!bodies.length) return;
  yield () => ({body: {}});
  yield () => ({status: 404, body: {message: 'Nobody.'}});
}

async function record(pack, bundle, test) {
  const found = [];
  for (const service of services(await learn(bundle, test))) {
    const responses = [];
    const answer = (request, number) => {
      const {status = 200, body} = request.isBinaryResponse ? {body: {$: 'b', v: 'Ynl0ZXM='}} : service(number);
      responses.push({status, body, headers: {'content-type': 'application/json'}});
      return {status, body: decode(body), headers: {'content-type': 'application/json'}};
    };
    found.push({pack, ...test, ...(await outcome(bundle, test, answer)), responses});
  }
  return found;
}

async function* drive(pack, bundle) {
  let rows;
  for (const test of callables(fresh(bundle))) {
    let next = test.learns ? {...test, sync: {...test.sync, schema: rows}} : test;
    for (let page = 0; next && page < PAGES; page++) {
      const found = await record(pack, bundle, next);
      yield* found;
      const [{value}] = found;
      if (test.spec.kind === 'tableSchema') rows = value;
      const continuation = test.spec.kind === 'sync' && value?.continuation;
      next = continuation ? {...next, sync: {...next.sync, continuation}} : null;
    }
  }
}

async function main(folder) {
  const silent = () => {};
  Object.assign(console, {log: silent, debug: silent, info: silent, warn: silent, trace: silent});
  for (const name of ELSEWHERE) delete globalThis[name]; // Node has them, the isolates of Coda have not
  const cases = [];
  for (const pack of readdirSync(folder).sort()) {
    for await (const each of drive(pack, resolve(join(folder, pack, 'bundle.js')))) cases.push(each);
  }
  process.stdout.write(JSON.stringify(cases), () => process.exit(0));
}

main(process.argv[2]).catch(error => {
  console.error(error);
  process.exit(1);
});
