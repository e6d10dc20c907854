import * as coda from '@codahq/packs-sdk';

export const pack = coda.newPack();
pack.addNetworkDomain('example.com');

const Owner = coda.makeObjectSchema({
  properties: {login: {type: coda.ValueType.String}, site: {type: coda.ValueType.String, codaType: coda.ValueHintType.Url}},
  displayProperty: 'login',
});

const Project = coda.makeObjectSchema({
  properties: {
    projectId: {type: coda.ValueType.Number, fromKey: 'id', required: true},
    fullName: {type: coda.ValueType.String, fromKey: 'full_name'},
    starCount: {type: coda.ValueType.Number, fromKey: 'stargazers_count'},
    created: {type: coda.ValueType.String, codaType: coda.ValueHintType.DateTime, fromKey: 'created_at'},
    owner: Owner,
    topics: {type: coda.ValueType.Array, items: {type: coda.ValueType.String}},
  },
  idProperty: 'projectId',
  displayProperty: 'fullName',
  featuredProperties: ['starCount', 'owner'],
});

pack.addFormula({
  name: 'Project',
  description: 'Reads one project.',
  parameters: [coda.makeParameter({type: coda.ParameterType.Number, name: 'id', description: 'Which.'})],
  resultType: coda.ValueType.Object,
  schema: Project,
  execute: async ([id], context) => {
    const response = await context.fetcher.fetch({
      method: 'GET',
      url: coda.withQueryParams('https://example.com/projects', {id, fields: 'all'}),
      headers: {Accept: 'application/json'},
    });
    return response.body;
  },
});

pack.addFormula({
  name: 'Projects',
  description: 'Reads many, side by side.',
  parameters: [],
  resultType: coda.ValueType.Array,
  items: Project,
  execute: async (_, context) => {
    const ask = (id: number) => context.fetcher.fetch({method: 'GET', url: `https://example.com/projects/${id}`});
    const answers = [];
    for (const id of [1, 2]) answers.push(await ask(id));
    return answers.map(answer => answer.body);
  },
});
