/** The people of a world: how they sign in, some who are in very many organizations, and what has happened. */
import type pg from 'pg';
import { ISSUER, PROVIDER } from './issuer.ts';
import { ORGANIZATIONS, organizationUuid, USERS, userUuid, uuidSql } from './world.ts';

/** A user, by their number, who is an admin of all these organizations. */
export type Collector = { user: number; organizations: number[] };

export type People = {
  /** How many users there are before the collectors. */
  users: number;
  collectors: Collector[];
  /** Organizations of nobody else: numbers from `from` on. */
  branches: { from: number; count: number };
};

// Collectors come last, so that no first page of members has them.
const COLLECTED = `
  INSERT INTO membership (id, organization_id, user_id, status, status_changed_at, joined_at, provisioning_method,
    primary_identity_provider, name_key, email_key, search_text, created_at, updated_at)
  SELECT ${uuidSql('4', 'n')}, organization_id, u.id, 'ACTIVE', at, at, 'ADDED', '${PROVIDER}', u.name_key, u.email, u.search_text, at, at
  FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS c(user_id, organization_id, n) JOIN "user" u ON u.id = c.user_id,
    LATERAL (SELECT timestamptz '2025-07-01' + n * interval '1 second' AS at) AS joined`;

const ADMINS = `
  INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind, granted_at,
    created_key, joined_key, name_key, email_key)
  SELECT m.organization_id, m.id, r.scope_id, r.id, 'DIRECT', 'SYSTEM', m.created_at,
    m.created_at, m.joined_at, m.name_key, m.email_key
  FROM membership m JOIN role r ON r.is_built_in AND r.key = 'admin' WHERE m.id >= ${uuidSql('4', '0')}`;

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
  { users, collectors, branches }: People,
): Promise<void> {
  await client.query(USERS, [users, collectors.length]);
  await client.query(ORGANIZATIONS, [branches.from, branches.count]);
  const collected = collectors.flatMap(({ user, organizations }) =>
    organizations.map((organization) => [userUuid(user), organizationUuid(organization)]),
  );
  await client.query(COLLECTED, [collected.map(([user]) => user), collected.map(([, one]) => one)]);
  for (const statement of [ADMINS, IDENTITIES, EVENTS, DETAILS, SEQUENCES]) {
    await client.query(statement);
  }
}
