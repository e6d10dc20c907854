// A pack for benchmarks, as the Coda SDK would build it: it does next to nothing.
'use strict';
const number = name => ({name, type: 1, description: 'A number.'});
const row = {type: 'object', identity: {name: 'Row'}, idProperty: 'Id', displayProperty: 'Name', properties: {
  Id: {type: 'number', fromKey: 'id', required: true}, Name: {type: 'string', fromKey: 'name'},
  Owner: {type: 'string', fromKey: 'owner'}, Stars: {type: 'number', fromKey: 'stars'},
  Topic: {type: 'string', fromKey: 'topic'}}};
const made = count => Array.from({length: count}, (_, n) => (
  {id: n, name: `name ${n}`, owner: 'somebody', stars: n * 2, topic: 'things'}));
module.exports = {pack: {
  networkDomains: ['api.example.com'],
  formulas: [
    {name: 'Add', description: 'Adds.', parameters: [number('a'), number('b')], resultType: 1,
     schema: {type: 'number'}, execute: async ([a, b]) => a + b},
    {name: 'Ask', description: 'Asks.', parameters: [number('times')], resultType: 1, schema: {type: 'number'},
     execute: async ([times], context) => {
       let sum = 0;
       for (let n = 0; n < times; n++) sum += (await context.fetcher.fetch({method: 'GET', url: '/things'})).status;
       return sum;
     }},
  ],
  syncTables: [
    {name: 'Things', identityName: 'Row', schema: row, getter: {
      name: 'Things', description: 'Lists.', parameters: [], execute: async () => ({result: made(1000)})}},
  ],
}};
