import * as coda from '@codahq/packs-sdk';

export const pack = coda.newPack();

const parameter = <T extends coda.ParameterType>(type: T, name: string) =>
  coda.makeParameter({type, name, description: `The ${name}.`});

pack.addFormula({
  name: 'Describe',
  description: 'Shows what arrived.',
  parameters: [
    parameter(coda.ParameterType.String, 'text'),
    parameter(coda.ParameterType.Number, 'number'),
    parameter(coda.ParameterType.Boolean, 'truth'),
    parameter(coda.ParameterType.Date, 'day'),
    parameter(coda.ParameterType.StringArray, 'texts'),
    parameter(coda.ParameterType.SparseNumberArray, 'numbers'),
  ],
  resultType: coda.ValueType.String,
  execute: async ([text, number, truth, day, texts, numbers]) =>
    JSON.stringify({text, number, truth, day: day.toISOString(), texts, numbers, kind: day.constructor.name}),
});

pack.addFormula({
  name: 'LocalDay',
  description: 'Writes a date in a zone.',
  parameters: [parameter(coda.ParameterType.Date, 'day')],
  resultType: coda.ValueType.String,
  execute: async ([day], context) => day.toLocaleDateString('en-US', {timeZone: context.timezone, dateStyle: 'full'}),
});
