// Runs every case under the SDK's own harness: node expected.js CASES BUNDLES prints a list of outcomes as JSON.
'use strict';
const {readFileSync} = require('node:fs');
const {join, resolve} = require('node:path');
require('@codahq/packs-sdk/dist/cli/config_storage'); // first: the two modules import each other
const testing = require('@codahq/packs-sdk/dist/testing/execution');
const thunk = require('@codahq/packs-sdk/dist/runtime/thunk/thunk');
const {decode, encode} = require('./tags');

function contextOf(test, requests) {
  const answers = [...(test.responses ?? [])];
  const fetch = async request => {
    requests.push(encode(request));
    const {status = 200, body, headers = {'content-type': 'application/json'}} = answers.shift();
    const answer = {status, headers, body: decode(body)};
    thunk.handleFetcherStatusError(answer, request);
    return answer;
  };
  const context = {
    timezone: 'America/Los_Angeles',
    invocationToken: 'token',
    invocationLocation: {protocolAndHost: 'https://packsys.invalid'},
    fetcher: {fetch},
    temporaryBlobStorage: {},
    ...(test.context ?? {}),
  };
  return test.sync ? {...context, sync: test.sync} : context;
}

function run(pack, {spec, params = [], updates, ...test}, requests) {
  const context = contextOf(test, requests);
  const given = decode(params);
  switch (spec.kind) {
    case 'formula':
      return testing.executeFormulaFromPackDef(pack, spec.name, given, context);
    case 'sync':
      return testing.executeSyncFormulaFromPackDefSingleIteration(pack, spec.name, given, {...context, sync: test.sync ?? {}});
    case 'update':
      return testing.executeUpdateFormulaFromPackDef(pack, spec.name, given, {...context, sync: {}}, updates);
    default:
      return thunk.findAndExecutePackFunction({
        params: given,
        formulaSpec: {type: 'Metadata', ...test.coda},
        manifest: pack,
        executionContext: context,
        shouldWrapError: false,
      });
  }
}

async function outcome(bundles, test) {
  const requests = [];
  const {pack} = require(resolve(join(bundles, test.pack, 'bundle.js')));
  try {
    return {requests, value: encode(await run(pack, test, requests))};
  } catch (raised) {
    const {name, message, statusCode, isUserVisible} = raised.cause ?? raised;
    return {requests, error: {name, message, statusCode, isUserVisible}};
  }
}

async function main(cases, bundles) {
  const outcomes = [];
  for (const test of JSON.parse(readFileSync(cases, 'utf-8'))) outcomes.push(await outcome(bundles, test));
  process.stdout.write(JSON.stringify(outcomes));
}

main(process.argv[2], process.argv[3]).catch(error => {
  console.error(error);
  process.exit(1);
});
