/** The people of Gatehouse's tables in those of better-auth, which are in a schema of their own. */
import type pg from 'pg';
import { WITHOUT_TRIGGERS } from '../without-triggers.ts';

/** Makes the schema if need be, and resolves to whether its tables are still to be made. */
export async function isEmpty(pool: pg.Pool): Promise<boolean> {
  await pool.query('CREATE SCHEMA IF NOT EXISTS better_auth');
  const { rows } = await pool.query("SELECT to_regclass('better_auth.member') IS NULL AS empty");
  return rows[0].empty;
}

/** The keys of the roles that the environment has besides those that better-auth knows, too. */
export async function loadCustomRoles(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ key: string }>(
    'SELECT key FROM public.role WHERE organization_id IS NULL AND NOT is_built_in ORDER BY key',
  );
  return rows.map(({ key }) => key);
}

// Who has read the mail of an invitation has an address that is verified.
const USERS = `
  INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
  SELECT id::text, coalesce(name, ''), email, email_verified OR invited_only, created_at, updated_at FROM public."user"`;

const ORGANIZATIONS = `
  INSERT INTO organization (id, name, slug, "createdAt")
  SELECT id::text, display_name, slug, created_at FROM public.organization`;

// A member has one text of roles. Nothing sorts members: they come as they lie.
const MEMBERS = `
  INSERT INTO member (id, "organizationId", "userId", role, "createdAt", status)
  SELECT m.id::text, m.organization_id::text, m.user_id::text, r.keys, m.created_at, m.status::text
  FROM public.membership m JOIN (
    SELECT membership_id, string_agg(key, ',' ORDER BY r.created_at, r.id) AS keys
    FROM public.role_assignment a JOIN public.role r ON r.id = a.role_id GROUP BY 1) AS r ON r.membership_id = m.id
  WHERE m.status IN ('ACTIVE', 'SUSPENDED') ORDER BY m.created_at, m.id`;

const OWNERS = `
  SELECT DISTINCT ON ("organizationId") "organizationId", "userId" FROM member
  WHERE 'owner' = any(string_to_array(role, ',')) ORDER BY "organizationId", "createdAt"`;

const INVITATIONS = `
  INSERT INTO invitation (id, "organizationId", email, role, status, "expiresAt", "createdAt", "inviterId")
  SELECT i.id::text, i.organization_id::text, i.email, 'member', 'pending', i.expires_at, i.created_at, o."userId"
  FROM public.invitation i JOIN (${OWNERS}) AS o ON o."organizationId" = i.organization_id::text
  WHERE i.status = 'PENDING'`;

const SESSIONS = `
  INSERT INTO session (id, token, "userId", "activeOrganizationId", "expiresAt", "createdAt", "updatedAt")
  SELECT token, token, "userId", active, now() + interval '7 days', now(), now() FROM (
    SELECT 'owner-' || "organizationId" AS token, "userId", "organizationId" AS active FROM (${OWNERS}) AS owner
    UNION ALL SELECT 'invitee-' || i.id, m.user_id::text, NULL
    FROM public.invitation i JOIN public.membership m ON m.id = i.membership_id WHERE i.status = 'PENDING') AS whose`;

const FILLING = [USERS, ORGANIZATIONS, MEMBERS, INVITATIONS, SESSIONS];

/** Fills the tables that better-auth has made. Statistics are up to date. */
export async function fillWorld(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    for (const statement of ['BEGIN', WITHOUT_TRIGGERS, ...FILLING, 'COMMIT']) {
      await client.query(statement);
    }
  } finally {
    client.release();
  }
  for (const table of ['"user"', 'organization', 'member', 'invitation', 'session']) {
    await pool.query(`VACUUM ANALYZE ${table}`);
  }
}
