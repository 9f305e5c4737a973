import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { encodeId, NIL_UUID } from '../../src/domain/id.ts';
import type { JsonObject } from '../../src/domain/metadata.ts';
import { found, join } from '../domain/world.ts';
import { graphql } from '../generated/gql.ts';
import type { MembershipFilter, MembershipStatus } from '../generated/graphql.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';

const Listed = graphql(`
  query Listed($id: ID!, $filter: MembershipFilter, $orderBy: MembershipOrder) {
    organization(by: { id: $id }) {
      seats { used }
      memberships(first: 100, filter: $filter, orderBy: $orderBy) {
        totalCount
        nodes { id status name suspendedUntil permissions roles { key } }
      }
    }
  }
`);

const ListedOfUser = graphql(`
  query ListedOfUser($id: ID!, $filter: MembershipFilter, $orderBy: MembershipOrder) {
    user(by: { id: $id }) {
      memberships(first: 100, filter: $filter, orderBy: $orderBy) { totalCount nodes { id status } }
    }
  }
`);

const statuses: MembershipStatus[] = [
  'PENDING_INVITE',
  'INVITE_EXPIRED',
  'ACTIVE',
  'SUSPENDED',
  'REMOVED',
];
const names = [
  'Ada',
  'ADA LOVELACE',
  'Ädä',
  'Zoë Ångström',
  '100% Sure',
  'under_score',
  'back\\slash',
  `O'Neil "Q"`,
  'Łukasz',
  '王小明',
  'Émile 🎉',
  '',
];
const plans: JsonObject[] = [
  {},
  { plan: 'pro' },
  { plan: 'pro', tags: ['a', 'b'] },
  { nested: { deep: [1, { x: true }] } },
];

type Row = {
  id: string;
  status: MembershipStatus;
  name: string | null;
  email: string;
  metadata: object;
  roles: string[];
  created: Date;
  joined: Date | null;
};

let world: TestGateway;
let id: string;
let uuid: string;
let personId: string;

beforeAll(async () => {
  world = await createGateway();
  uuid = await found(world, { displayName: 'Acme' });
  id = encodeId('org', uuid);
  await world.query(
    `INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
     VALUES (gen_random_uuid(), $1, $1, 'support', 'Support', '{}', now(), now()),
            (gen_random_uuid(), $2, NULL, 'support', 'Support', '{}', now(), now())`,
    [uuid, NIL_UUID],
  );
  const person = await join(world, uuid, { email: 'everywhere@example.org' });
  personId = encodeId('usr', person.userId);
  for (let n = 0; n < 80; n += 1) {
    const status = statuses[n % 5];
    const target = status === 'INVITE_EXPIRED' ? 'PENDING_INVITE' : status;
    const email = n % 2 === 0 ? `person${n}@example.com` : `${n}.other+tag@sub-domain.example.org`;
    await join(world, uuid, {
      email,
      status: target,
      name: names[n % names.length] || null,
      metadata: plans[n % 4],
      roleKeys: [['owner', 'admin', 'member'][n % 3] ?? 'member'],
    });
    const elsewhere = await found(world);
    await join(world, elsewhere, { email: 'everywhere@example.org', status: target });
  }
  // Deadlines that passed before anybody settled them, half of the timed ones.
  await world.query(`
    UPDATE membership SET status_deadline = now() - interval '1 second'
    WHERE status = 'PENDING_INVITE' AND id IN (SELECT id FROM membership WHERE status = 'PENDING_INVITE' ORDER BY id LIMIT 60)`);
  await world.query(`
    UPDATE membership SET status_deadline = CASE WHEN hashtext(id::text) % 2 = 0 THEN now() - interval '1 minute' ELSE now() + interval '1 day' END
    WHERE status = 'SUSPENDED' AND hashtext(id::text) % 3 <> 0`);
  // The same role by a second source, and both roles of one key for some.
  await world.query(
    `INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind, granted_at)
     SELECT organization_id, membership_id, role_scope_id, role_id, 'GROUP', 'SYSTEM', now() FROM role_assignment
     WHERE organization_id = $1 AND hashtext(membership_id::text) % 2 = 0`,
    [uuid],
  );
  await world.query(
    `INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind, granted_at)
     SELECT $1, m.id, r.scope_id, r.id, 'DIRECT', 'SYSTEM', now()
     FROM (SELECT id FROM membership WHERE organization_id = $1 AND status = 'ACTIVE' ORDER BY id LIMIT 9) m, role r
     WHERE r.key = 'support' AND r.scope_id IN ($1, $2)`,
    [uuid, NIL_UUID],
  );
});

