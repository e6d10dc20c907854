import * as coda from '@codahq/packs-sdk';

export const pack = coda.newPack();

pack.addFormula({
  name: 'Join',
  description: 'Joins labels and amounts.',
  parameters: [
    coda.makeParameter({type: coda.ParameterType.String, name: 'title', description: 'What comes first.'}),
    coda.makeParameter({type: coda.ParameterType.String, name: 'mark', description: 'Between.', optional: true}),
  ],
  varargParameters: [
    coda.makeParameter({type: coda.ParameterType.String, name: 'label', description: 'A label.'}),
    coda.makeParameter({type: coda.ParameterType.Number, name: 'amount', description: 'Its amount.'}),
  ],
  resultType: coda.ValueType.String,
  execute: async ([title, mark = '-', ...rest]) => [title, ...rest, rest.length].join(mark),
});
