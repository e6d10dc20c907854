import * as coda from '@codahq/packs-sdk';

// After `npm install`, `packsys pack build pack.ts` writes bundle.js and the archive, `packsys pack add pack.ts`
// publishes it; what packs of Coda do not know about themselves is under "packsys" in package.json.
export const pack = coda.newPack();

pack.addNetworkDomain('jsonplaceholder.typicode.com');

const Todo = coda.makeObjectSchema({
  properties: {
    todoId: {type: coda.ValueType.Number, fromKey: 'id', required: true},
    title: {type: coda.ValueType.String, required: true},
    isDone: {type: coda.ValueType.Boolean, fromKey: 'completed'},
  },
  idProperty: 'todoId',
  displayProperty: 'title',
  featuredProperties: ['isDone'],
});

const ADDRESS = 'https://jsonplaceholder.typicode.com/todos';
const PAGE = 50;

pack.addFormula({
  name: 'Todo',
  description: 'Reads one thing to do.',
  parameters: [coda.makeParameter({type: coda.ParameterType.Number, name: 'id', description: 'Its number.'})],
  resultType: coda.ValueType.Object,
  schema: Todo,
  execute: async ([id], context) => {
    const {body} = await context.fetcher.fetch({method: 'GET', url: `${ADDRESS}/${id}`});
    return body;
  },
});

pack.addSyncTable({
  name: 'Todos',
  description: 'All things to do.',
  identityName: 'Todo',
  schema: Todo,
  formula: {
    name: 'SyncTodos',
    description: 'Reads one page of things to do.',
    parameters: [],
    execute: async (_, context) => {
      const page = (context.sync.continuation?.page as number) ?? 1;
      const url = coda.withQueryParams(ADDRESS, {_page: page, _limit: PAGE});
      const {body} = await context.fetcher.fetch({method: 'GET', url});
      return {result: body, continuation: body.length === PAGE ? {page: page + 1} : undefined};
    },
  },
});
