import * as coda from '@codahq/packs-sdk';

export const pack = coda.newPack();
pack.addNetworkDomain('example.com');

const Task = coda.makeObjectSchema({
  properties: {
    taskId: {type: coda.ValueType.String, fromKey: 'id'},
    title: {type: coda.ValueType.String},
    isDone: {type: coda.ValueType.Boolean, fromKey: 'done'},
  },
  idProperty: 'taskId',
  displayProperty: 'title',
});

pack.addSyncTable({
  name: 'Tasks',
  description: 'All tasks.',
  identityName: 'Task',
  schema: Task,
  formula: {
    name: 'SyncTasks',
    description: 'Reads the tasks.',
    parameters: [
      coda.makeParameter({type: coda.ParameterType.String, name: 'list', description: 'Of which list.', optional: true}),
    ],
    execute: async ([list], context) => {
      const page = (context.sync.continuation?.page as number) ?? 1;
      const url = coda.withQueryParams('https://example.com/tasks', {list, page});
      const {body} = await context.fetcher.fetch({method: 'GET', url});
      return {result: body.items, continuation: body.more ? {page: page + 1} : undefined};
    },
  },
});
