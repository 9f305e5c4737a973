import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { bearer, type Operation, post, send, transports } from './wire.ts';

const settings = {
  GATEHOUSE_MAX_DEPTH: '5',
  GATEHOUSE_MAX_COST: '50',
  GATEHOUSE_MAX_ALIASES: '2',
  GATEHOUSE_MAX_DIRECTIVES: '2',
  GATEHOUSE_MAX_SELECTIONS: '30',
  GATEHOUSE_MAX_TOKENS: '60',
  GATEHOUSE_MAX_DOCUMENT_LENGTH: '400',
  GATEHOUSE_MAX_BODY_BYTES: '4000',
};

let world: TestGateway;
let url: string;

beforeAll(async () => {
  world = await createGateway(settings);
  url = world.gateway.url;
});

afterAll(() => world.close());

type Case = {
  limit: string;
  max: number;
  within: Operation;
  beyond: Operation;
  found: number;
};

const page = (n: number) => `{ users(first: ${n}) { nodes { id } edges { cursor } } }`;
const byVariables =
  'query ($n: Int, $all: Boolean!) { users(last: $n) { nodes @include(if: $all) { id email } } }';
const deep = (inner: string) =>
  `{ users(first: 1) { nodes { memberships(first: 1) { ${inner} } } } }`;

const cases: Record<string, Case> = {
  'fields in each other': {
    limit: 'depth',
    max: 5,
    within: { query: deep('nodes { id }') },
    beyond: { query: deep('nodes { user { id } }') },
    found: 6,
  },
  'fields in each other, by way of fragments': {
    limit: 'depth',
    max: 5,
    within: { query: `${deep('...A')} fragment A on MembershipConnection { nodes { id } }` },
    beyond: {
      query: `${deep('...A')} fragment A on MembershipConnection { nodes { ...B } } fragment B on Membership { ... { user { id } } }`,
    },
    found: 6,
  },
  'a page': {
    limit: 'cost',
    max: 50,
    within: { query: page(23) },
    beyond: { query: page(24) },
    found: 51,
  },
  'a page by its variables': {
    limit: 'cost',
    max: 50,
    within: { query: byVariables, variables: { n: 24, all: true } },
    beyond: { query: byVariables, variables: { n: 25, all: true } },
    found: 52,
  },
  'a page that may be left out': {
    limit: 'cost',
    max: 50,
    within: { query: byVariables, variables: { n: 100, all: false } },
    beyond: { query: byVariables, variables: { n: 100, all: true } },
    found: 202,
  },
  'a page without a size': {
    limit: 'cost',
    max: 50,
    within: { query: byVariables, variables: { all: false } },
    beyond: { query: '{ users { nodes { id email name } } }' },
    found: 62,
  },
  'a list of ids': {
    limit: 'cost',
    max: 50,
    within: {
      query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
      variables: { ids: Array.from({ length: 49 }, () => 'org_01h45ytscbebyvny4gc8cr8ma2') },
    },
    beyond: {
      query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
      variables: { ids: Array.from({ length: 50 }, () => 'org_01h45ytscbebyvny4gc8cr8ma2') },
    },
    found: 51,
  },
  aliases: {
    limit: 'aliases',
    max: 2,
    within: { query: '{ a: __typename b: __typename __typename }' },
    beyond: { query: '{ a: __typename ...F } fragment F on Query { b: __typename c: __typename }' },
    found: 3,
  },
  directives: {
    limit: 'directives',
    max: 2,
    within: { query: '{ viewer @skip(if: false) @include(if: true) { kind } }' },
    beyond: {
      query: '{ viewer @skip(if: false) @include(if: true) { kind @skip(if: true) __typename } }',
    },
    found: 3,
  },
  'equal selections': {
    limit: 'selections',
    max: 30,
    within: { query: `{ ${'__typename '.repeat(5)} }` },
    beyond: { query: `{ ${'__typename '.repeat(6)} }` },
    found: 36,
  },
  lines: {
    limit: 'lines',
    max: 60,
    within: { query: `{ __typename }${'\n'.repeat(59)}` },
    beyond: { query: `{ __typename }${'\n'.repeat(60)}` },
    found: 61,
  },
  tokens: {
    limit: 'tokens',
    max: 60,
    within: { query: `{ __typename }${'#\n'.repeat(57)}` },
    beyond: { query: `{ __typename }${'#\n'.repeat(58)}` },
    found: 61,
  },
  'the length of a document': {
    limit: 'documentLength',
    max: 400,
    within: { query: '{ __typename }'.padEnd(400) },
    beyond: { query: '{ __typename }'.padEnd(401) },
    found: 401,
  },
  'variables in each other': {
    limit: 'nesting',
    max: 200,
    within: { query: '{ __typename }', variables: { a: nestedLists(199) } },
    beyond: { query: '{ __typename }', variables: { a: nestedLists(200) } },
    found: 201,
  },
};

