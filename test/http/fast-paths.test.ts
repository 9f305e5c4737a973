import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANSWERED } from '../../src/graphql/needs.ts';
import { settled } from '../graphql/event-world.ts';
import type { Caller } from '../graphql/matrix/callers.ts';
import type { Names } from '../graphql/matrix/names.ts';
import { createMatrix, type MatrixWorld } from '../graphql/matrix/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { randomDocument } from './random-documents.ts';
import { post, type Reply } from './wire.ts';

const DOCUMENTS = 900;

/** Thousands of requests, one after the other, take their time where other work goes on, too. */
const TIMEOUT = 300_000;

let matrix: MatrixWorld;
/** On the same database: everything is executed as it comes. */
let plain: TestGateway;

beforeAll(async () => {
  matrix = await createMatrix();
  plain = await createGateway(
    { ...matrix.settings, GATEHOUSE_COMPILE_AFTER: 'off' },
    { ...matrix.gateway, close: async () => {} },
  );
  // Between two answers nothing may change by itself: what is used is noted once a minute, and the events that other
  // tests hold back are listed as soon as they can be.
  for (const table of ['api_key', 'identity']) {
    await matrix.query(`UPDATE ${table} SET last_used_at = now() + interval '1 day'`);
  }
  await settled(matrix.gateway);
});

afterAll(async () => {
  await plain?.close();
  await matrix?.close();
});

function send(
  world: TestGateway,
  operation: unknown,
  caller: Caller,
  headers = {},
): Promise<Reply> {
  return post(world.gateway.localUrl, operation, {
    ...(caller.credential !== null && { authorization: `Bearer ${caller.credential}` }),
    ...headers,
  });
}

/** What may differ from one request to the next, left out. */
function comparable({ status, headers, body }: Reply) {
  const { data, errors } = body === '' ? {} : JSON.parse(body);
  const said = errors?.map((error: { extensions?: object }) =>
    JSON.stringify({ ...error, extensions: { ...error.extensions, requestId: undefined } }),
  );
  return {
    status,
    type: headers['content-type'],
    cache: headers['cache-control'],
    data: JSON.stringify(data),
    errors: said?.toSorted(),
  };
}

/** By the general way, compiled; by the short way; and as it comes. */
async function threeWays(operation: object, caller: Caller, headers = {}) {
  const general = comparable(await send(matrix.gateway, operation, caller, headers));
  const short = comparable(await send(matrix.gateway, operation, caller, headers));
  return { general, short, plain: comparable(await send(plain, operation, caller, headers)) };
}

function rootsOf({ org, slug, ada, mia, boss, role, events }: Names) {
  const people = [ada, mia, boss];
  return {
    'Query.organization': [`(by: { id: "${org}" })`, `(by: { slug: "${slug}" })`],
    'Query.user': people.flatMap(({ usr, email }) => [
      `(by: { id: "${usr}" })`,
      `(by: { email: "${email}" })`,
    ]),
    'Query.membership': people.map(({ mbr }) => `(by: { id: "${mbr}" })`),
    'Query.node': [org, ada.usr, mia.mbr, role, ...Object.values(events)].map(
      (id) => `(id: "${id}")`,
    ),
    'Query.nodes': [`(ids: ["${org}", "${boss.usr}", "${ada.mbr}", "org_broken"])`],
    'Viewer.permissions': ['', `(organizationId: "${org}")`],
    'Organization.memberships': ['', '(first: 2, orderBy: { field: NAME })', '(last: 3)'],
    'User.memberships': ['', '(first: 1)', '(filter: { status: [REMOVED, ACTIVE] })'],
  };
}

const isOfLists = (type: string, field: string) => ANSWERED[type]?.fields.includes(field) === true;

