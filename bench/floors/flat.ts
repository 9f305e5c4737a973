// A floor: one statement that returns flat rows, out of which JavaScript makes JSON.
import { MORE } from './flat-more.ts';
import { allowedOf, CALLER, whereAllowed } from './rights.ts';
import {
  groupBy,
  MEMBERSHIP,
  type Membership,
  membershipOf,
  ORGANIZATION,
  type Organization,
  organizationOf,
  ROLE,
  ROLES_HELD,
  type Role,
  roleOf,
  USER,
  type User,
  userOf,
} from './rows.ts';
import { type Answer, LISTED, membershipsOf, membersOf, serveFloor } from './serve.ts';

const userWithMemberships: Answer = async (pool, account, { id }) => {
  type Row = User & Membership & Organization & Role;
  const { rows } = await pool.query<Row>({
    name: 'a',
    text: `SELECT ${USER}, ${MEMBERSHIP}, ${ORGANIZATION}, ${ROLE}
FROM ${CALLER} JOIN "user" u ON u.id = caller.user_id LEFT JOIN LATERAL (${membershipsOf('u.id')}) m ON true
LEFT JOIN organization o ON o.id = m.organization_id ${ROLES_HELD}
WHERE u.id = $5 ORDER BY m.created_at, m.id, r.created_at, r.id`,
    values: [...account, id],
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

const organizationWithMembers: Answer = async (pool, account, { id }) => {
  type Row = Organization & Membership & User & Role & { total: number };
  const { rows } = await pool.query<Row>({
    name: 'b',
    text: `SELECT ${ORGANIZATION}, ${LISTED} AS total, ${MEMBERSHIP}, ${USER}, ${ROLE}
FROM ${CALLER} ${whereAllowed('$5', 'membership:read', 'membership:readDetails')} LEFT JOIN LATERAL (${membersOf('o.id', 50)}) m ON true
LEFT JOIN "user" u ON u.id = m.user_id ${ROLES_HELD}
ORDER BY m.created_at, m.id, r.created_at, r.id`,
    values: [...account, id],
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

const organizationsWithMembers: Answer = async (pool, account, { id }) => {
  type Row = Organization & Membership & User;
  const { rows } = await pool.query<Row>({
    name: 'c',
    text: `${allowedOf('membership:read', 'membership:readDetails')}
SELECT ${ORGANIZATION}, ${MEMBERSHIP}, ${USER}
FROM unnest($5::uuid[]) WITH ORDINALITY AS k(id, place) JOIN allowed ON allowed.organization_id = k.id
JOIN organization o ON o.id = k.id LEFT JOIN LATERAL (${membersOf('o.id', 10)}) m ON true
LEFT JOIN "user" u ON u.id = m.user_id ORDER BY k.place, m.created_at, m.id`,
    values: [...account, id],
  });
  const nodes = groupBy(rows, 'organization_id', (row, all) => ({
    ...organizationOf(row),
    memberships: {
      nodes: groupBy(all, 'membership_id', (one) => ({ ...membershipOf(one), user: userOf(one) })),
    },
  }));
  return rows.length === 0 ? null : JSON.stringify({ nodes });
};

await serveFloor({
  a: userWithMemberships,
  b: organizationWithMembers,
  c: organizationsWithMembers,
  ...MORE,
});