function nestedLists(levels: number): unknown {
  return JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
}

describe.each(Object.entries(transports))('%s', (_name, transport) => {
  it.each(Object.entries(cases))(
    'limits %s',
    async (_what, { limit, max, within, beyond, found }) => {
      const good = await transport(url, within, world.key);
      expect(good.errors).toBeUndefined();
      expect(good.data).toBeTruthy();
      expect(await transport(url, beyond, world.key)).toEqual({
        errors: [
          {
            message: expect.stringMatching(
              new RegExp(`"${limit}": it is ${found}, and at most ${max} is allowed`),
            ),
            extensions: { code: 'LIMIT_EXCEEDED', limit, max, found },
          },
        ],
      });
    },
  );

  it('tells the cost to those who ask, and only to them', async () => {
    const asked = { query: page(3), extensions: { cost: true } };
    const { data, extensions } = await transport(url, asked, world.key);
    expect(data).toHaveProperty('users');
    expect(extensions).toEqual({ cost: { requested: 9, max: 50, left: expect.any(Number) } });
    for (const other of [undefined, {}, { cost: 'yes' }, { cost: false }]) {
      const answer = await transport(url, { query: page(3), extensions: other }, world.key);
      expect(answer).not.toHaveProperty('extensions');
    }
  });
});

it('counts a mutation as dear as it is, by way of a fragment, too', async () => {
  const leave = 'membershipLeave(input: { membershipId: "x" }) { __typename }';
  const costOf = async (query: string, variables?: object) => {
    const asked = { query, variables, extensions: { cost: true } };
    const { body } = await post(url, asked, bearer(world.key));
    return JSON.parse(body).extensions.cost.requested;
  };
  expect(await costOf(`mutation { a: ${leave} b: ${leave} }`)).toBe(24);
  expect(
    await costOf(`mutation { ...Two } fragment Two on Mutation { a: ${leave} b: ${leave} }`),
  ).toBe(24);
  const rows = [{ email: 'a' }, { email: 'b' }, { email: 'c' }];
  const invite = (input: string) =>
    `invitationBulkCreate(input: ${input}) { ... on InvitationBulkCreatePayload { results { __typename } } }`;
  const typed = 'InvitationBulkCreate';
  for (const [query, variables] of [
    [
      `mutation ($input: ${typed}Input!) { ${invite('$input')} }`,
      { input: { organizationId: 'x', rows } },
    ],
    [
      `mutation ($rows: [${typed}RowInput!]!) { ${invite('{ organizationId: "x", rows: $rows }')} }`,
      { rows },
    ],
    [
      `mutation { ${invite('{ organizationId: "x", rows: [{ email: "a" }, { email: "b" }, { email: "c" }] }')} }`,
      {},
    ],
  ] as const) {
    expect(await costOf(query, variables), query).toBe(18);
  }
});

describe('the size of a request', () => {
  const query = '{ __typename }';

  it('is limited over POST and GET, by the same number', async () => {
    const operation = JSON.stringify({ query });
    expect((await post(url, operation.padEnd(4000))).status).toBe(200);
    const refused = { limit: 'bodyBytes', max: 4000, found: 4001, code: 'LIMIT_EXCEEDED' };
    const large = await post(url, operation.padEnd(4001));
    expect(large.status).toBe(413);
    expect(JSON.parse(large.body).errors[0].extensions).toEqual(refused);
    const path = `/graphql?query=${encodeURIComponent(query)}&x=`;
    expect((await send(`${url}${path.padEnd(4000, 'x')}`)).status).toBe(200);
    const long = await send(`${url}${path.padEnd(4001, 'x')}`);
    expect(long.status).toBe(414);
    expect(JSON.parse(long.body).errors[0].extensions).toEqual(refused);
  });
});

describe('arrays of operations', () => {
  it.each([1, 2, 100])('are refused, with %i in them', async (found) => {
    const { status, body } = await post(
      url,
      Array.from({ length: found }, () => ({ query: '{ a }' })),
      { ...bearer(world.key), accept: 'application/graphql-response+json' },
    );
    expect(status).toBe(400);
    expect(JSON.parse(body)).toEqual({
      errors: [
        {
          message: expect.stringContaining('"batch"'),
          extensions: { code: 'LIMIT_EXCEEDED', limit: 'batch', max: 0, found },
        },
      ],
    });
  });
});
