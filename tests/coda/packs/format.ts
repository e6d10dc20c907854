import * as coda from '@codahq/packs-sdk';

export const pack = coda.newPack();

pack.addFormula({
  name: 'Progress',
  description: 'Draws a share.',
  parameters: [coda.makeParameter({type: coda.ParameterType.Number, name: 'share', description: 'From 0 to 1.'})],
  resultType: coda.ValueType.String,
  execute: async ([share]) => {
    if (share > 1) throw new coda.UserVisibleError('More than all.');
    return '⬛'.repeat(Math.round(share * 5)).padEnd(5, '⬜');
  },
});

pack.addColumnFormat({
  name: 'Progress',
  instructions: 'Shows a share as squares.',
  formulaName: 'Progress',
  matchers: [/^0\.\d+$/i],
});
