import * as coda from '@codahq/packs-sdk';

export const pack = coda.newPack();
pack.addNetworkDomain('example.com');

pack.addFormula({
  name: 'Weather',
  description: 'Tells the weather.',
  parameters: [
    coda.makeParameter({
      type: coda.ParameterType.String,
      name: 'country',
      description: 'Where.',
      autocomplete: ['Chile', 'China', {display: 'Norway', value: 'NO'} as any],
    }),
    coda.makeParameter({
      type: coda.ParameterType.String,
      name: 'city',
      description: 'In which city.',
      autocomplete: async (context, search, {country}) => {
        const url = coda.withQueryParams('https://example.com/cities', {q: search, country});
        const {body} = await context.fetcher.fetch({method: 'GET', url});
        return coda.autocompleteSearchObjects(search, body.cities, 'name', 'id');
      },
    }),
  ],
  resultType: coda.ValueType.String,
  execute: async ([country, city]) => `${country} ${city}`,
});
