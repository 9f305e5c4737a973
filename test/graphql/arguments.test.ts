import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, createGateway, type TestGateway } from '../support/gateway.ts';
import { argumentWorld, expectInvalid } from './argument-world.ts';

let world: TestGateway;
let ids: Record<string, string>;

beforeAll(async () => {
  world = await createGateway();
  ids = await argumentWorld(world);
});

afterAll(() => world.close());

type Variables = Record<string, unknown>;

function expectNoBug({ errors = [] }: Answer<unknown>, context: string): void {
  const codes = errors.map(({ extensions }) => extensions?.code);
  expect(codes, context).not.toContain('INTERNAL_SERVER_ERROR');
}

const PAGE = '$first: Int, $after: String, $last: Int, $before: String';
const GIVEN = 'first: $first, after: $after, last: $last, before: $before';
const FOUND = '{ totalCount nodes { id } pageInfo { endCursor startCursor } }';

/** Every connection, with `list` somewhere in its answer, and the orders it has. */
const connections: Record<string, { query: string; orders: string[] }> = {
  organizations: {
    query: `query ($orderBy: OrganizationOrder, ${PAGE}) { list: organizations(${GIVEN}, orderBy: $orderBy) ${FOUND} }`,
    orders: ['CREATED_AT', 'DISPLAY_NAME'],
  },
  users: {
    query: `query ($orderBy: UserOrder, ${PAGE}) { list: users(${GIVEN}, orderBy: $orderBy) ${FOUND} }`,
    orders: ['CREATED_AT', 'EMAIL', 'NAME'],
  },
  'memberships of an organization': {
    query: `query ($org: ID!, $orderBy: MembershipOrder, ${PAGE}) {
      organization(by: { id: $org }) { list: memberships(${GIVEN}, orderBy: $orderBy) ${FOUND} } }`,
    orders: ['CREATED_AT', 'JOINED_AT', 'NAME', 'EMAIL'],
  },
  'memberships of a user': {
    query: `query ($usr: ID!, $orderBy: MembershipOrder, ${PAGE}) {
      user(by: { id: $usr }) { list: memberships(${GIVEN}, orderBy: $orderBy) ${FOUND} } }`,
    orders: ['CREATED_AT', 'JOINED_AT', 'NAME', 'EMAIL'],
  },
  invitations: {
    query: `query ($org: ID!, ${PAGE}) { organization(by: { id: $org }) { list: invitations(${GIVEN}) ${FOUND} } }`,
    orders: [''],
  },
  'keys of an organization': {
    query: `query ($org: ID!, ${PAGE}) { organization(by: { id: $org }) { list: apiKeys(${GIVEN}) ${FOUND} } }`,
    orders: [''],
  },
  'keys of the environment': {
    query: `query (${PAGE}) { environment { list: apiKeys(${GIVEN}) ${FOUND} } }`,
    orders: [''],
  },
};

const lists = Object.entries(connections).flatMap(([name, { query, orders }]) =>
  orders.map((field) => ({ name: `${name} ${field}`.trim(), query, field })),
);

function ask(query: string, field: string, variables: Variables) {
  const orderBy = field ? { field, direction: 'ASC' } : undefined;
  return world.ask(query, { ...ids, orderBy, ...variables });
}

describe.each(Object.entries(connections))(
  'pages of %s',
  (name, { query, orders: [field = ''] }) => {
    it.each([
      [{ first: 101 }, 'first'],
      [{ last: 101 }, 'last'],
      [{ first: -1 }, 'first'],
      [{ last: -1 }, 'last'],
      [{ first: 2_147_483_647 }, 'first'],
      [{ last: -2_147_483_648 }, 'last'],
      [{ first: 1, last: 1 }, 'last'],
      [{ first: 0, last: 0 }, 'last'],
    ])('refuse %o', async (variables, argument) => {
      expectInvalid(await ask(query, field, variables), [argument], name);
    });

    it('take 0 to 100', async () => {
      for (const variables of [{ first: 0 }, { first: 100 }, { last: 0 }, { last: 100 }, {}]) {
        expect((await ask(query, field, variables)).errors).toBeUndefined();
      }
    });

    it('refuse a number that is none', async () => {
      for (const first of [1.5, 1e20, '1', true, [1]]) {
        const answer = await ask(query, field, { first });
        expect(answer.errors).toHaveLength(1);
        expectNoBug(answer, String(first));
      }
    });
  },
);