it(
  `answers ${DOCUMENTS} random queries of random callers alike, whatever way they go`,
  async () => {
    const roots = { A: rootsOf(matrix.names.A), B: rootsOf(matrix.names.B) };
    const wrong: unknown[] = [];
    let withErrors = 0;
    for (let seed = 0; seed < DOCUMENTS; seed += 1) {
      const caller = seed % 4 === 0 ? matrix.master : matrix.callers[seed % matrix.callers.length];
      // Of what lists show, little is read; of everything, all.
      const isWanted = seed % 3 === 0 ? undefined : isOfLists;
      const query = randomDocument(seed, roots[seed % 2 ? 'A' : 'B'], isWanted);
      const { general, short, plain: expected } = await threeWays({ query }, caller as Caller);
      withErrors += expected.errors === undefined ? 0 : 1;
      if (
        JSON.stringify(general) !== JSON.stringify(expected) ||
        JSON.stringify(short) !== JSON.stringify(expected)
      ) {
        wrong.push({ seed, caller: caller?.name, query, expected, general, short });
      }
    }
    expect(wrong).toEqual([]);
    // Both kinds were among them.
    expect(withErrors).toBeGreaterThan(10);
    expect(withErrors).toBeLessThan(DOCUMENTS / 2);
  },
  TIMEOUT,
);

/** What clients ask most: little of each row, and of what it leads to. */
function listsOf({ org, ada, mia, boss }: Names): string[] {
  const user = 'user { id name email }';
  const rest = 'organization { id displayName slug } roles { id key displayName }';
  return [
    `{ organization(by: { id: "${org}" }) { id memberships(first: 50) { totalCount nodes { id status ${user} roles { key } } } } }`,
    `{ nodes(ids: ["${org}"]) { ... on Organization { id slug memberships(first: 50) { nodes { id emailAddress ${user} } } } } }`,
    ...[ada, mia, boss].flatMap(({ usr, mbr }) => [
      `{ user(by: { id: "${usr}" }) { id name email memberships(first: 50) { nodes { id status ${rest} } } } }`,
      `{ user(by: { id: "${usr}" }) { id memberships(filter: { status: [SUSPENDED, REMOVED] }) { totalCount nodes { id ${rest} } } } }`,
      `{ node(id: "${mbr}") { ... on Membership { id joinedAt emailAddress ${user} ${rest} } } }`,
    ]),
    `{ viewer { user { id email } memberships(first: 2) { totalCount nodes { id status permissions ${user} ${rest} } } } }`,
    `{ viewer { memberships(last: 2, orderBy: { field: NAME }) { nodes { id ${rest} } } } }`,
  ];
}

it(
  'answers what is asked most alike for all callers, whatever way they go',
  async () => {
    const wrong: unknown[] = [];
    for (const query of [...listsOf(matrix.names.A), ...listsOf(matrix.names.B)]) {
      for (const caller of matrix.callers) {
        const { general, short, plain: expected } = await threeWays({ query }, caller);
        if (new Set([general, short, expected].map((one) => JSON.stringify(one))).size > 1) {
          wrong.push({ caller: caller.name, query, expected, general, short });
        }
      }
    }
    expect(wrong).toEqual([]);
  },
  TIMEOUT,
);

