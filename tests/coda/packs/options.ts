import * as coda from '@codahq/packs-sdk';

export const pack = coda.newPack();
pack.addNetworkDomain('example.com');

const Ticket = coda.makeObjectSchema({
  properties: {
    ticketId: {type: coda.ValueType.String, fromKey: 'id'},
    project: {type: coda.ValueType.String},
    state: {
      type: coda.ValueType.String,
      codaType: coda.ValueHintType.SelectList,
      mutable: true,
      options: async context => {
        const project = (context.propertyValues as any).Project;
        const url = coda.withQueryParams('https://example.com/states', {project, q: context.search});
        const {body} = await context.fetcher.fetch({method: 'GET', url});
        return body.states;
      },
    },
  },
  idProperty: 'ticketId',
  displayProperty: 'ticketId',
});

pack.addSyncTable({
  name: 'Tickets',
  identityName: 'Ticket',
  schema: Ticket,
  formula: {
    name: 'SyncTickets',
    description: 'Reads the tickets.',
    parameters: [],
    execute: async () => ({result: []}),
    executeUpdate: async (_, updates) => ({result: updates.map(update => update.newValue)}),
  },
});
