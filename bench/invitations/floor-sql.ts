/**
 * Invitations by hand: one statement each, after the locks were had. A case that no request of the benchmark brings
 * about (people who are known already, chosen roles, a person as the inviter) is refused, but looked for.
 */
import { caller } from '../floors/serve.ts';
import { begun, nothingOverdue } from '../writes/floor-sql.ts';

/** Before the locks: whether the holder of the key ($1) may invite, and the organization that is to be locked. */
export const INVITING_TO = `
  SELECT target.id FROM ${caller('membership:invite')} CROSS JOIN (SELECT id FROM organization WHERE id = $2) AS target`;

/** Before the locks: where the invitation of a token ($1: its hash) leads. */
export const LEADING_TO = `
  SELECT i.organization_id AS id FROM invitation_token t
  JOIN invitation i ON i.id = t.invitation_id AND i.send_count = t.send_number WHERE t.token_hash = $1`;

const EVENT = `event (id, organization_id, sequence, type, cause, actor_kind, actor_id, membership_id, user_id,
  invitation_id, previous_status, status, request_id, occurred_at)`;

/** $1 is the hash of the key, $2 the organization, $3 the id of the request, $4 the rows as JSON, with new ids. */
export const INVITE = `
WITH ${begun('membership:invite')}, input AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset($4) AS input(place int, email text, search text, "user" uuid, membership uuid,
    invitation uuid, moved uuid, sent uuid)
), present AS (
  SELECT u.id FROM "user" u JOIN input USING (email) ORDER BY u.id FOR NO KEY UPDATE OF u
), terms AS (
  SELECT r.id AS role_id, r.scope_id, r.key, now + e.invitation_lifetime * interval '1 s' AS deadline
  FROM caller CROSS JOIN clock CROSS JOIN environment e CROSS JOIN organization o
  JOIN role r ON r.id = coalesce(o.member_role_id, e.member_role_id)
  WHERE o.id = $2 AND e.identity_model = 'SHARED' AND o.email_invites = 'ALL_ALLOWED' AND ${nothingOverdue()}
    AND NOT EXISTS (SELECT FROM present) AND (SELECT count(DISTINCT email) = count(*) FROM input)
    AND (o.seat_limit IS NULL OR o.seat_limit >= o.active_count + o.pending_count + (SELECT count(*) FROM input) + (
      SELECT count(*) FROM membership
      WHERE organization_id = $2 AND status = 'SUSPENDED' AND status_deadline IS NOT NULL))
), made AS (
  INSERT INTO "user" (id, email, invited_only, membership_count, name_key, search_text, created_at, updated_at)
  SELECT "user", email, true, 1, '', search, now, now FROM input, terms, clock ORDER BY email
), added AS (
  INSERT INTO membership (id, organization_id, user_id, status, status_changed_at, status_deadline,
    provisioning_method, name_key, email_key, search_text, created_at, updated_at)
  SELECT membership, $2, "user", 'PENDING_INVITE', now, deadline, 'INVITATION', '', email, search, now, now
  FROM input, terms, clock
), offered AS (
  INSERT INTO invitation (id, organization_id, membership_id, email, status, inviter_kind, inviter_id, send_count,
    expires_at, search_text, created_at, updated_at)
  SELECT invitation, $2, membership, email, 'PENDING', 'API_KEY', caller.id, 1, deadline, search, now, now
  FROM input, terms, caller, clock
), roles AS (
  INSERT INTO invitation_role (organization_id, invitation_id, role_scope_id, role_id, source)
  SELECT $2, invitation, scope_id, role_id, 'DEFAULT' FROM input, terms
), counted AS (
  UPDATE organization o SET sequence = o.sequence + 2 * size, pending_count = o.pending_count + size
  FROM terms, (SELECT count(*)::int AS size FROM input) AS input WHERE o.id = $2
  RETURNING o.sequence - 2 * size AS before
), noted AS (
  INSERT INTO ${EVENT}
  SELECT * FROM (
    SELECT moved AS id, $2::uuid, before + 2 * place + 1 AS number, 'MEMBERSHIP_STATUS_CHANGED'::event_type,
      'INVITED'::event_cause, 'API_KEY'::actor_kind, caller.id, membership, "user", invitation, NULL::membership_status,
      'PENDING_INVITE'::membership_status, $3, now
    FROM input, counted, caller, clock
    UNION ALL
    SELECT sent, $2, before + 2 * place + 2, 'INVITATION_SENT', 'INVITED', 'API_KEY', caller.id, membership, "user",
      invitation, NULL, NULL, $3, now
    FROM input, counted, caller, clock
  ) AS events ORDER BY number
), told AS (
  INSERT INTO event_detail (event_id, membership_id, user_id, detail)
  SELECT moved, membership, "user", jsonb_build_object('roles', jsonb_build_array(
    jsonb_build_object('id', role_id, 'key', key, 'source', 'DEFAULT')))
  FROM input, terms
), mailed AS (
  INSERT INTO pgboss.job (name, data, start_after, created_on, expire_seconds, deletion_seconds, keep_until,
    retry_limit, retry_delay, retry_backoff, retry_delay_max, policy, dead_letter, heartbeat_seconds)
  SELECT name, jsonb_build_object('kind', 'invitationMail', 'invitationId', invitation, 'sendNumber', 1), now, now,
    expire_seconds, deletion_seconds, now + retention_seconds * interval '1 s', retry_limit, retry_delay, retry_backoff,
    retry_delay_max, policy, dead_letter, heartbeat_seconds
  FROM input, terms, clock, pgboss.queue WHERE name = 'mail'
)
SELECT invitation AS id, 'PENDING' AS status FROM input, terms ORDER BY place`;

