/**
 * The same writes by hand: one statement each, after the locks were had. What the rules ask is asked in it, and where
 * they say no it changes nothing and returns no row. A case that no request of the benchmark brings about (somebody
 * comes back, a deadline is overdue, profiles per organization) is refused, too, but looked for.
 */
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { NIL_UUID } from '../../src/domain/id.ts';
import { caller } from '../floors/serve.ts';

/** Before the locks: whether the holder of the key ($1) may, and the organization that is to be locked. */
export const ORGANIZATION_OF = {
  membershipCreate: organizationOf(
    'membership:create',
    'SELECT id FROM organization WHERE id = $2',
  ),
  membershipRoleAssign: organizationOf(
    'role:assign',
    'SELECT organization_id AS id FROM membership WHERE id = $2',
  ),
  membershipSuspend: organizationOf(
    'membership:suspend',
    'SELECT organization_id AS id FROM membership WHERE id = $2',
  ),
};

/** Begins the transaction with its locks, in one message. The id must be a uuid out of the database. */
export function begin(organizationId: string): string {
  const [environment, organization] = ['environment', `organization:${organizationId}`].map(
    (name) => `hashtextextended('gatehouse:${name}', 0)`,
  );
  return `BEGIN; SET LOCAL lock_timeout = '3s'; SELECT pg_advisory_xact_lock_shared(${environment});
    SELECT pg_advisory_xact_lock(${organization})`;
}

// $1 is the hash of the key, $2 the organization, $3 the id of the request, $4 the id of the event.
const EVENT = `event (id, organization_id, sequence, type, cause, actor_kind, actor_id, membership_id, user_id,
  previous_status, status, request_id, occurred_at)`;

/** $5 is the membership. */
export const SUSPEND = `
WITH ${begun('membership:suspend')}, changed AS (
  UPDATE membership m SET status = 'SUSPENDED', status_reason = NULL, status_changed_at = now, status_deadline = NULL,
    version = version + 1, updated_at = now
  FROM caller, clock
  WHERE m.id = $5 AND m.organization_id = $2 AND m.status = 'ACTIVE' AND ${nothingOverdue()}
    AND (NOT ${owns('m.id')} OR '*:*' = ANY(caller.permissions) AND EXISTS (
      SELECT FROM membership other WHERE other.organization_id = $2 AND other.id <> $5 AND other.status = 'ACTIVE'
        AND ${owns('other.id')}))
  RETURNING m.id, m.user_id, m.status, m.version
), counted AS (
  UPDATE organization o SET sequence = o.sequence + 1, active_count = o.active_count - 1,
    suspended_count = o.suspended_count + 1
  FROM changed WHERE o.id = $2 RETURNING o.sequence
), noted AS (
  INSERT INTO ${EVENT}
  SELECT $4, $2, sequence, 'MEMBERSHIP_STATUS_CHANGED', 'SUSPENDED', 'API_KEY', caller.id, changed.id, user_id,
    'ACTIVE', 'SUSPENDED', $3, now
  FROM changed, counted, caller, clock
)
SELECT id, status, version FROM changed`;

/** $5 is the membership, $6 the keys of the roles. */
export const ASSIGN = `
WITH RECURSIVE ${begun('role:assign')}, given AS (
  SELECT DISTINCT ON (key) id, scope_id, key, permissions, extends_role_id FROM role
  WHERE key = ANY($6::text[]) AND scope_id IN ($2, '${NIL_UUID}') ORDER BY key, scope_id = '${NIL_UUID}'
), granted(permissions, extends_role_id) AS (
  SELECT permissions, extends_role_id FROM given
  UNION SELECT r.permissions, r.extends_role_id FROM granted JOIN role r ON r.id = granted.extends_role_id
), target AS (
  SELECT m.id, m.user_id, m.status, m.version FROM membership m, caller
  WHERE m.id = $5 AND m.organization_id = $2 AND m.status IN ('ACTIVE', 'SUSPENDED') AND ${nothingOverdue()}
    AND (SELECT count(*) FROM given) = cardinality($6::text[])
    AND NOT EXISTS (
      SELECT FROM granted, unnest(granted.permissions) AS permission
      WHERE NOT caller.permissions && ARRAY[permission, split_part(permission, ':', 1) || ':*', '*:*'])
), added AS (
  INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind,
    granted_by_id, granted_at)
  SELECT $2, target.id, given.scope_id, given.id, 'DIRECT', 'API_KEY', caller.id, now FROM target, given, caller, clock
  ON CONFLICT DO NOTHING RETURNING role_id
), changed AS (
  UPDATE membership m SET version = m.version + 1, updated_at = now
  FROM clock WHERE m.id = $5 AND EXISTS (SELECT FROM added) RETURNING m.id, m.user_id, m.status, m.version
), counted AS (
  UPDATE organization o SET sequence = o.sequence + 1 FROM changed WHERE o.id = $2 RETURNING o.sequence
), noted AS (
  INSERT INTO ${EVENT}
  SELECT $4, $2, sequence, 'MEMBERSHIP_ROLES_CHANGED', 'ROLE_ASSIGNED', 'API_KEY', caller.id, changed.id, user_id,
    NULL, NULL, $3, now
  FROM changed, counted, caller, clock RETURNING id, membership_id, user_id
), told AS (
  INSERT INTO event_detail (event_id, membership_id, user_id, detail)
  SELECT noted.id, membership_id, user_id, jsonb_build_object('removed', '[]'::jsonb, 'added', (
    SELECT jsonb_agg(jsonb_build_object('id', given.id, 'key', key, 'source', 'DIRECT'))
    FROM added JOIN given ON given.id = role_id))
  FROM noted
)
SELECT id, status, version FROM changed
UNION ALL SELECT id, status, version FROM target WHERE NOT EXISTS (SELECT FROM added)`;

