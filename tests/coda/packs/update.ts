import * as coda from '@codahq/packs-sdk';

export const pack = coda.newPack();
pack.addNetworkDomain('example.com');

const Note = coda.makeObjectSchema({
  properties: {
    noteId: {type: coda.ValueType.String, fromKey: 'id'},
    title: {type: coda.ValueType.String, mutable: true},
  },
  idProperty: 'noteId',
  displayProperty: 'title',
});

pack.addSyncTable({
  name: 'Notes',
  identityName: 'Note',
  schema: Note,
  formula: {
    name: 'SyncNotes',
    description: 'Reads the notes.',
    parameters: [],
    maxUpdateBatchSize: 10,
    execute: async () => ({result: []}),
    executeUpdate: async (_, updates, context) => {
      const result = [];
      for (const update of updates) {
        const {newValue, updatedFields} = update;
        if (!newValue.title) {
          result.push(new coda.UserVisibleError('A note needs a title.'));
          continue;
        }
        const {body} = await context.fetcher.fetch({
          method: 'PATCH',
          url: `https://example.com/notes/${newValue.id}`,
          body: JSON.stringify({title: newValue.title, fields: updatedFields}),
        });
        result.push(body);
      }
      return {result: result as any};
    },
  },
});