/** $1 is the hash of the token, $2 the organization, $3 the id of the request, $4, $5 and $6 new ids of events. */
export const ACCEPT = `
WITH clock AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS now), offer AS MATERIALIZED (
  SELECT i.id, i.membership_id, i.inviter_id, m.user_id, o.display_name, e.memberships_per_user
  FROM invitation_token t JOIN invitation i ON i.id = t.invitation_id AND i.send_count = t.send_number
  JOIN membership m ON m.id = i.membership_id JOIN organization o ON o.id = i.organization_id
  CROSS JOIN environment e CROSS JOIN clock
  WHERE t.token_hash = $1 AND i.organization_id = $2 AND i.status = 'PENDING' AND i.expires_at > now
    AND e.identity_model = 'SHARED' AND ${nothingOverdue()}
    AND NOT EXISTS (SELECT FROM invitation_role WHERE invitation_id = i.id AND source <> 'DEFAULT')
    AND i.inviter_kind = 'API_KEY' AND EXISTS (
      SELECT FROM api_key k WHERE k.id = i.inviter_id AND revoked_at IS NULL AND coalesce(k.expires_at > now, true)
        AND coalesce(organization_id, $2) = $2 AND permissions && ARRAY['membership:invite', 'membership:*', '*:*'])
), person AS (
  SELECT u.id, invited_only, email_verified FROM "user" u JOIN offer ON u.id = user_id
  WHERE NOT EXISTS (SELECT FROM identity WHERE identity.user_id = u.id) FOR NO KEY UPDATE OF u
), known AS (
  UPDATE "user" u SET invited_only = false, email_verified = true, updated_at = now,
    version = u.version + u.invited_only::int + (NOT u.email_verified)::int
  FROM person, clock WHERE u.id = person.id
), joined AS (
  UPDATE membership m SET status = 'ACTIVE', status_reason = NULL, status_changed_at = now, status_deadline = NULL,
    joined_at = coalesce(joined_at, now), provisioning_method = 'INVITATION', version = m.version + 1, updated_at = now,
    single_user_id = CASE memberships_per_user WHEN 'ONE' THEN m.user_id END
  FROM offer, person, clock WHERE m.id = offer.membership_id AND m.status = 'PENDING_INVITE'
  RETURNING m.id, m.user_id, m.status
), ended AS (
  UPDATE invitation i SET status = 'ACCEPTED', accepted_at = now, version = i.version + 1, updated_at = now
  FROM offer, joined, clock WHERE i.id = offer.id
), assigned AS (
  INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind,
    granted_by_id, granted_at)
  SELECT $2, joined.id, role_scope_id, role_id, 'DEFAULT', 'API_KEY', inviter_id, now
  FROM joined, offer, clock, invitation_role WHERE invitation_id = offer.id
), counted AS (
  UPDATE organization o SET sequence = o.sequence + 1, active_count = o.active_count + 1,
    pending_count = o.pending_count - 1
  FROM joined WHERE o.id = $2 RETURNING o.sequence
), welcomed AS (
  INSERT INTO event (id, type, cause, actor_kind, user_id, request_id, occurred_at)
  SELECT $5, 'USER_CREATED', 'CREATED', 'ANONYMOUS', person.id, $3, now FROM person, joined, clock WHERE invited_only
), verified AS (
  INSERT INTO event (id, type, cause, actor_kind, user_id, request_id, occurred_at)
  SELECT $6, 'USER_UPDATED', 'UPDATED', 'ANONYMOUS', person.id, $3, now FROM person, joined, clock
  WHERE NOT email_verified RETURNING id, user_id
), noted AS (
  INSERT INTO ${EVENT}
  SELECT $4, $2, sequence, 'MEMBERSHIP_STATUS_CHANGED', 'ACCEPTED', 'ANONYMOUS', NULL, joined.id, user_id, (
    SELECT id FROM offer), 'PENDING_INVITE', 'ACTIVE', $3, now
  FROM joined, counted, clock RETURNING id, membership_id, user_id
), told AS (
  INSERT INTO event_detail (event_id, membership_id, user_id, detail)
  SELECT noted.id, membership_id, user_id, jsonb_build_object('roles', (
    SELECT jsonb_agg(jsonb_build_object('id', role.id, 'key', role.key, 'source', source))
    FROM invitation_role JOIN role ON role.id = role_id WHERE invitation_id = (SELECT id FROM offer)))
  FROM noted
  UNION ALL
  SELECT id, NULL, user_id, '{"changes": [{"field": "emailVerified", "before": false, "after": true}]}' FROM verified
)
SELECT joined.id, joined.status, display_name AS "organizationName" FROM joined, offer`;
