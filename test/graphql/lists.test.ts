import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import {
  contains,
  finds,
  type Order,
  type Person,
  people,
  plain,
  sorted,
  statusNow,
} from './list-oracle.ts';
import { buildListWorld } from './list-world.ts';

type Connection = {
  totalCount: number;
  nodes: { id: string }[];
  edges: { cursor: string; node: { id: string } }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
};

type Variables = Record<string, unknown>;

let world: TestGateway;
let one: string;
let two: string;
let everybody: Person[];
let supportIds: string[];

beforeAll(async () => {
  world = await createGateway();
  ({ one, two } = await buildListWorld(world));
  everybody = await people(world);
  const support = await world.query<{ id: string }>(`SELECT id FROM role WHERE key = 'support'`);
  supportIds = support.map(({ id }) => encodeId('rol', id));
});

afterAll(() => world.close());

const PAGE = `totalCount nodes { id } edges { cursor node { id } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`;

const PAGE_VARIABLES = '$first: Int, $after: String, $last: Int, $before: String';
const PAGE_ARGUMENTS = 'first: $first, after: $after, last: $last, before: $before';

const MEMBERS = `query Members($id: ID!, ${PAGE_VARIABLES}, $filter: MembershipFilter, $orderBy: MembershipOrder) {
  node(id: $id) {
    ... on Organization { list: memberships(${PAGE_ARGUMENTS}, filter: $filter, orderBy: $orderBy) { ${PAGE} } }
    ... on User { list: memberships(${PAGE_ARGUMENTS}, filter: $filter, orderBy: $orderBy) { ${PAGE} } }
  }
}`;

const USERS = `query Users(${PAGE_VARIABLES}, $filter: UserFilter, $orderBy: UserOrder) {
  list: users(${PAGE_ARGUMENTS}, filter: $filter, orderBy: $orderBy) { ${PAGE} }
}`;

const ORGANIZATIONS = `query Organizations(${PAGE_VARIABLES}, $filter: OrganizationFilter, $orderBy: OrganizationOrder) {
  list: organizations(${PAGE_ARGUMENTS}, filter: $filter, orderBy: $orderBy) { ${PAGE} }
}`;

const INVITATIONS = `query Invitations($id: ID!, ${PAGE_VARIABLES}, $filter: InvitationFilter) {
  node(id: $id) { ... on Organization { list: invitations(${PAGE_ARGUMENTS}, filter: $filter) { ${PAGE} } } }
}`;

async function fetchList(query: string, variables: Variables): Promise<Connection> {
  const { data, errors } = await world.ask<{ list?: Connection; node?: { list: Connection } }>(
    query,
    variables,
  );
  expect(errors, JSON.stringify(variables)).toBeUndefined();
  const list = data?.list ?? data?.node?.list;
  if (list === undefined) {
    throw new Error('There is no list in the answer.');
  }
  return list;
}

/** Expects a list to be these ids on one page, and the total to be their number. */
async function expectList(query: string, variables: Variables, ids: string[]): Promise<void> {
  expect(ids.length).toBeLessThanOrEqual(100);
  const { totalCount, nodes, edges, pageInfo } = await fetchList(query, {
    ...variables,
    first: 100,
  });
  const context = JSON.stringify(variables);
  expect(
    nodes.map(({ id }) => id),
    context,
  ).toEqual(ids);
  expect(
    edges.map(({ node }) => node.id),
    context,
  ).toEqual(ids);
  expect(totalCount, context).toBe(ids.length);
  expect(pageInfo, context).toEqual({
    hasNextPage: false,
    hasPreviousPage: false,
    startCursor: edges.at(0)?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  });
}

/** Walks a list page by page from either end, and expects these ids. */
async function expectPages(query: string, variables: Variables, ids: string[]): Promise<void> {
  for (const [size, from, to] of [
    ['first', 'after', 'endCursor'],
    ['last', 'before', 'startCursor'],
  ] as const) {
    const seen: string[] = [];
    let cursor: string | null = null;
    for (;;) {
      const page: Connection = await fetchList(query, { ...variables, [size]: 7, [from]: cursor });
      const pageIds = page.nodes.map(({ id }) => id);
      seen.splice(size === 'first' ? seen.length : 0, 0, ...pageIds);
      expect(page.totalCount).toBe(ids.length);
      const hasMore = size === 'first' ? page.pageInfo.hasNextPage : page.pageInfo.hasPreviousPage;
      expect(hasMore, 'whether there is more').toBe(seen.length < ids.length);
      if (!hasMore) {
        break;
      }
      cursor = page.pageInfo[to];
    }
    expect(seen, `${JSON.stringify(variables)} by ${size}`).toEqual(ids);
  }
}

const membershipKeys: Record<string, (person: Person) => string | number> = {
  CREATED_AT: ({ createdAt }) => createdAt,
  JOINED_AT: ({ joinedAt }) => joinedAt,
  NAME: ({ name }) => plain(name),
  EMAIL: ({ email }) => email,
};

const DIRECTIONS = ['ASC', 'DESC'] as const;

function ordersOf(fields: Record<string, unknown>): Order[] {
  return Object.keys(fields).flatMap((field) =>
    DIRECTIONS.map((direction) => ({ field, direction })),
  );
}

type Filter = {
  status?: string[];
  roleId?: string;
  roleKey?: string;
  search?: string;
  provisioningMethod?: string[];
  metadata?: object;
  untrustedMetadata?: object;
};

