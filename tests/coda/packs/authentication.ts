import * as coda from '@codahq/packs-sdk';

export const pack = coda.newPack();
pack.addNetworkDomain('example.com');

pack.setUserAuthentication({
  type: coda.AuthenticationType.OAuth2,
  authorizationUrl: 'https://example.com/authorize',
  tokenUrl: 'https://example.com/token',
  scopes: ['read', 'write'],
  useProofKeyForCodeExchange: true,
  getConnectionName: async context => {
    const {body} = await context.fetcher.fetch({method: 'GET', url: 'https://example.com/me'});
    return body.name;
  },
});

pack.addFormula({
  name: 'Me',
  description: 'Tells who I am.',
  parameters: [],
  resultType: coda.ValueType.String,
  execute: async (_, context) => {
    try {
      const {body} = await context.fetcher.fetch({method: 'GET', url: 'https://example.com/me'});
      return body.name;
    } catch (error: any) {
      if (coda.StatusCodeError.isStatusCodeError(error) && error.statusCode === 404) {
        return `nobody: ${error.body.message} ${error.message} ${error.response.body}`;
      }
      throw error;
    }
  },
});
