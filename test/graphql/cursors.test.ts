import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, join } from '../domain/world.ts';
import { graphql } from '../generated/gql.ts';
import type {
  CursorsOfMembersQuery,
  CursorsOfMembersQueryVariables,
  MembershipOrderField,
  OrderDirection,
} from '../generated/graphql.ts';
import { type Answer, createGateway, type TestGateway } from '../support/gateway.ts';

const Members = graphql(`
  query CursorsOfMembers(
    $id: ID!, $first: Int, $after: String, $last: Int, $before: String
    $field: MembershipOrderField!, $direction: OrderDirection!
  ) {
    organization(by: { id: $id }) {
      memberships(
        first: $first, after: $after, last: $last, before: $before
        orderBy: { field: $field, direction: $direction }
      ) {
        edges { cursor node { id } }
        nodes { id }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  }
`);

type Order = { field: MembershipOrderField; direction: OrderDirection };

/** What somebody else does between two pages; numbers choose whom. */
type Write = { kind: 'insert' | 'delete' | 'rename' | 'rejoin'; who: number };

const STABLE = 40;
const RESTLESS = 25;

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(() => world.close());

/** Members who stay as they are, with ties in every sort key, and members whom the writes move about. */
async function peopledOrganization(): Promise<{ id: string; uuid: string; stable: string[] }> {
  const uuid = await found(world);
  const stable: string[] = [];
  for (let n = 0; n < STABLE + RESTLESS; n += 1) {
    const isStable = n % 2 === 0 ? n / 2 < STABLE : (n - 1) / 2 >= RESTLESS;
    const { membershipId } = await join(world, uuid, { name: `Name ${n % 7}` });
    if (isStable) {
      stable.push(membershipId);
    }
  }
  const day = `date_trunc('day', now())`;
  await world.query(
    `UPDATE membership SET created_at = ${day} + (hashtext(id::text) % 5) * interval '1 hour',
       joined_at = ${day} + (hashtext(id::text) % 3) * interval '1 hour' WHERE organization_id = $1`,
    [uuid],
  );
  return { id: encodeId('org', uuid), uuid, stable };
}

async function apply(organization: string, stable: string[], { kind, who }: Write): Promise<void> {
  if (kind === 'insert') {
    await join(world, organization, { name: `Name ${who % 9}` });
    return;
  }
  const [target] = await world.query<{ id: string }>(
    `SELECT id FROM membership WHERE organization_id = $1 AND NOT id = ANY($2) ORDER BY id LIMIT 1 OFFSET $3`,
    [organization, stable, who % RESTLESS],
  );
  const change = {
    delete: 'DELETE FROM membership WHERE id = $1',
    rename: `UPDATE membership SET name_key = 'name ' || ${who % 9}, email_key = 'moved${who}@example.com' WHERE id = $1`,
    rejoin: `UPDATE membership SET created_at = now(), joined_at = now() WHERE id = $1`,
  }[kind];
  if (target) {
    await world.query(change, [target.id]);
  }
}

/** The stable members in the order of the list, as PostgreSQL sorts them without any page. */
async function inOrder(stable: string[], { field, direction }: Order): Promise<string[]> {
  const key = {
    CREATED_AT: 'created_at',
    JOINED_AT: 'joined_at',
    NAME: 'name_key',
    EMAIL: 'email_key',
  }[field];
  const rows = await world.query<{ id: string }>(
    `SELECT id FROM membership WHERE id = ANY($1) ORDER BY ${key} ${direction}, id ${direction}`,
    [stable],
  );
  return rows.map((row) => encodeId('mbr', row.id));
}

/** All pages one after the other, with something happening between any two; backward pages are put in front. */
async function walk(
  organization: { id: string; uuid: string; stable: string[] },
  order: Order,
  sizes: number[],
  backward: boolean,
  writes: Write[],
): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < 500; page += 1) {
    const size = sizes[page % sizes.length];
    const range: Partial<CursorsOfMembersQueryVariables> = backward
      ? { last: size, before: cursor }
      : { first: size, after: cursor };
    const { data, errors }: Answer<CursorsOfMembersQuery> = await world.ask(Members, {
      id: organization.id,
      ...order,
      ...range,
    });
    expect(errors).toBeUndefined();
    const list = data?.organization?.memberships;
    if (!list) {
      throw new Error('There is no list.');
    }
    const ids = list.nodes.map((node) => node.id);
    expect(list.edges.map((edge) => edge.node.id)).toEqual(ids);
    expect(list.pageInfo.startCursor).toBe(list.edges[0]?.cursor ?? null);
    expect(list.pageInfo.endCursor).toBe(list.edges.at(-1)?.cursor ?? null);
    seen.splice(backward ? 0 : seen.length, 0, ...ids);
    if (!(backward ? list.pageInfo.hasPreviousPage : list.pageInfo.hasNextPage)) {
      return seen;
    }
    cursor = (backward ? list.pageInfo.startCursor : list.pageInfo.endCursor) ?? null;
    const write = writes[page];
    if (write) {
      await apply(organization.uuid, organization.stable, write);
    }
  }
  throw new Error('The pages do not end.');
}

const anyOrder = fc.record({
  field: fc.constantFrom<MembershipOrderField>('CREATED_AT', 'JOINED_AT', 'NAME', 'EMAIL'),
  direction: fc.constantFrom<OrderDirection>('ASC', 'DESC'),
});
const anySizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });
const anyWrites = fc.array(
  fc.record({
    kind: fc.constantFrom<Write['kind']>('insert', 'delete', 'rename', 'rejoin'),
    who: fc.nat({ max: 1000 }),
  }),
  { maxLength: 20 },
);

it('shows whoever was there all along exactly once and in order, whatever happens between the pages', async () => {
  const organization = await peopledOrganization();
  await fc.assert(
    fc.asyncProperty(
      anyOrder,
      anySizes,
      fc.boolean(),
      anyWrites,
      async (order, sizes, back, writes) => {
        const seen = await walk(organization, order, sizes, back, writes);
        const stable = new Set(organization.stable.map((id) => encodeId('mbr', id)));
        expect(seen.filter((id) => stable.has(id))).toEqual(
          await inOrder(organization.stable, order),
        );
      },
    ),
    { numRuns: 30 },
  );
});

it('shows the same list forward, backward and at once while nothing happens', async () => {
  const organization = await peopledOrganization();
  await fc.assert(
    fc.asyncProperty(anyOrder, anySizes, async (order, sizes) => {
      const forward = await walk(organization, order, sizes, false, []);
      expect(await walk(organization, order, sizes, true, [])).toEqual(forward);
      expect(await walk(organization, order, [100], false, [])).toEqual(forward);
      expect(new Set(forward).size).toBe(STABLE + RESTLESS);
    }),
    { numRuns: 10 },
  );
});

it('cuts a range out between two cursors', async () => {
  const organization = await peopledOrganization();
  const order = { field: 'NAME', direction: 'ASC' } as const;
  const all = await world.ask(Members, { id: organization.id, ...order, first: 100 });
  const edges = all.data?.organization?.memberships?.edges ?? [];
  const range = await world.ask(Members, {
    id: organization.id,
    ...order,
    first: 100,
    after: edges[9]?.cursor,
    before: edges[20]?.cursor,
  });
  expect(range.data?.organization?.memberships?.nodes.map((node) => node.id)).toEqual(
    edges.slice(10, 20).map((edge) => edge.node.id),
  );
});
