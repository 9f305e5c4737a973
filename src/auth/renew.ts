/** The rights of callers who are known already, as they stand in the database now. */
import { sql } from 'kysely';
import type { Read } from '../db/database.ts';
import { ANONYMOUS, type Principal } from '../domain/principal.ts';
import { param, run } from '../loaders/statement.ts';
import { readRightsInGroups } from './rights-in-groups.ts';

/** Makes what reads a principal's rights anew. A person whose account is gone is nobody. A key's do not change by its acts. */
export function createRenewal(read: Read): (principal: Principal) => Promise<Principal> {
  return async (principal) => {
    if (principal.kind !== 'user') {
      return principal;
    }
    const [rights] = await readRightsInGroups(read, [principal]);
    return rights == null ? ANONYMOUS : { ...principal, rights };
  };
}

type KeyRow = { id: string; permissions: string[] };

/**
 * Makes what reads the rights of many principals anew, in one statement for all people and one for all keys. Whoever is
 * gone, revoked or expired is nobody.
 */
export function createRenewals(
  read: Read,
): (principals: readonly Principal[]) => Promise<Principal[]> {
  return async (principals) => {
    const people = principals.filter((principal) => principal.kind === 'user');
    const keys = principals.filter((principal) => principal.kind === 'apiKey');
    const [rights, permissions] = await Promise.all([
      readRightsInGroups(read, people),
      keys.length === 0
        ? []
        : run<KeyRow>(read, 'rights of keys', rightsByKeys, { keys: keys.map(({ id }) => id) }),
    ]);
    const byKey = new Map(permissions.map(({ id, permissions: held }) => [id, held]));
    const byPerson = new Map<Principal, (typeof rights)[number]>(
      people.map((person, at) => [person, rights[at] ?? null]),
    );
    return principals.map((principal) => {
      if (principal.kind === 'apiKey') {
        const held = byKey.get(principal.id);
        return held === undefined ? ANONYMOUS : { ...principal, permissions: held };
      }
      if (principal.kind === 'user') {
        const held = byPerson.get(principal);
        return held == null ? ANONYMOUS : { ...principal, rights: held };
      }
      return principal;
    });
  };
}

function rightsByKeys() {
  return sql`SELECT a.id, a.permissions FROM api_key a
WHERE a.id = ANY(${param('keys')}::uuid[]) AND a.revoked_at IS NULL AND coalesce(a.expires_at > now(), true)`;
}