afterAll(() => world.close());

/** What is stored, with the deadlines thought through once more, in other words. */
async function rowsOf(column: 'organization_id' | 'user_id', value: string): Promise<Row[]> {
  const stored = await world.query<
    Omit<Row, 'joined'> & { deadline: Date | null; joined: Date | null; now: Date }
  >(
    `SELECT m.id, m.status, coalesce(u.name, m.name) AS name, u.email, m.metadata, m.status_deadline AS deadline,
       m.created_at AS created, m.joined_at AS joined, now() AS now,
       array(SELECT r.key || r.id FROM role_assignment a JOIN role r ON r.id = a.role_id WHERE a.membership_id = m.id) AS roles
     FROM membership m JOIN "user" u ON u.id = m.user_id WHERE m.${column} = $1`,
    [value],
  );
  return stored.map(({ deadline, now, ...row }) => {
    const isOver = deadline !== null && deadline <= now;
    const overdue = { PENDING_INVITE: 'INVITE_EXPIRED', SUSPENDED: 'ACTIVE' } as const;
    const status =
      isOver && row.status in overdue ? overdue[row.status as keyof typeof overdue] : row.status;
    return { ...row, status };
  });
}

const plain = (text: string) =>
  text
    .replaceAll('Ł', 'L')
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase();

/** PostgreSQL's containment of objects and arrays, for what these tests store. */
function contains(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part)) {
    return Array.isArray(whole) && part.every((item) => whole.some((one) => contains(one, item)));
  }
  if (typeof part === 'object' && part !== null) {
    return (
      typeof whole === 'object' &&
      whole !== null &&
      !Array.isArray(whole) &&
      Object.entries(part).every(
        ([key, value]) => key in whole && contains(whole[key as keyof typeof whole], value),
      )
    );
  }
  return whole === part;
}

function matches(row: Row, filter: MembershipFilter): boolean {
  const search = plain(filter.search ?? '').trim();
  const allowed = filter.status ?? statuses.filter((status) => status !== 'REMOVED');
  return (
    allowed.includes(row.status) &&
    (plain(row.name ?? '').includes(search) || row.email.includes(search)) &&
    contains(row.metadata, filter.metadata ?? {}) &&
    (filter.roleKey == null || row.roles.some((role) => role.slice(0, -36) === filter.roleKey)) &&
    (filter.roleId == null ||
      row.roles.some((role) => encodeId('rol', role.slice(-36)) === filter.roleId))
  );
}

const anyFilter = fc.record(
  {
    status: fc.array(fc.constantFrom(...statuses), { maxLength: 4 }),
    search: fc.constantFrom(
      '',
      ' ',
      'ada',
      'ADÄ',
      'a',
      'äd',
      'zoe ang',
      'lukasz',
      '王',
      '王小',
      '%',
      '0%',
      '_',
      'r_s',
      '\\',
      'k\\s',
      `o'n`,
      '"q"',
      '🎉',
      'person1',
      '@sub-domain',
      'other+tag',
      'nobody at all',
    ),
    metadata: fc.constantFrom(
      {},
      { plan: 'pro' },
      { tags: ['b'] },
      { nested: { deep: [{ x: true }] } },
      { plan: 'free' },
      { nested: {} },
    ),
    roleKey: fc.constantFrom('owner', 'member', 'support', 'unknown'),
    roleId: fc.constantFrom(encodeId('rol', BUILT_IN_ROLE_IDS.admin), encodeId('rol', NIL_UUID)),
  },
  { requiredKeys: [] },
);