describe('the short way', () => {
  const query = 'query Q($id: ID) { viewer { kind permissions(organizationId: $id) } }';

  it.each([
    undefined,
    '*/*',
    'application/json',
    'application/graphql-response+json',
    'application/graphql-response+json, application/json;q=0.9',
    'application/json; charset=utf-8',
    'application/json; charset=latin1',
    'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
    'text/html, */*',
    'application/*',
    'constructor',
    '__proto__',
  ])('answers in the form that is accepted: %s', async (accept) => {
    const {
      general,
      short,
      plain: expected,
    } = await threeWays({ query }, matrix.master, accept === undefined ? {} : { accept });
    expect(general).toEqual(expected);
    expect(short).toEqual(expected);
  });

  it.each<[string, object]>([
    [
      'null for a condition that has a default',
      {
        query: 'query ($if: Boolean = true) { viewer { kind @include(if: $if) again: kind } }',
        variables: { if: null },
      },
    ],
    [
      'null for an argument that has a default',
      { query: 'query ($id: ID = "org_x") { node(id: $id) { id } }', variables: { id: null } },
    ],
    [
      'errors below what is null already',
      {
        query:
          '{ nodes(ids: ["bad", "worse"]) { id } viewer { permissions(organizationId: "bad") } }',
      },
    ],
    ['a field that fails beside others', { query: '{ viewer { kind } node(id: "bad") { id } }' }],
  ])('fails alike, whichever way: %s', async (_what, operation) => {
    const { general, short, plain: expected } = await threeWays(operation, matrix.master);
    expect(expected.errors).not.toHaveLength(0);
    expect([general, short]).toEqual([expected, expected]);
  });

  it('knows the cost of a query by the variables that it has, whatever else is sent with it', async () => {
    const costly = `query ($first: Int = 1, $a: Int) { organizations(first: $first) { nodes { memberships(first: $first) { nodes {
      id organization { memberships(first: $first) { nodes { id organization { id displayName slug } } } } } } } }
      viewer { memberships(first: $a) { totalCount } } }`;
    const ask = (variables: object) =>
      send(matrix.gateway, { query: costly, variables }, matrix.master);
    await ask({});
    expect((await ask({ 'first 100 a': 1 })).status).toBe(200);
    expect(JSON.parse((await ask({ 'first 100 a': 1 })).body).errors).toBeUndefined();
    const { errors } = JSON.parse((await ask({ first: 100, a: 1 })).body);
    expect(errors[0].extensions).toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'cost' });
  });

  it.each<[string, object]>([
    ['a broken argument', { query, variables: { id: 'x' } }],
    ['a variable of another type', { query, variables: { id: {} } }],
    ['a variable that is not asked for', { query, variables: { other: 1 } }],
    ['no such operation', { query, operationName: 'Other' }],
    ['null for everything', { query, variables: null, operationName: null, extensions: null }],
    ['variables that are a list', { query, variables: [] }],
    ['a parameter that there is not', { query, other: 1 }],
    ['what it costs', { query, extensions: { cost: true } }],
    ['a name that is a number', { query, operationName: 1 }],
    ['a list of operations', [{ query }]],
    ['text', 'query' as unknown as object],
    ['null', null as unknown as object],
  ])('says the same of what is not ordinary: %s', async (_what, operation) => {
    await send(matrix.gateway, { query }, matrix.master);
    const answers = await Promise.all([
      send(matrix.gateway, JSON.stringify(operation), matrix.master),
      send(plain, JSON.stringify(operation), matrix.master),
    ]);
    const [fast, slow] = answers.map(({ status, body }) => ({
      status,
      // What is left of the rate is of one gateway.
      body: body.replace(/"left":\d+/, '').replace(/"requestId":"[^"]+"/, ''),
    }));
    expect(fast).toEqual(slow);
  });

  it.each(['', '{', '\ufeff{}', '{"query":"{ viewer { kind } }"} x', '[]'])(
    'says the same of bodies that are no operation: %j',
    async (body) => {
      const [fast, slow] = await Promise.all([
        send(matrix.gateway, body, matrix.master),
        send(plain, body, matrix.master),
      ]);
      expect(fast.status).toBe(slow.status);
      expect(fast.body).toBe(slow.body);
    },
  );

  it('does not know a document that only another operation of it ran', async () => {
    const two =
      'query A { viewer { kind } } mutation B { userDelete(input: { userId: "x", confirm: "x" }) { __typename } }';
    const {
      general,
      short,
      plain: expected,
    } = await threeWays({ query: two, operationName: 'A' }, matrix.master);
    expect([general, short]).toEqual([expected, expected]);
    const [fast, slow] = [
      await send(matrix.gateway, { query: two, operationName: 'B' }, matrix.master),
      await send(plain, { query: two, operationName: 'B' }, matrix.master),
    ];
    expect(fast.body).toBe(slow.body);
  });
});
