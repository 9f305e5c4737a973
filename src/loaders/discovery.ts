/** Which organizations a person may enter. */
import { sql } from 'kysely';
import type { Read } from '../db/database.ts';
import type { SignInPolicy } from '../domain/membership-rights.ts';
import { param, run } from './statement.ts';

/** Ids are uuids. */
export type Discovery = {
  userId: string;
  /** Organizations where they have a membership that leads, or may lead again, inside. */
  own: string[];
  /** The only one that may be found; null: any. */
  within: string | null;
};

export type DiscoveredRow = SignInPolicy & {
  /** uuid */
  id: string;
  displayName: string;
  logoUrl: string | null;
};

/** How many organizations are told at most. */
export const MOST_DISCOVERED = 100;

/** Those of their own and those that they may join by the domain of their address, by name; none unless it is verified. */
export function discover(read: Read, by: Discovery): Promise<DiscoveredRow[]> {
  return run<DiscoveredRow>(read, 'discovered organizations', discovered, by);
}

// Who belongs to an organization, where people may belong to one only, can join no other.
function discovered() {
  return sql`SELECT o.id AS "id", o.display_name AS "displayName", o.logo_url AS "logoUrl",
CASE WHEN o.auth_methods = 'RESTRICTED' THEN o.allowed_auth_methods::text[] END AS "allowedAuthMethods",
o.mfa_policy = 'REQUIRED' AS "needsMultiFactor"
FROM (
  SELECT id FROM unnest(${param('own')}::uuid[]) AS own(id)
  UNION
  SELECT open.id FROM organizations_open_to(${param('userId')}::uuid, now()) AS open
  WHERE (${param('within')}::uuid IS NULL OR open.id = ${param('within')}::uuid) AND (
    (SELECT e.memberships_per_user FROM environment e) = 'MANY'
    OR NOT EXISTS (SELECT FROM membership m WHERE m.single_user_id = ${param('userId')}::uuid))
  OFFSET 0) AS found
CROSS JOIN LATERAL (SELECT o.* FROM organization o WHERE o.id = found.id OFFSET 0) AS o
WHERE EXISTS (SELECT FROM "user" u WHERE u.id = ${param('userId')}::uuid AND u.email_verified)
ORDER BY o.name_key, o.id LIMIT ${sql.lit(MOST_DISCOVERED)}`;
}