const anyOrder = fc.record({
  field: fc.constantFrom('CREATED_AT', 'JOINED_AT', 'NAME', 'EMAIL'),
  direction: fc.constantFrom('ASC', 'DESC'),
} as const);

function sorted(rows: Row[], order: { field: string; direction: string }): string[] {
  const key = (row: Row): string => {
    switch (order.field) {
      case 'CREATED_AT':
        return row.created.toISOString();
      case 'JOINED_AT':
        return row.joined?.toISOString() ?? 'infinity';
      case 'NAME':
        return plain(row.name ?? '');
      default:
        return row.email;
    }
  };
  const bytes = (row: Row) => Buffer.from(`${key(row)}\0${row.id}`);
  const ascending = [...rows].sort((one, other) => Buffer.compare(bytes(one), bytes(other)));
  return (order.direction === 'DESC' ? ascending.reverse() : ascending).map((row) =>
    encodeId('mbr', row.id),
  );
}

describe('memberships of an organization', () => {
  it('are those that match, in order, and as many as are counted, for any filter', async () => {
    const rows = await rowsOf('organization_id', uuid);
    await fc.assert(
      fc.asyncProperty(anyFilter, anyOrder, async (filter, orderBy) => {
        const { data, errors } = await world.ask(Listed, { id, filter, orderBy });
        expect(errors).toBeUndefined();
        const expected = sorted(
          rows.filter((row) => matches(row, filter)),
          orderBy,
        );
        const list = data?.organization?.memberships;
        expect(list?.nodes.map((node) => node.id)).toEqual(expected);
        expect(list?.totalCount).toBe(expected.length);
      }),
      { numRuns: 200 },
    );
  });

  it('show the status of this moment, with what follows from it', async () => {
    const rows = new Map(
      (await rowsOf('organization_id', uuid)).map((row) => [encodeId('mbr', row.id), row]),
    );
    const { data } = await world.ask(Listed, { id, filter: { status: statuses } });
    const nodes = data?.organization?.memberships?.nodes ?? [];
    expect(nodes).toHaveLength(rows.size);
    for (const node of nodes) {
      const row = rows.get(node.id);
      expect(node.status).toBe(row?.status);
      expect((node.permissions ?? []).length > 0, node.status).toBe(node.status === 'ACTIVE');
      expect(node.suspendedUntil === null || node.status === 'SUSPENDED').toBe(true);
      expect(new Set(node.roles.map((role) => role.key)).size).toBeLessThanOrEqual(
        node.roles.length,
      );
    }
    const taken = await world.query<{ used: number }>(
      `SELECT count(*) FILTER (WHERE status = 'ACTIVE' OR (status = 'SUSPENDED' AND status_deadline IS NOT NULL)
         OR (status = 'PENDING_INVITE' AND status_deadline > now()))::int AS used
       FROM membership WHERE organization_id = $1`,
      [uuid],
    );
    expect(data?.organization?.seats?.used).toBe(taken[0]?.used);
  });
});

describe('memberships of a user', () => {
  it('are those that match, in order, and as many as are counted, for any filter', async () => {
    const [person] = await world.query<{ id: string }>(
      `SELECT id FROM "user" WHERE email = 'everywhere@example.org'`,
    );
    const rows = await rowsOf('user_id', person?.id ?? '');
    await fc.assert(
      fc.asyncProperty(anyFilter, anyOrder, async (filter, orderBy) => {
        const { data, errors } = await world.ask(ListedOfUser, { id: personId, filter, orderBy });
        expect(errors).toBeUndefined();
        const expected = sorted(
          rows.filter((row) => matches(row, filter)),
          orderBy,
        );
        const list = data?.user?.memberships;
        expect(list?.nodes.map((node) => node.id)).toEqual(expected);
        expect(list?.totalCount).toBe(expected.length);
      }),
      { numRuns: 60 },
    );
  });
});