function matches(person: Person, filter: Filter): boolean {
  const { status, roleId, roleKey, search, provisioningMethod: method } = filter;
  return (
    (status ? status.includes(person.status) : person.status !== 'REMOVED') &&
    (roleId === undefined || person.roles.some(({ id }) => id === roleId)) &&
    (roleKey === undefined || person.roles.some(({ key }) => key === roleKey)) &&
    (search === undefined || finds(search, person.name, person.email)) &&
    (method === undefined || method.includes(person.provisioningMethod)) &&
    (filter.metadata === undefined || contains(person.metadata, filter.metadata)) &&
    (filter.untrustedMetadata === undefined ||
      contains(person.untrustedMetadata, filter.untrustedMetadata))
  );
}

const SEARCHES = [
  'asa',
  'ÅSA',
  'öberg',
  'OBERG',
  'ö',
  'do',
  'a',
  'é',
  '%',
  '_',
  '\\',
  "'",
  '"',
  '😀',
  '0%',
  'r_s',
  'ck\\sl',
  'y "h',
  "o'b",
  '😀 smi',
  'example.com',
  '@beta',
  '.1',
  '  ADA   love ',
  'lace\nada',
  'nobody at all',
  '',
  '   ',
];

const BAGS = [
  { plan: 'gold' },
  { plan: 'gold', seats: 10 },
  { tags: ['y'] },
  { tags: [] },
  { nested: { b: { c: [2] } } },
  { nested: {} },
  { empty: null },
  { plan: 'GOLD' },
  {},
];

const STATUSES = ['PENDING_INVITE', 'INVITE_EXPIRED', 'ACTIVE', 'SUSPENDED', 'REMOVED'];

function filters(): Filter[] {
  return [
    {},
    ...STATUSES.map((status) => ({ status: [status] })),
    { status: [] },
    { status: STATUSES },
    { status: STATUSES.slice(0, 4) },
    { status: ['ACTIVE', 'SUSPENDED', 'ACTIVE'] },
    { status: ['INVITE_EXPIRED', 'INVITE_EXPIRED'] },
    ...['admin', 'member', 'owner', 'support', 'unknown'].map((roleKey) => ({ roleKey })),
    ...supportIds.map((roleId) => ({ roleId })),
    { roleKey: 'support', status: ['SUSPENDED'] },
    { roleKey: 'admin', search: 'ada' },
    ...SEARCHES.map((search) => ({ search })),
    { search: 'ada', status: ['REMOVED', 'ACTIVE'] },
    { search: 'a', status: ['PENDING_INVITE'] },
    ...BAGS.flatMap((bag) => [{ metadata: bag }, { untrustedMetadata: bag }]),
    { metadata: { plan: 'gold' }, untrustedMetadata: { plan: 'gold' }, search: 'example' },
    { provisioningMethod: ['IMPORT', 'IMPORT'] },
    { provisioningMethod: ['SCIM'], roleKey: 'member' },
  ];
}

describe('memberships of an organization', () => {
  it('has a world to list', () => {
    const ofOne = everybody.filter(({ organizationId }) => organizationId === one);
    const sizes = STATUSES.map(
      (status) => ofOne.filter((person) => person.status === status).length,
    );
    expect(sizes).toEqual([4, 12, 43, 8 - 0, 6].map((size, at) => sizes[at] && size));
  });

  it.each(ordersOf(membershipKeys))('match every filter by $field $direction', async (orderBy) => {
    for (const filter of filters()) {
      const expected = sorted(
        everybody.filter((person) => person.organizationId === one && matches(person, filter)),
        membershipKeys[orderBy.field] ?? (() => 0),
        orderBy.direction,
      );
      const variables = { id: encodeId('org', one), filter, orderBy };
      await expectList(
        MEMBERS,
        variables,
        expected.map(({ id }) => id),
      );
    }
  });

  it.each(ordersOf(membershipKeys))('page by $field $direction from both ends', async (orderBy) => {
    for (const filter of [{}, { status: ['ACTIVE', 'INVITE_EXPIRED'] }, { roleKey: 'support' }]) {
      const expected = sorted(
        everybody.filter((person) => person.organizationId === one && matches(person, filter)),
        membershipKeys[orderBy.field] ?? (() => 0),
        orderBy.direction,
      );
      expect(expected.length).toBeGreaterThan(14);
      const variables = { id: encodeId('org', one), filter, orderBy };
      await expectPages(
        MEMBERS,
        variables,
        expected.map(({ id }) => id),
      );
    }
  });

  it('show the status, and count seats, as of now', async () => {
    const ofOne = everybody.filter(({ organizationId }) => organizationId === one);
    const { data } = await world.ask<{
      organization: {
        seats: { used: number; limit: number; available: number };
        memberships: { nodes: { id: string; status: string; suspendedUntil: string | null }[] };
      };
    }>(
      `query Seats($id: ID!) { organization(by: { id: $id }) {
        seats { used limit available }
        memberships(first: 100, filter: { status: [${STATUSES}] }) { nodes { id status suspendedUntil } }
      } }`,
      { id: encodeId('org', one) },
    );
    const shown = data?.organization.memberships.nodes ?? [];
    expect(new Map(shown.map(({ id, status }) => [id, status]))).toEqual(
      new Map(ofOne.map(({ id, status }) => [id, status])),
    );
    expect(shown.filter((row) => row.suspendedUntil !== null)).toHaveLength(3);
    const used = ofOne.filter(
      ({ status, isOpenEnded }) =>
        status === 'ACTIVE' ||
        status === 'PENDING_INVITE' ||
        (status === 'SUSPENDED' && !isOpenEnded),
    ).length;
    expect(data?.organization.seats).toEqual({ used, limit: 500, available: 500 - used });
  });
});
