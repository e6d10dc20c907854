import * as coda from '@codahq/packs-sdk';

export const pack = coda.newPack();
pack.addNetworkDomain('example.com');

pack.setUserAuthentication({
  type: coda.AuthenticationType.HeaderBearerToken,
  instructionsUrl: 'https://example.com/tokens',
  requiresEndpointUrl: true,
  endpointDomain: 'example.com',
  postSetup: [
    {
      type: coda.PostSetupType.SetEndpoint,
      name: 'SelectSite',
      description: 'Choose a site.',
      getOptions: async context => {
        const {body} = await context.fetcher.fetch({method: 'GET', url: 'https://example.com/sites'});
        return body.sites.map((site: any) => ({display: site.name, value: site.url}));
      },
    },
  ],
});

pack.addFormula({
  name: 'Where',
  description: 'Tells the endpoint.',
  parameters: [],
  resultType: coda.ValueType.String,
  execute: async (_, context) => {
    await context.fetcher.fetch({method: 'GET', url: '/status'});
    return `${context.endpoint} ${context.invocationLocation.protocolAndHost}`;
  },
});