/** $5 is the address, $6 what it is found by, $7, $8 and $9 new ids: of the membership, the user, and their event. */
export const CREATE = `
WITH ${begun('membership:create')}, terms AS (
  SELECT r.id AS role_id, r.scope_id, r.key, e.memberships_per_user FROM caller CROSS JOIN environment e CROSS JOIN organization o
  JOIN role r ON r.id = coalesce(o.member_role_id, e.member_role_id)
  WHERE o.id = $2 AND e.identity_model = 'SHARED' AND ${nothingOverdue()} AND (
    o.seat_limit IS NULL OR o.seat_limit > o.active_count + o.pending_count + (
      SELECT count(*) FROM membership
      WHERE organization_id = $2 AND status = 'SUSPENDED' AND status_deadline IS NOT NULL))
), present AS (
  SELECT id, name_key, search_text, invited_only FROM "user" WHERE email = $5 FOR NO KEY UPDATE
), known AS (
  UPDATE "user" u SET membership_count = u.membership_count + 1 FROM present, terms
  WHERE u.id = present.id AND NOT present.invited_only AND NOT EXISTS (
    SELECT FROM membership WHERE organization_id = $2 AND user_id = present.id)
  RETURNING u.id, u.name_key, u.search_text
), made AS (
  INSERT INTO "user" (id, email, membership_count, name_key, search_text, created_at, updated_at)
  SELECT $8, $5, 1, '', $6, now, now FROM terms, clock WHERE NOT EXISTS (SELECT FROM present)
  RETURNING id, name_key, search_text
), added AS (
  INSERT INTO membership (id, organization_id, user_id, status, status_changed_at, single_user_id, joined_at,
    provisioning_method, name_key, email_key, search_text, created_at, updated_at)
  SELECT $7, $2, person.id, 'ACTIVE', now, CASE memberships_per_user WHEN 'ONE' THEN person.id END, now,
    'ADDED', name_key, $5, search_text, now, now
  FROM terms, clock, (SELECT * FROM known UNION ALL SELECT * FROM made) AS person
  RETURNING id, user_id, status, version
), assigned AS (
  INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind,
    granted_by_id, granted_at)
  SELECT $2, added.id, scope_id, role_id, 'DEFAULT', 'API_KEY', caller.id, now FROM added, terms, caller, clock
), counted AS (
  UPDATE organization o SET sequence = o.sequence + 1, active_count = o.active_count + 1
  FROM added WHERE o.id = $2 RETURNING o.sequence
), welcomed AS (
  INSERT INTO event (id, type, cause, actor_kind, actor_id, user_id, request_id, occurred_at)
  SELECT $9, 'USER_CREATED', 'CREATED', 'API_KEY', caller.id, made.id, $3, now FROM made, caller, clock RETURNING id
), noted AS (
  INSERT INTO ${EVENT}
  SELECT $4, $2, sequence, 'MEMBERSHIP_STATUS_CHANGED', 'ADDED', 'API_KEY', caller.id, added.id, user_id,
    NULL, 'ACTIVE', $3, now
  FROM added, counted, caller, clock, (SELECT count(*) FROM welcomed) AS before
  RETURNING id, membership_id, user_id
), told AS (
  INSERT INTO event_detail (event_id, membership_id, user_id, detail)
  SELECT noted.id, membership_id, user_id, jsonb_build_object('roles', jsonb_build_array(
    jsonb_build_object('id', role_id, 'key', key, 'source', 'DEFAULT')))
  FROM noted, terms
)
SELECT id, status, version FROM added`;

function organizationOf(permission: string, source: string): string {
  return `SELECT target.id FROM ${caller(permission)} CROSS JOIN (${source}) AS target`;
}

/** Rights and the time are those after the locks: this statement begins when they are had. */
export function begun(permission: string): string {
  return `caller AS MATERIALIZED (SELECT * FROM ${caller(permission)}),
clock AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now)`;
}

/** Nobody in the organization ($2) has a deadline that has passed. */
export function nothingOverdue(): string {
  return `NOT EXISTS (SELECT FROM membership late, clock WHERE late.organization_id = $2
    AND late.status IN ('PENDING_INVITE', 'SUSPENDED') AND late.status_deadline <= clock.now)`;
}

function owns(membership: string): string {
  return `EXISTS (SELECT FROM role_assignment WHERE membership_id = ${membership}
    AND role_id = '${BUILT_IN_ROLE_IDS.owner}' AND source = 'DIRECT')`;
}
