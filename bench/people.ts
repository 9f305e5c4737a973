/** The people of a world: how they sign in, some who are in very many organizations, and what has happened. */
import type pg from 'pg';
import { NIL_UUID } from '../src/domain/id.ts';
import { ISSUER, PROVIDER } from './issuer.ts';
import { ORGANIZATIONS, organizationUuid, USERS, userUuid, uuidSql } from './world.ts';

/** A user, by their number, who has to do with all these organizations: every other one as an admin. */
export type Collector = { user: number; organizations: number[] };

export type People = {
  /** How many users there are before the collectors. */
  users: number;
  collectors: Collector[];
  /** Organizations of nobody else: numbers from `from` on. */
  branches: { from: number; count: number };
  hasEvents: boolean;
};

// Collectors come last, so that no first page of members has them.
const COLLECTED = `
  INSERT INTO membership (id, organization_id, user_id, status, status_changed_at, joined_at, provisioning_method,
    primary_identity_provider, name_key, email_key, search_text, created_at, updated_at)
  SELECT ${uuidSql('4', 'n')}, organization_id, u.id, 'ACTIVE', at, at, 'ADDED', '${PROVIDER}', u.name_key, u.email, u.search_text, at, at
  FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS c(user_id, organization_id, n) JOIN "user" u ON u.id = c.user_id,
    LATERAL (SELECT timestamptz '2025-07-01' + n * interval '1 second' AS at) AS joined`;

// What those have who are no admins: half of it inherited, most of it by a wildcard.
const ROLES = `
  INSERT INTO role (id, scope_id, key, display_name, permissions, extends_scope_id, extends_role_id, created_at, updated_at)
  VALUES (${uuidSql('5', '0')}, '${NIL_UUID}', 'steward', 'Steward', ARRAY['organization:read', 'membership:*'],
    NULL, NULL, now(), now()), (${uuidSql('5', '1')}, '${NIL_UUID}', 'supervisor', 'Supervisor',
    ARRAY['role:read', 'event:read'], '${NIL_UUID}', ${uuidSql('5', '0')}, now(), now())`;

const GRANTS = `
  INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind, granted_at,
    created_key, joined_key, name_key, email_key)
  SELECT m.organization_id, m.id, r.scope_id, r.id, 'DIRECT', 'SYSTEM', m.created_at,
    m.created_at, m.joined_at, m.name_key, m.email_key
  FROM membership m JOIN unnest($1::uuid[], $2::text[]) AS c(user_id, key) USING (user_id)
  JOIN role r ON r.key = c.key AND r.scope_id = '${NIL_UUID}' WHERE m.id >= ${uuidSql('4', '0')}`;

const IDENTITIES = `
  INSERT INTO identity (id, user_id, issuer, subject, email, last_used_at, created_at)
  SELECT gen_random_uuid(), id, '${ISSUER}', email, email, created_at, created_at FROM "user"`;

const EVENTS = `
  INSERT INTO event (id, organization_id, sequence, type, cause, actor_kind, actor_id, membership_id, user_id, status, occurred_at)
  SELECT gen_random_uuid(), organization_id, row_number() OVER (PARTITION BY organization_id ORDER BY created_at, id),
    'MEMBERSHIP_STATUS_CHANGED', 'ADDED', 'USER', user_id, id, user_id, status, created_at
  FROM membership ORDER BY created_at, id`;

const DETAILS = `
  INSERT INTO event_detail (event_id, membership_id, user_id, reason, detail)
  SELECT id, membership_id, user_id, 'Came in by the ' || sequence || 'th letter', '{"roles": []}' FROM event ORDER BY position`;

const SEQUENCES = `
  UPDATE organization o SET sequence = e.size
  FROM (SELECT organization_id, count(*) AS size FROM event GROUP BY 1) AS e WHERE e.organization_id = o.id`;

/** Writes the people into a world whose users, tenants and memberships are there. */
export async function loadPeople(
  client: pg.Client,
  { users, collectors, branches, hasEvents }: People,
): Promise<void> {
  await client.query(USERS, [users, collectors.length]);
  await client.query(ORGANIZATIONS, [branches.from, branches.count]);
  const collected = collectors.flatMap(({ user, organizations }) =>
    organizations.map((organization) => [userUuid(user), organizationUuid(organization)]),
  );
  await client.query(COLLECTED, [collected.map(([user]) => user), collected.map(([, one]) => one)]);
  await client.query(ROLES);
  await client.query(GRANTS, [
    collectors.map(({ user }) => userUuid(user)),
    collectors.map((_, nth) => (nth % 2 === 0 ? 'admin' : 'supervisor')),
  ]);
  const events = hasEvents ? [EVENTS, DETAILS, SEQUENCES] : [];
  for (const statement of [IDENTITIES, ...events]) {
    await client.query(statement);
  }
}
