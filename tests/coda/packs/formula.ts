import * as coda from '@codahq/packs-sdk';

export const pack = coda.newPack();

pack.addFormula({
  name: 'Greet',
  description: 'Greets someone.',
  parameters: [coda.makeParameter({type: coda.ParameterType.String, name: 'name', description: 'Whom.'})],
  resultType: coda.ValueType.String,
  examples: [{params: ['Ada'], result: 'Hello Ada!'}],
  execute: async ([name]) => `Hello ${name}!`,
});

pack.addFormula({
  name: 'Refuse',
  description: 'Refuses with a message for its user.',
  parameters: [],
  resultType: coda.ValueType.String,
  execute: async () => {
    throw new coda.UserVisibleError('Pick another day.');
  },
});

pack.addFormula({
  name: 'Fail',
  description: 'Fails as programs do.',
  parameters: [],
  resultType: coda.ValueType.String,
  execute: async () => (undefined as any).missing,
});

pack.addFormula({
  name: 'MissScopes',
  description: 'Says that a right is missing.',
  parameters: [],
  resultType: coda.ValueType.String,
  execute: async () => {
    throw new coda.MissingScopesError();
  },
});
