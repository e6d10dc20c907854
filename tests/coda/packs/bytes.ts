import * as coda from '@codahq/packs-sdk';

export const pack = coda.newPack();
pack.addNetworkDomain('example.com');

pack.addFormula({
  name: 'Encode',
  description: 'Reads a file and writes it as text.',
  parameters: [],
  resultType: coda.ValueType.String,
  execute: async (_, context) => {
    const response = await context.fetcher.fetch({
      method: 'GET',
      url: 'https://example.com/file',
      isBinaryResponse: true,
    });
    const body: Buffer = response.body;
    return [body.toString('base64'), body.toString('hex'), body.length].join(' ');
  },
});

pack.addFormula({
  name: 'Upload',
  description: 'Sends bytes.',
  isAction: true,
  parameters: [],
  resultType: coda.ValueType.Number,
  execute: async (_, context) => {
    const body = Buffer.concat([Buffer.from('äb', 'utf8'), Buffer.from('00ff', 'hex')]);
    const response = await context.fetcher.fetch({method: 'POST', url: 'https://example.com/file', body});
    return response.status;
  },
});
