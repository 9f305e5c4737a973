/** The rights of callers who are known already, as they stand in the database now. */
import { sql } from 'kysely';
import type { Read } from '../db/database.ts';
import {
  type NoRightsRow,
  type RightsRow,
  readRights,
  type SignIn,
} from '../domain/membership-rights.ts';
import { ANONYMOUS, type Principal, type UserPrincipal } from '../domain/principal.ts';
import { param, run } from '../loaders/statement.ts';
import { MOST_IN_ROWS, readManyRights } from './many-rights.ts';

type Row = RightsRow | NoRightsRow;

const rights = sql.raw(
  `r."organizationId", r."membershipId", r.status AS "status", r."isOwner", r."isBreakglass", r."identityProvider",
r.permissions AS "permissions", r."allowedAuthMethods", r."needsMultiFactor"`,
);

/** Makes what reads a principal's rights anew. A person whose account is gone is nobody. A key's do not change by its acts. */
export function createRenewal(read: Read): (principal: Principal) => Promise<Principal> {
  return async (principal) => {
    if (principal.kind !== 'user') {
      return principal;
    }
    const { id, signIn } = principal;
    const rights = holdsMany(principal)
      ? await readManyRights(read, id, signIn)
      : await readFewRights(read, id, signIn);
    return rights === null ? ANONYMOUS : { ...principal, rights };
  };
}

function holdsMany({ rights }: UserPrincipal): boolean {
  return rights.size > MOST_IN_ROWS;
}

async function readFewRights(read: Read, userId: string, signIn: SignIn) {
  const rows = await run<Row>(read, 'rights of person', rightsByIdentity, {
    identity: signIn.identityId,
    user: userId,
  });
  return rows.length === 0 ? null : readRights(rows, signIn);
}

function rightsByIdentity() {
  return sql`SELECT ${rights} FROM identity i LEFT JOIN LATERAL membership_rights(i.user_id, now(), NULL) r ON true
WHERE i.id = ${param('identity')} AND i.user_id = ${param('user')}`;
}

type PersonRow = Row & { ordinal: number };

type KeyRow = { id: string; permissions: string[] };

/**
 * Makes what reads the rights of many principals anew, in one statement for all people but those with very many
 * memberships, and one for all keys. Whoever is gone, revoked or expired is nobody.
 */
export function createRenewals(
  read: Read,
): (principals: readonly Principal[]) => Promise<Principal[]> {
  const renew = createRenewal(read);
  return async (principals) => {
    const users = principals.filter((principal) => principal.kind === 'user');
    const people = users.filter((principal) => !holdsMany(principal));
    const keys = principals.filter((principal) => principal.kind === 'apiKey');
    const [renewed, rows, permissions] = await Promise.all([
      Promise.all(users.filter(holdsMany).map(async (user) => [user, await renew(user)] as const)),
      people.length === 0
        ? []
        : run<PersonRow>(read, 'rights of people', rightsByIdentities, {
            identities: people.map(({ signIn }) => signIn.identityId),
            users: people.map(({ id }) => id),
          }),
      keys.length === 0
        ? []
        : run<KeyRow>(read, 'rights of keys', rightsByKeys, { keys: keys.map(({ id }) => id) }),
    ]);
    const byKey = new Map(permissions.map(({ id, permissions: held }) => [id, held]));
    const ofMany = new Map<Principal, Principal>(renewed);
    const byPerson = new Map<Principal, PersonRow[]>();
    for (const row of rows) {
      const person = people[row.ordinal - 1];
      if (person !== undefined) {
        byPerson.set(person, [...(byPerson.get(person) ?? []), row]);
      }
    }
    return principals.map((principal) => {
      if (principal.kind === 'apiKey') {
        const held = byKey.get(principal.id);
        return held === undefined ? ANONYMOUS : { ...principal, permissions: held };
      }
      if (principal.kind === 'user') {
        const known = byPerson.get(principal);
        return known === undefined
          ? (ofMany.get(principal) ?? ANONYMOUS)
          : { ...principal, rights: readRights(known, principal.signIn) };
      }
      return principal;
    });
  };
}

function rightsByIdentities() {
  return sql`SELECT k.ordinal::int AS ordinal, ${rights}
FROM unnest(${param('identities')}::uuid[], ${param('users')}::uuid[]) WITH ORDINALITY AS k(identity, person, ordinal)
JOIN identity i ON i.id = k.identity AND i.user_id = k.person
LEFT JOIN LATERAL membership_rights(i.user_id, now(), NULL) r ON true ORDER BY k.ordinal`;
}

function rightsByKeys() {
  return sql`SELECT a.id, a.permissions FROM api_key a
WHERE a.id = ANY(${param('keys')}::uuid[]) AND a.revoked_at IS NULL AND coalesce(a.expires_at > now(), true)`;
}
