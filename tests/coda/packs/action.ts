import * as coda from '@codahq/packs-sdk';

export const pack = coda.newPack();
pack.addNetworkDomain('example.com');

pack.addFormula({
  name: 'Post',
  description: 'Posts a message.',
  isAction: true,
  parameters: [coda.makeParameter({type: coda.ParameterType.String, name: 'text', description: 'What to say.'})],
  resultType: coda.ValueType.String,
  execute: async ([text], context) => {
    const {body} = await context.fetcher.fetch({
      method: 'POST',
      url: 'https://example.com/messages',
      headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({text}),
    });
    return body.id;
  },
});

pack.addFormula({
  name: 'Submit',
  description: 'Sends a form.',
  isAction: true,
  parameters: [],
  resultType: coda.ValueType.Number,
  execute: async (_, context) => {
    const response = await context.fetcher.fetch({
      method: 'PUT',
      url: 'https://example.com/form',
      form: {name: 'Ada Lovelace', note: 'a&b=c'},
    });
    return response.status;
  },
});
