import * as coda from '@codahq/packs-sdk';

export const pack = coda.newPack();
pack.addNetworkDomain('example.com');

pack.addDynamicSyncTable({
  name: 'Answers',
  description: 'The answers to one form.',
  identityName: 'Answer',
  listDynamicUrls: async context => {
    const {body} = await context.fetcher.fetch({method: 'GET', url: 'https://example.com/forms'});
    return body.forms.map((form: any) => ({display: form.title, value: form.url}));
  },
  getName: async context => {
    const {body} = await context.fetcher.fetch({method: 'GET', url: context.sync!.dynamicUrl!});
    return body.title;
  },
  getDisplayUrl: async context => `${context.sync!.dynamicUrl}/view`,
  getSchema: async context => {
    const {body} = await context.fetcher.fetch({method: 'GET', url: `${context.sync!.dynamicUrl}/fields`});
    const properties: coda.ObjectSchemaProperties = {answerId: {type: coda.ValueType.String, fromKey: 'id'}};
    for (const field of body.fields) {
      properties[field.name] = {type: coda.ValueType.String, fromKey: field.key};
    }
    return coda.makeObjectSchema({properties, idProperty: 'answerId', displayProperty: 'answerId'});
  },
  formula: {
    name: 'SyncAnswers',
    description: 'Reads the answers.',
    parameters: [],
    execute: async (_, context) => {
      const {body} = await context.fetcher.fetch({method: 'GET', url: `${context.sync.dynamicUrl}/answers`});
      return {result: body.answers};
    },
  },
});
