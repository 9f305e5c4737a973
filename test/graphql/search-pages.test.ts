/** Pages of searches where a walk along the list fills them, just does, just does not, and ends with the list. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { keyWith } from '../http/tenant.ts';
import { contains, finds, type Order, type Person, people, plain, sorted } from './list-oracle.ts';
import {
  type Connection,
  expectPages,
  fetchList,
  ordersOf,
  PAGE,
  PAGE_ARGUMENTS,
  PAGE_VARIABLES,
} from './list-reader.ts';
import { createSearchWorld, MEMBERS, type SearchWorld, WORDS } from './search-world.ts';

let world: SearchWorld;
let everybody: Person[];
let supportId: string;

beforeAll(async () => {
  world = await createSearchWorld();
  everybody = await people(world);
  const [support] = await world.query<{ id: string }>(
    `SELECT id FROM role WHERE key = 'support' AND organization_id IS NULL`,
  );
  supportId = encodeId('rol', support?.id ?? '');
});

afterAll(() => world.close());

const MEMBERS_OF = `query Members($id: ID!, ${PAGE_VARIABLES}, $filter: MembershipFilter, $orderBy: MembershipOrder) {
  node(id: $id) {
    ... on Organization { list: memberships(${PAGE_ARGUMENTS}, filter: $filter, orderBy: $orderBy) { ${PAGE} } }
  }
}`;

const keys: Record<string, (person: Person) => string | number> = {
  CREATED_AT: ({ createdAt }) => createdAt,
  JOINED_AT: ({ joinedAt }) => joinedAt,
  NAME: ({ name }) => plain(name),
  EMAIL: ({ email }) => email,
};

const EVERY_STATUS = ['PENDING_INVITE', 'INVITE_EXPIRED', 'ACTIVE', 'SUSPENDED', 'REMOVED'];

/** The ids of an organization's members (a uuid) that `keep` keeps, in order. */
function expected(organization: string, { field, direction }: Order, keep: Keep): string[] {
  const kept = everybody.filter((person) => person.organizationId === organization && keep(person));
  return sorted(kept, keys[field] ?? (() => 0), direction).map(({ id }) => id);
}

type Keep = (person: Person) => boolean;

const isListed: Keep = ({ status }) => status !== 'REMOVED';
const has =
  (word: string): Keep =>
  ({ name, email }) =>
    finds(word, name, email);

it('has words at their places', () => {
  const order = { field: 'EMAIL', direction: 'ASC' } as const;
  const all = expected(world.one, order, isListed);
  expect(all).toHaveLength(MEMBERS);
  const places = expected(world.one, order, (row) => isListed(row) && has('exact.')(row));
  expect(places.map((id) => all.indexOf(id) + 1).slice(0, 3)).toEqual([30, 60, 90]);
});

it.each(ordersOf(keys))('finds every word by $field $direction', async (orderBy) => {
  for (const word of [...Object.keys(WORDS), 'exact.', 'group 01']) {
    await expectPages(
      world,
      MEMBERS_OF,
      { id: encodeId('org', world.one), filter: { search: word }, orderBy },
      expected(world.one, orderBy, (row) => isListed(row) && has(word)(row)),
    );
  }
});

it.each(ordersOf(keys))('finds it within other filters by $field $direction', async (orderBy) => {
  const isOf =
    (...statuses: string[]): Keep =>
    ({ status }) =>
      statuses.includes(status);
  const filters: [object, Keep][] = [
    [{ status: ['ACTIVE'] }, isOf('ACTIVE')],
    [{ status: ['INVITE_EXPIRED', 'SUSPENDED'] }, isOf('INVITE_EXPIRED', 'SUSPENDED')],
    [{ status: EVERY_STATUS }, () => true],
    [{ roleKey: 'support' }, ({ roles }) => roles.some(({ key }) => key === 'support')],
    [
      { roleId: supportId, status: ['SUSPENDED'] },
      ({ roles, status }) => status === 'SUSPENDED' && roles.some(({ id }) => id === supportId),
    ],
    [{ provisioningMethod: ['SCIM'] }, ({ provisioningMethod }) => provisioningMethod === 'SCIM'],
    [{ metadata: { plan: 'gold' } }, ({ metadata }) => contains(metadata, { plan: 'gold' })],
  ];
  for (const [filter, keep] of filters) {
    for (const search of ['often', 'exact.', 'clumped', undefined]) {
      const isAsked: Keep = (row) =>
        ('status' in filter || isListed(row)) &&
        keep(row) &&
        (search === undefined || has(search)(row));
      if (search !== undefined || 'metadata' in filter) {
        await expectPages(
          world,
          MEMBERS_OF,
          { id: encodeId('org', world.one), filter: { ...filter, search }, orderBy },
          expected(world.one, orderBy, isAsked),
        );
      }
    }
  }
});

it('finds no address for those who may see none', async () => {
  const secret = await keyWith(world, ['organization:read', 'membership:read']);
  const restricted: SearchWorld = {
    ...world,
    ask: (query, variables) => world.ask(query, variables, secret),
  };
  const orderBy = { field: 'NAME', direction: 'ASC' } as const;
  for (const search of ['smooth', 'group 01', 'often', 'example']) {
    await expectPages(
      restricted,
      MEMBERS_OF,
      { id: encodeId('org', world.one), filter: { search }, orderBy },
      expected(world.one, orderBy, (row) => isListed(row) && finds(search, row.name)),
    );
  }
});

it('finds pages of every size', async () => {
  const orderBy = { field: 'CREATED_AT', direction: 'ASC' } as const;
  for (const word of ['before', 'exact.', 'behind', 'promising']) {
    const ids = expected(world.one, orderBy, (row) => isListed(row) && has(word)(row));
    for (let first = 0; first <= 24; first++) {
      const variables = {
        id: encodeId('org', world.one),
        filter: { search: word },
        orderBy,
        first,
      };
      const { nodes, pageInfo } = await fetchList(world, MEMBERS_OF, variables);
      expect(nodes.map(({ id }) => id)).toEqual(ids.slice(0, first));
      expect(pageInfo.hasNextPage).toBe(ids.length > first);
    }
  }
});

it('finds each its own in organizations that are searched at once', async () => {
  const organizations = [world.one, world.two];
  const query = `query Both($ids: [ID!]!, $first: Int, $last: Int, $filter: MembershipFilter, $orderBy: MembershipOrder) {
    nodes(ids: $ids) { ... on Organization {
      list: memberships(first: $first, last: $last, filter: $filter, orderBy: $orderBy) { ${PAGE} }
    } }
  }`;
  for (const orderBy of ordersOf(keys)) {
    for (const word of [...Object.keys(WORDS), 'group 025']) {
      for (const size of [{ first: 6 }, { last: 6 }]) {
        const ids = organizations.map((id) => encodeId('org', id));
        const { data } = await world.ask<{ nodes: { list: Connection }[] }>(query, {
          ids,
          filter: { search: word },
          orderBy,
          ...size,
        });
        const pages = data?.nodes.map(({ list }) => list.nodes.map(({ id }) => id));
        const wanted = organizations.map((organization) =>
          expected(organization, orderBy, (row) => isListed(row) && has(word)(row)),
        );
        expect(pages).toEqual(
          wanted.map((all) => ('first' in size ? all.slice(0, 6) : all.slice(-6))),
        );
      }
    }
  }
});