function cursorOf(...parts: unknown[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

const UUID = '01900000-0000-7000-8000-000000000001';

describe('cursors', () => {
  it('are good for their own list in their own order only', async () => {
    const cursors = new Map<string, string>();
    for (const { name, query, field } of lists) {
      const { data } = await ask(query, field, { first: 1 });
      const [, cursor] = /"endCursor":"([^"]+)"/.exec(JSON.stringify(data)) ?? [];
      if (cursor) {
        cursors.set(name, cursor);
      }
    }
    // Invitations and keys of the organization are none here.
    expect(cursors.size).toBe(lists.length - 2);
    // The environment's keys and an organization's are lists of one kind.
    const kindOf = (name: string) => name.replace(/^keys of .*/, 'keys');
    for (const { name, query, field } of lists) {
      for (const [source, cursor] of cursors) {
        for (const argument of ['after', 'before']) {
          const answer = await ask(query, field, { [argument]: cursor });
          if (kindOf(source) === kindOf(name)) {
            expect(answer.errors, `${source} in ${name}`).toBeUndefined();
          } else {
            expectInvalid(answer, [argument], `${source} in ${name}`);
          }
        }
      }
    }
  });

  it('are refused when they are anything else', async () => {
    const order = 'memberships of organization NAME';
    const good = cursorOf(order, 'a', UUID);
    const { query } = connections['memberships of an organization'] ?? { query: '' };
    expect((await ask(query, 'NAME', { after: good })).errors).toBeUndefined();
    const bad = [
      '',
      ' ',
      'x',
      good.slice(0, -1),
      good.slice(1),
      `${good}=`,
      `${good} `,
      ` ${good}`,
      `${good}\0`,
      good.toUpperCase(),
      '\0',
      '\ud800',
      '😀',
      `' OR 1=1 --`,
      Buffer.from('null').toString('base64url'),
      Buffer.from('{}').toString('base64url'),
      Buffer.from(`["${order}", "a", "${UUID}"]`).toString('base64url'),
      cursorOf(order, 'a'),
      cursorOf(order, 'a', UUID, 1),
      cursorOf(order, 1, UUID),
      cursorOf(order, null, UUID),
      cursorOf(order, 'a', 1),
      cursorOf(order, 'a', `${UUID}' OR '1'='1`),
      cursorOf(order, 'a', UUID.toUpperCase().replace('0190', 'ABCD')),
      cursorOf(order, 'a\0b', UUID),
      cursorOf(order, 'a\ud800', UUID),
      cursorOf(order, 'a'.repeat(100_000), UUID),
      cursorOf(`${order}'`, 'a', UUID),
      'A'.repeat(200_000),
    ];
    for (const cursor of bad) {
      for (const argument of ['after', 'before']) {
        const answer = await ask(query, 'NAME', { [argument]: cursor });
        expectInvalid(answer, [argument], JSON.stringify(cursor).slice(0, 200));
      }
    }
  });

  it.each([
    'yesterday',
    '2024-01-01',
    '2024-02-30T00:00:00.000Z',
    '2024-01-01T25:00:00.000Z',
    '0000-01-01T00:00:00.000Z',
    '-000001-01-01T00:00:00.000Z',
    '+012024-01-01T00:00:00.000Z',
    '+300000-01-01T00:00:00.000Z',
    '-infinity',
    'Infinity',
    'now',
    `2024-01-01T00:00:00.000Z'`,
    '',
  ])('are refused when their time is %j', async (time) => {
    for (const { name, query, field } of lists) {
      if (field === '' || field.endsWith('_AT')) {
        const list = name.startsWith('keys')
          ? 'apiKeys CREATED_AT'
          : name === 'invitations'
            ? 'invitations CREATED_AT'
            : name.replace(' an ', ' ').replace(' a ', ' ');
        const fine = cursorOf(list, '2024-01-01T00:00:00.000Z', UUID);
        expect((await ask(query, field, { after: fine })).errors, list).toBeUndefined();
        const answer = await ask(query, field, { after: cursorOf(list, time, UUID) });
        expectInvalid(answer, ['after'], `${list} ${time}`);
      }
    }
  });
});
