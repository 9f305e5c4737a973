/** The other operations of the floor with flat rows. */
import { CALLER, whereAllowed } from './rights.ts';
import {
  AFTER,
  groupBy,
  MEMBERSHIP,
  type Membership,
  membershipOf,
  ORGANIZATION,
  type Organization,
  organizationOf,
  pageOf,
  ROLE,
  ROLES_HELD,
  type Role,
  roleOf,
  USER,
  type User,
  userOf,
} from './rows.ts';
import { type Answer, membershipsOf, membersOf } from './serve.ts';

type Listed = Membership & { membership_id: string; created_at: Date };

const OWN = 100;
const EVENTS = 50;

const search: Answer = async (pool, account, { id, first, search: part = '', after }) => {
  const from = after === undefined ? '' : AFTER('$7', '$8');
  const { rows } = await pool.query<Listed & User>({
    // Without a name it is planned for what is searched for: what many have in their names is met soon on the way
    // through the list, and what few have is found by the index.
    text: `SELECT ${MEMBERSHIP}, m.created_at, ${USER}
FROM ${CALLER} ${whereAllowed('$5', 'membership:read', 'membership:readDetails')}
CROSS JOIN LATERAL (${membersOf('$5', first + 1, ` AND search_text LIKE $6${from}`)}) m
JOIN "user" u ON u.id = m.user_id ORDER BY m.created_at, m.id`,
    values: [...account, id, `%${part.trim().toLowerCase()}%`, ...(after?.split('|') ?? [])],
  });
  const { page, pageInfo } = pageOf(rows, first);
  const nodes = page.map((row) => ({ ...membershipOf(row), user: userOf(row) }));
  return rows.length === 0
    ? null
    : JSON.stringify({ organization: { id, memberships: { pageInfo, nodes } } });
};

const ownMemberships: Answer = async (pool, account, { after }) => {
  const from = after === undefined ? '' : AFTER('$5', '$6');
  const { rows } = await pool.query<Listed & Organization>({
    name: `e ${from}`,
    text: `SELECT ${MEMBERSHIP}, m.created_at, ${ORGANIZATION}
FROM ${CALLER} CROSS JOIN LATERAL (${membershipsOf('caller.user_id', OWN + 1, from)}) m
JOIN organization o ON o.id = m.organization_id ORDER BY m.created_at, m.id`,
    values: [...account, ...(after?.split('|') ?? [])],
  });
  const { page, pageInfo } = pageOf(rows, OWN);
  const nodes = page.map((row) => ({ ...membershipOf(row), organization: organizationOf(row) }));
  return rows.length === 0
    ? null
    : JSON.stringify({ viewer: { memberships: { pageInfo, nodes } } });
};

// What the roles give stands in the first row, once for each role.
const ownPermissions: Answer = async (pool, account) => {
  type Given = { given: Record<string, string[]> | null };
  const { rows } = await pool.query<Listed & Organization & Given & { role_id: string | null }>({
    name: 'f',
    text: `WITH page AS MATERIALIZED (
  SELECT m.* FROM ${CALLER} CROSS JOIN LATERAL (${membershipsOf('caller.user_id', OWN)}) m
), held AS MATERIALIZED (
  SELECT m.id, a.role_id FROM page m JOIN role_assignment a ON a.membership_id = m.id WHERE m.status = 'ACTIVE'
), given AS (
  SELECT d.role_id, array_agg(p.permission ORDER BY p.permission) AS permissions
  FROM (SELECT DISTINCT role_id FROM held) d CROSS JOIN LATERAL role_permissions(d.role_id) p GROUP BY 1
)
SELECT ${MEMBERSHIP}, m.created_at, ${ORGANIZATION}, held.role_id,
  CASE WHEN row_number() OVER (ORDER BY m.created_at, m.id) = 1 THEN (SELECT json_object_agg(role_id, permissions) FROM given) END AS given
FROM page m JOIN organization o ON o.id = m.organization_id LEFT JOIN held ON held.id = m.id ORDER BY m.created_at, m.id`,
    values: account,
  });
  const given = rows[0]?.given ?? {};
  const nodes = groupBy(rows, 'membership_id', (row, all) => ({
    ...membershipOf(row),
    permissions: permissionsOf(all.map(({ role_id }) => given[role_id ?? ''] ?? [])),
    organization: organizationOf(row),
  }));
  return rows.length === 0
    ? null
    : JSON.stringify({ viewer: { kind: 'USER', memberships: { nodes } } });
};

function permissionsOf([first = [], ...others]: string[][]): string[] {
  return others.length === 0 ? first : [...new Set([first, ...others].flat())].sort();
}

const membershipById: Answer = async (pool, account, { id }) => {
  type Row = Listed & User & Organization & Role & { joined_at: Date | null };
  const { rows } = await pool.query<Row>({
    name: 'g',
    text: `SELECT m.id AS membership_id, membership_status_at(m.status, m.status_deadline, now()) AS status, m.joined_at,
  ${USER}, ${ORGANIZATION}, ${ROLE}
FROM membership m CROSS JOIN ${CALLER} ${whereAllowed('m.organization_id', 'membership:read', 'membership:readDetails')}
JOIN "user" u ON u.id = m.user_id ${ROLES_HELD} WHERE m.id = $5 ORDER BY r.created_at, r.id`,
    values: [...account, id],
  });
  const [row] = rows;
  if (row === undefined) {
    return null;
  }
  const node = {
    ...membershipOf(row),
    joinedAt: row.joined_at,
    emailAddress: row.email,
    user: userOf(row),
    organization: organizationOf(row),
    roles: groupBy(rows, 'role_id', roleOf),
  };
  return JSON.stringify({ node });
};

const newestEvents: Answer = async (pool, account, { id }) => {
  type Event = {
    event_id: string;
    type: string;
    cause: string;
    sequence: number;
    occurred_at: Date;
    actor_id: string | null;
    reason: string | null;
    membership_id: string;
    previous_status: string | null;
    status: string;
  };
  const { rows } = await pool.query<Event & User>({
    name: 'h',
    text: `SELECT e.id AS event_id, e.type, e.cause, e.sequence, e.occurred_at, e.actor_id, d.reason, e.membership_id,
  e.previous_status, e.status, ${USER}
FROM ${CALLER} ${whereAllowed('$5', 'event:read', 'membership:read', 'membership:readDetails')}
CROSS JOIN LATERAL (SELECT * FROM event WHERE organization_id = $5 ORDER BY sequence DESC LIMIT ${EVENTS + 1}) e
LEFT JOIN event_detail d ON d.event_id = e.id LEFT JOIN "user" u ON u.id = e.user_id ORDER BY e.sequence`,
    values: [...account, id],
  });
  const nodes = rows.slice(-EVENTS).map((row) => ({
    id: row.event_id,
    type: row.type,
    cause: row.cause,
    sequence: row.sequence,
    occurredAt: row.occurred_at,
    actorId: row.actor_id,
    reason: row.reason,
    membershipId: row.membership_id,
    previousStatus: row.previous_status,
    status: row.status,
    user: userOf(row),
  }));
  const pageInfo = { hasPreviousPage: rows.length > EVENTS };
  return rows.length === 0
    ? null
    : JSON.stringify({ organization: { id, events: { pageInfo, nodes } } });
};

/** By operation. */
export const MORE: Record<string, Answer> = {
  d: search,
  d100: search,
  e: ownMemberships,
  f: ownPermissions,
  f2000: ownPermissions,
  g: membershipById,
  h: newestEvents,
};
