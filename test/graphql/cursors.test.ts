import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { addMembers, removeMembers, suspendMembers } from '../../src/domain/membership.ts';
import { act, found, fresh, join } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { plain } from './list-oracle.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(() => world.close());

type Node = {
  id: string;
  name: string | null;
  emailAddress: string;
  createdAt: string;
  joinedAt: string | null;
};

type Page = {
  nodes: Node[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
};

const QUERY = `query Page($id: ID!, $first: Int, $after: String, $last: Int, $before: String,
  $filter: MembershipFilter, $orderBy: MembershipOrder) {
  organization(by: { id: $id }) {
    memberships(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
      nodes { id name emailAddress createdAt joinedAt }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}`;

async function fetchPage(variables: Record<string, unknown>): Promise<Page> {
  const { data, errors } = await world.ask<{ organization: { memberships: Page } }>(
    QUERY,
    variables,
  );
  expect(errors).toBeUndefined();
  if (!data) {
    throw new Error('There is no page in the answer.');
  }
  return data.organization.memberships;
}

const keys = {
  CREATED_AT: (node: Node) => node.createdAt,
  JOINED_AT: (node: Node) => node.joinedAt ?? '~',
  NAME: (node: Node) => plain(node.name ?? ''),
  EMAIL: (node: Node) => node.emailAddress,
};

type Field = keyof typeof keys;

/** Negative when `a` comes before `b`. */
function compare(field: Field, direction: string, a: Node, b: Node): number {
  const sign = direction === 'ASC' ? 1 : -1;
  const [x, y] = [keys[field](a), keys[field](b)];
  return sign * (Buffer.compare(Buffer.from(x), Buffer.from(y)) || (a.id < b.id ? -1 : 1));
}

const names = ['Ada', 'ada', 'Bo', 'Çelik', 'Zoë', 'Zoe', null];

async function newOrganization(size: number): Promise<string> {
  const organizationId = await found(world);
  const rows = Array.from({ length: size }, (_, n) => ({
    organizationId,
    email: `${fresh('p')}@example.com`,
    name: names[n % names.length],
    joinedAt: new Date(Date.UTC(2024, 0, 1 + (n % 4))),
    status: n % 6 === 5 ? ('PENDING_INVITE' as const) : ('ACTIVE' as const),
  }));
  await act(world, [organizationId], (tx) => addMembers(tx, rows, { act: 'import' }));
  return organizationId;
}

const listing = {
  field: fc.constantFrom<Field>('CREATED_AT', 'JOINED_AT', 'NAME', 'EMAIL'),
  direction: fc.constantFrom('ASC', 'DESC'),
  end: fc.constantFrom('first', 'last'),
  sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
  filter: fc.constantFrom<object>(
    {},
    { roleKey: 'member' },
    { status: ['ACTIVE', 'SUSPENDED', 'PENDING_INVITE'] },
    { search: 'example.com' },
  ),
};

const writes = fc.array(
  fc.record({
    kind: fc.constantFrom('insert', 'rename', 'remove', 'suspend'),
    pick: fc.nat(),
    name: fc.constantFrom(...names, 'Mo', 'Éa'),
  }),
  { maxLength: 12 },
);

type Write = { kind: string; pick: number; name: string | null };

/** Changes the organization, and returns the membership (uuid) that is not what it was. */
async function write(
  organizationId: string,
  members: string[],
  { kind, pick, name }: Write,
): Promise<string | undefined> {
  const membershipId = members[pick % members.length];
  if (kind === 'insert' || membershipId === undefined) {
    await join(world, organizationId, {
      name,
      joinedAt: new Date(Date.UTC(2024, 0, 1 + (pick % 4))),
    });
    return undefined;
  }
  if (kind === 'remove') {
    await act(world, [organizationId], (tx) => removeMembers(tx, [{ membershipId }]));
  } else if (kind === 'suspend') {
    await act(world, [organizationId], (tx) => suspendMembers(tx, [{ membershipId }]));
    return undefined;
  } else {
    await world.query(
      `WITH renamed AS (UPDATE membership SET name = $3, name_key = $2 WHERE id = $1 RETURNING user_id)
       UPDATE "user" SET name = $3 FROM renamed WHERE id = user_id`,
      [membershipId, plain(name ?? ''), name],
    );
  }
  return membershipId;
}

it('shows what stays exactly once and in order, whatever comes and goes between the pages', async () => {
  await fc.assert(
    fc.asyncProperty(fc.record({ ...listing, writes }), async (plan) => {
      const { field, direction, end, sizes, filter } = plan;
      const organizationId = await newOrganization(24);
      const variables = {
        id: encodeId('org', organizationId),
        filter,
        orderBy: { field, direction },
      };
      const initial = (await fetchPage({ ...variables, first: 100 })).nodes;
      const members = initial.map(({ id }) => decodeId('mbr', id) ?? '');
      const unsettled = new Set<string>();
      const pending = [...plan.writes];
      const seen: Node[] = [];
      let cursor: string | null = null;
      for (let at = 0; ; at += 1) {
        const page: Page = await fetchPage({
          ...variables,
          [end]: sizes[at % sizes.length],
          [end === 'first' ? 'after' : 'before']: cursor,
        });
        seen.splice(end === 'first' ? seen.length : 0, 0, ...page.nodes);
        const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo;
        if (!(end === 'first' ? hasNextPage : hasPreviousPage)) {
          break;
        }
        cursor = end === 'first' ? endCursor : startCursor;
        for (const change of pending.splice(0, 2)) {
          const changed = await write(organizationId, members, change);
          if (changed !== undefined) {
            unsettled.add(encodeId('mbr', changed));
          }
        }
      }
      const isSettled = ({ id }: Node) => !unsettled.has(id);
      const known = new Set(members.map((id) => encodeId('mbr', id)));
      const stayed = seen.filter((node) => isSettled(node) && known.has(node.id));
      expect(stayed.map(({ id }) => id)).toEqual(initial.filter(isSettled).map(({ id }) => id));
      for (const [at, node] of seen.entries()) {
        const next = seen[at + 1];
        expect(next === undefined || compare(field, direction, node, next) < 0).toBe(true);
      }
    }),
    { numRuns: 20 },
  );
});

it('shows the same pages on the way back', async () => {
  const organizationId = await newOrganization(30);
  await fc.assert(
    fc.asyncProperty(fc.record(listing), async ({ field, direction, sizes, filter }) => {
      const variables = {
        id: encodeId('org', organizationId),
        filter,
        orderBy: { field, direction },
      };
      const forth: Page[] = [];
      let after: string | null = null;
      do {
        const first = sizes[forth.length % sizes.length];
        const page: Page = await fetchPage({ ...variables, first, after });
        forth.push(page);
        after = page.pageInfo.endCursor;
      } while (forth.at(-1)?.pageInfo.hasNextPage);
      for (const [at, page] of forth.slice(0, -1).entries()) {
        const next = forth[at + 1];
        const back = await fetchPage({
          ...variables,
          last: page.nodes.length,
          before: next?.pageInfo.startCursor,
        });
        expect(back.nodes).toEqual(page.nodes);
        expect(back.pageInfo).toEqual({
          ...page.pageInfo,
          hasNextPage: true,
          hasPreviousPage: at > 0,
        });
        const between = await fetchPage({
          ...variables,
          first: 100,
          after: forth[at - 1]?.pageInfo.endCursor,
          before: next?.pageInfo.startCursor,
        });
        expect(between.nodes).toEqual(page.nodes);
      }
    }),
    { numRuns: 12 },
  );
});
