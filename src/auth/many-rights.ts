/** What people hold who have very many memberships: told in groups, since what they hold there is mostly the same. */
import { sql } from 'kysely';
import type { Read } from '../db/database.ts';
import {
  type MembershipRights,
  type RightsGroup,
  readGroupedRights,
  type SignIn,
} from '../domain/membership-rights.ts';
import { param, run } from '../loaders/statement.ts';

/** Whoever has more memberships gets their rights in groups. */
export const MOST_IN_ROWS = 100;

/** One of somebody without memberships has no places. */
type Row = RightsGroup | { places: null };

/** By organization (uuid); null when the account of the sign-in is not, or no longer, this user's (uuid). */
export async function readManyRights(
  read: Read,
  userId: string,
  signIn: SignIn,
): Promise<ReadonlyMap<string, MembershipRights> | null> {
  const rows = await run<Row>(read, 'rights in groups', rightsInGroups, {
    identity: signIn.identityId,
    user: userId,
  });
  const groups = rows.filter((row) => row.places !== null);
  return rows.length === 0 ? null : readGroupedRights(groups, signIn);
}

function rightsInGroups() {
  return sql`SELECT g.places AS "places", g.status AS "status", g."isOwner", g."isBreakglass", g."identityProvider",
g.permissions AS "permissions", g."allowedAuthMethods", g."needsMultiFactor"
FROM identity i LEFT JOIN LATERAL membership_rights_in_groups(i.user_id, now()) g ON true
WHERE i.id = ${param('identity')} AND i.user_id = ${param('user')}`;
}
