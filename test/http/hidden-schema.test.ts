import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { type Operation, send, transports } from './wire.ts';

let open: TestGateway;
let hidden: TestGateway;

beforeAll(async () => {
  [open, hidden] = await Promise.all([
    createGateway(),
    createGateway({
      GATEHOUSE_INTROSPECTION: 'off',
      GATEHOUSE_SUGGESTIONS: 'off',
      GATEHOUSE_GRAPHIQL: 'off',
    }),
  ]);
});

afterAll(() => Promise.all([open.close(), hidden.close()]));

const introspection: Record<string, Operation> = {
  everything: { query: getIntrospectionQuery({ oneOf: true }) },
  'one type': { query: '{ __type(name: "User") { name } }' },
  'by way of a fragment': {
    query: '{ ...A } fragment A on Query { ... { x: __schema { queryType { name } } } }',
  },
};

const filter =
  'query ($filter: MembershipFilter) { organizations { nodes { memberships(filter: $filter) { totalCount } } } }';

const mistakes: Record<string, Operation> = {
  field: { query: '{ viewr { kind } }' },
  type: { query: '{ viewer { ... on Usr { id } } }' },
  argument: { query: '{ users(frst: 1) { totalCount } }' },
  enum: { query: '{ users(orderBy: { field: NAM, direction: ASC }) { totalCount } }' },
  'input field': { query: '{ users(orderBy: { fild: NAME, direction: ASC }) { totalCount } }' },
  'enum in a variable': { query: filter, variables: { filter: { status: ['ACTIV'] } } },
  'field in a variable': { query: filter, variables: { filter: { statu: ['ACTIVE'] } } },
};

describe.each(Object.entries(transports))('%s', (_name, transport) => {
  it.each(Object.entries(introspection))(
    'tells of its schema, or not: %s',
    async (_what, asked) => {
      const told = await transport(open.gateway.url, asked, null);
      expect(told.errors).toBeUndefined();
      const { data, errors } = await transport(hidden.gateway.url, asked, hidden.key);
      expect(data).toBeUndefined();
      expect(errors?.[0]?.message).toMatch(/^GraphQL introspection has been disabled/);
      expect(errors?.[0]?.extensions?.code).toBe('GRAPHQL_VALIDATION_FAILED');
    },
  );

  it('tells the names of types in any case', async () => {
    const answer = await transport(hidden.gateway.url, { query: '{ __typename }' }, null);
    expect(answer).toEqual({ data: { __typename: 'Query' } });
  });

  it.each(Object.entries(mistakes))('suggests, or not: a %s', async (_what, mistake) => {
    const helped = await transport(open.gateway.url, mistake, open.key);
    expect(JSON.stringify(helped.errors)).toMatch(/Did you mean/);
    const { data, errors } = await transport(hidden.gateway.url, mistake, hidden.key);
    expect(data).toBeUndefined();
    expect(errors?.length).toBeGreaterThan(0);
    expect(JSON.stringify(errors)).not.toMatch(/Did you mean/);
  });
});

it('serves GraphiQL, or not', async () => {
  expect(open.gateway.graphiqlUrl).toBe(`${open.gateway.url}/graphiql`);
  expect(hidden.gateway.graphiqlUrl).toBeUndefined();
  for (const path of ['/', '/graphiql', '/graphiql/']) {
    expect((await send(`${open.gateway.url}${path}`)).status, path).toBeLessThan(400);
    expect((await send(`${hidden.gateway.url}${path}`)).status, path).toBe(404);
  }
  // Whoever is invited cannot do without.
  expect((await send(`${hidden.gateway.url}/accept`)).status).toBe(200);
});
