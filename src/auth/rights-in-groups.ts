/** What people hold, told in groups of memberships: what somebody holds in very many organizations is mostly the same. */
import { sql } from 'kysely';
import type { Read } from '../db/database.ts';
import {
  type MembershipRights,
  type RightsGroup,
  readGroupedRights,
} from '../domain/membership-rights.ts';
import type { UserPrincipal } from '../domain/principal.ts';
import { param, run } from '../loaders/statement.ts';

/** Whoever has more memberships, of whatever status, gets their rights in groups when they sign in, too. */
export const MOST_IN_ROWS = 100;

type Person = Pick<UserPrincipal, 'id' | 'signIn'>;

type Account = { identityId: string; userId: string };

/** One of somebody without memberships has no places. */
type Row = Account & (RightsGroup | { places: null });

/**
 * What each of these people holds, by organization (uuid), in one statement; null for whom the account of their sign-in
 * does not belong to, or no longer.
 */
export async function readRightsInGroups(
  read: Read,
  people: readonly Person[],
): Promise<(ReadonlyMap<string, MembershipRights> | null)[]> {
  if (people.length === 0) {
    return [];
  }
  // Several tokens of one account ask once.
  const accounts = [
    ...new Map(people.map((person) => [keyOf(accountOf(person)), person])).values(),
  ];
  const rows = await run<Row>(read, 'rights in groups', rightsInGroups, {
    identities: accounts.map(({ signIn }) => signIn.identityId),
    users: accounts.map(({ id }) => id),
  });
  const byAccount = Map.groupBy(rows, keyOf);
  return people.map((person) => {
    const own = byAccount.get(keyOf(accountOf(person)));
    const groups = own?.filter((row) => row.places !== null);
    return groups === undefined ? null : readGroupedRights(groups, person.signIn);
  });
}

function accountOf({ id, signIn }: Person): Account {
  return { identityId: signIn.identityId, userId: id };
}

function keyOf({ identityId, userId }: Account): string {
  return `${identityId} ${userId}`;
}

function rightsInGroups() {
  return sql`SELECT i.id AS "identityId", i.user_id AS "userId", g.places AS "places", g.status AS "status",
g."isOwner", g."isBreakglass", g."identityProvider", g.permissions AS "permissions", g."allowedAuthMethods", g."needsMultiFactor"
FROM unnest(${param('identities')}::uuid[], ${param('users')}::uuid[]) AS k(identity, person)
JOIN identity i ON i.id = k.identity AND i.user_id = k.person
LEFT JOIN LATERAL membership_rights_in_groups(i.user_id, now()) g ON true`;
}
