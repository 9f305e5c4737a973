import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { contains, finds, type Person, people, plain, sorted } from './list-oracle.ts';
import {
  BAGS,
  expectList,
  expectPages,
  ordersOf,
  PAGE,
  PAGE_ARGUMENTS,
  PAGE_VARIABLES,
  SEARCHES,
} from './list-reader.ts';
import { createListWorld, type ListWorld } from './list-world.ts';

let world: ListWorld;
let one: string;
let two: string;
let everybody: Person[];
let supportIds: string[];

beforeAll(async () => {
  world = await createListWorld();
  ({ one, two } = world);
  everybody = await people(world);
  const support = await world.query<{ id: string }>(`SELECT id FROM role WHERE key = 'support'`);
  supportIds = support.map(({ id }) => encodeId('rol', id));
});

afterAll(() => world.close());

const MEMBERS = `query Members($id: ID!, ${PAGE_VARIABLES}, $filter: MembershipFilter, $orderBy: MembershipOrder) {
  node(id: $id) {
    ... on Organization { list: memberships(${PAGE_ARGUMENTS}, filter: $filter, orderBy: $orderBy) { ${PAGE} } }
    ... on User { list: memberships(${PAGE_ARGUMENTS}, filter: $filter, orderBy: $orderBy) { ${PAGE} } }
  }
}`;

const membershipKeys: Record<string, (person: Person) => string | number> = {
  CREATED_AT: ({ createdAt }) => createdAt,
  JOINED_AT: ({ joinedAt }) => joinedAt,
  NAME: ({ name }) => plain(name),
  EMAIL: ({ email }) => email,
};

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

it('has a world to list', () => {
  const ofOne = everybody.filter(({ organizationId }) => organizationId === one);
  const sizes = STATUSES.map((status) => ofOne.filter((person) => person.status === status).length);
  expect(sizes).toEqual([4, 12, 40, 8, 6]);
});

it('has rows that are overdue and that no act has settled', async () => {
  const rows = await world.query(
    `SELECT status, count(*)::int FROM membership WHERE organization_id = $1 AND status_deadline <= now()
       GROUP BY status ORDER BY status`,
    [one],
  );
  expect(rows).toEqual([
    { status: 'PENDING_INVITE', count: 4 },
    { status: 'SUSPENDED', count: 3 },
  ]);
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
      world,
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
      world,
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

it('lists the memberships of a person', async () => {
  const users = [...new Set(everybody.map(({ userId }) => userId))].slice(0, 12);
  for (const orderBy of ordersOf(membershipKeys)) {
    for (const userId of users) {
      for (const filter of [
        {},
        { status: STATUSES },
        { status: ['ACTIVE'] },
        { roleKey: 'support' },
        { roleKey: 'member', search: 'exam' },
        { search: 'z' },
        { metadata: { plan: 'gold' } },
      ]) {
        const expected = sorted(
          everybody.filter((person) => person.userId === userId && matches(person, filter)),
          membershipKeys[orderBy.field] ?? (() => 0),
          orderBy.direction,
        );
        await expectList(
          world,
          MEMBERS,
          { id: encodeId('usr', userId), filter, orderBy },
          expected.map(({ id }) => id),
        );
      }
    }
  }
  expect(everybody.some(({ organizationId }) => organizationId === two)).toBe(true);
});
