// A floor: one statement that returns flat rows, out of which JavaScript makes JSON.
import { type Answer, caller, LISTED, membershipsOf, membersOf, serveFloor } from './serve.ts';

type Organization = { organization_id: string; display_name: string; slug: string };
type User = { user_id: string; user_name: string | null; email: string };
type Membership = { membership_id: string | null; status: string };
type Role = { role_id: string | null; key: string; role_name: string };

const ORGANIZATION = 'o.id AS organization_id, o.display_name, o.slug';
const USER = 'u.id AS user_id, u.name AS user_name, u.email';
const MEMBERSHIP = 'm.id AS membership_id, m.status';
const ROLE = 'r.id AS role_id, r.key, r.display_name AS role_name';
const ROLES_HELD =
  'LEFT JOIN role_assignment a ON a.membership_id = m.id LEFT JOIN role r ON r.id = a.role_id';

const userWithMemberships: Answer = async (pool, keyHash, { id }) => {
  type Row = User & Membership & Organization & Role;
  const { rows } = await pool.query<Row>({
    name: 'a',
    text: `SELECT ${USER}, ${MEMBERSHIP}, ${ORGANIZATION}, ${ROLE}
FROM ${caller('user:read', 'membership:read')} CROSS JOIN "user" u LEFT JOIN LATERAL (${membershipsOf('u.id')}) m ON true
LEFT JOIN organization o ON o.id = m.organization_id ${ROLES_HELD}
WHERE u.id = $2 ORDER BY m.created_at, m.id, r.created_at, r.id`,
    values: [keyHash, id],
  });
  const [first] = rows;
  if (first === undefined) {
    return null;
  }
  const nodes = groupBy(rows, 'membership_id', (row, all) => ({
    ...membershipOf(row),
    organization: organizationOf(row),
    roles: groupBy(all, 'role_id', roleOf),
  }));
  return JSON.stringify({ user: { ...userOf(first), memberships: { nodes } } });
};

const organizationWithMembers: Answer = async (pool, keyHash, { id }) => {
  type Row = Organization & Membership & User & Role & { total: number };
  const { rows } = await pool.query<Row>({
    name: 'b',
    text: `SELECT ${ORGANIZATION}, ${LISTED} AS total, ${MEMBERSHIP}, ${USER}, ${ROLE}
FROM ${caller('membership:read', 'user:read')} CROSS JOIN organization o LEFT JOIN LATERAL (${membersOf('o.id', 50)}) m ON true
LEFT JOIN "user" u ON u.id = m.user_id ${ROLES_HELD}
WHERE o.id = $2 ORDER BY m.created_at, m.id, r.created_at, r.id`,
    values: [keyHash, id],
  });
  const [first] = rows;
  if (first === undefined) {
    return null;
  }
  const nodes = groupBy(rows, 'membership_id', (row, all) => ({
    ...membershipOf(row),
    user: userOf(row),
    roles: groupBy(all, 'role_id', roleOf),
  }));
  const memberships = { totalCount: first.total, nodes };
  return JSON.stringify({ organization: { ...organizationOf(first), memberships } });
};

const organizationsWithMembers: Answer = async (pool, keyHash, { id }) => {
  type Row = Organization & Membership & User;
  const { rows } = await pool.query<Row>({
    name: 'c',
    text: `SELECT ${ORGANIZATION}, ${MEMBERSHIP}, ${USER}
FROM ${caller('membership:read', 'user:read')} CROSS JOIN unnest($2::uuid[]) WITH ORDINALITY AS k(id, place)
JOIN organization o ON o.id = k.id LEFT JOIN LATERAL (${membersOf('o.id', 10)}) m ON true
LEFT JOIN "user" u ON u.id = m.user_id ORDER BY k.place, m.created_at, m.id`,
    values: [keyHash, id],
  });
  const nodes = groupBy(rows, 'organization_id', (row, all) => ({
    ...organizationOf(row),
    memberships: {
      nodes: groupBy(all, 'membership_id', (one) => ({ ...membershipOf(one), user: userOf(one) })),
    },
  }));
  return rows.length === 0 ? null : JSON.stringify({ nodes });
};

const organizationOf = (row: Organization) => ({
  id: row.organization_id,
  displayName: row.display_name,
  slug: row.slug,
});
const userOf = (row: User) => ({ id: row.user_id, name: row.user_name, email: row.email });
const membershipOf = (row: Membership) => ({ id: row.membership_id, status: row.status });
const roleOf = (row: Role) => ({ id: row.role_id, key: row.key, displayName: row.role_name });

// Rows of one thing stand side by side; one whose id is null is an outer join's nothing.
function groupBy<Key extends string, Row extends Record<Key, string | null>, Made>(
  rows: Row[],
  key: Key,
  make: (row: Row, all: Row[]) => Made,
): Made[] {
  const made: Made[] = [];
  let start = 0;
  for (let end = 1; end <= rows.length; end += 1) {
    const row = rows[start];
    if (row !== undefined && row[key] !== rows[end]?.[key]) {
      if (row[key] !== null) {
        made.push(make(row, rows.slice(start, end)));
      }
      start = end;
    }
  }
  return made;
}

await serveFloor({
  a: userWithMemberships,
  b: organizationWithMembers,
  c: organizationsWithMembers,
});
