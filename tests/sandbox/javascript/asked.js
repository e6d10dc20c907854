// A pack with something for everything that can be asked; what its pages hold is put before it as ``pages``.
'use strict';
const versions = (context, ids) => context.syncStateService.getLatestRowVersions(ids);
const meta = execute => ({execute: async ([search, values], context) => execute(context, search, JSON.parse(values))});
const row = {type: 'object', identity: {name: 'Task'}, idProperty: 'TaskId', displayProperty: 'Title', properties: {
  TaskId: {type: 'string', fromKey: 'id'},
  Title: {type: 'string', fromKey: 'title', mutable: true},
  State: {type: 'string', fromKey: 'state', codaType: 'selectList', options: 'State', mutable: true},
  Size: {type: 'string', fromKey: 'size', codaType: 'selectList', options: ['S', {display: 'Large', value: 'L'}]},
  Owner: {type: 'object', fromKey: 'owner', properties: {Name: {type: 'string', fromKey: 'name'}}},
}};
const found = {type: 'object', idProperty: 'key', displayProperty: 'key', properties: {
  key: {type: 'string'}, '2nd dish': {type: 'string', fromKey: 'f2', mutable: true}}};
const sites = [{display: 'One', value: 'https://one.example'}];
const state = meta(() => null);
state.execute = async (params, context) => ({result: [context.propertyName, {display: 'O', value: context.search}]});
module.exports = {pack: {
  defaultAuthentication: {
    type: 'HeaderBearerToken',
    getConnectionName: meta(async context => (await context.fetcher.fetch({url: '/me'})).body.name),
    getConnectionUserId: meta(() => 42),
    postSetup: [{type: 'SetEndpoint', name: 'Site', getOptions: meta(() => sites)}],
  },
  formulas: [
    {name: 'World', parameters: [], resultType: 2, execute: async (_, context) => {
      const {fetcher, logger, temporaryBlobStorage, syncStateService, ...world} = context;
      return world;
    }},
    {name: 'Only', parameters: [], resultType: 0, allowedAuthenticationNames: ['team'], execute: async () => 'x'},
    {name: 'Find', resultType: 0, execute: async () => '',
     parameters: [{name: 'what', type: 0, autocomplete: meta((_, typed, value) => [typed, {display: 'D', value}])}]},
  ],
  syncTables: [
    {name: 'Tasks', identityName: 'Task', schema: row, namedPropertyOptions: {State: state}, getter: {
      name: 'Tasks', parameters: [{name: 'list', type: 0}, {name: 'since', type: 4, optional: true}],
      execute: async ([list, since], context) => pages[list](list, since, context),
      executeUpdate: async (params, updates) => ({result: updates.map(each => {
        if (each.newValue.title === 'user') return Object.assign(new Error('No.'), {name: 'UserVisibleError'});
        if (each.newValue.title === 'bad') return new TypeError('oops');
        return {...each.newValue, state: each.updatedFields.join()};
      })}),
    }},
    {name: 'Forms', identityName: 'Answer', isDynamic: true, schema: {type: 'object', properties: {}},
     getSchema: meta(async context => ({type: 'array', items: {...found, description: context.sync.dynamicUrl}})),
     listDynamicUrls: meta((_, below) => [{display: 'Lunch', value: `x:${below}`, hasChildren: true}, {value: 'y'}]),
     searchDynamicUrls: meta((context, typed) => [{display: typed, value: 'z'}]),
     getName: meta(context => `Form ${context.sync.dynamicUrl}`),
     getDisplayUrl: meta(context => context.sync.dynamicUrl),
     getter: {
       name: 'Forms',
       parameters: [],
       execute: async (_, {sync: {schema}}) => ({result: [{key: '1', f2: Object.keys(schema.items.properties).join(), x: 1}]}),
       executeUpdate: async (_, updates) => ({
         result: updates.map(({updatedFields, newValue}) => ({key: updatedFields[0], f2: newValue.f2})),
       }),
     }},
  ],
}};
