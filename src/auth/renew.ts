/** The rights of a caller who is known already, as they stand in the database now. */
import { sql } from 'kysely';
import type { Read } from '../db/database.ts';
import { type RightsRow, readRights } from '../domain/membership-rights.ts';
import { ANONYMOUS, type Principal } from '../domain/principal.ts';
import { param, run } from '../loaders/statement.ts';

type Row = { [Column in keyof RightsRow]: RightsRow[Column] | null };

/** Makes what reads a principal's rights anew. A person whose account is gone is nobody. A key's do not change by its acts. */
export function createRenewal(read: Read): (principal: Principal) => Promise<Principal> {
  return async (principal) => {
    if (principal.kind !== 'user') {
      return principal;
    }
    const { id, signIn } = principal;
    const rows = await run<Row>(read, 'rights of person', rightsByIdentity, {
      identity: signIn.identityId,
      user: id,
    });
    const memberships = rows.filter((row) => row.membershipId !== null) as RightsRow[];
    return rows.length === 0
      ? ANONYMOUS
      : { ...principal, rights: readRights(memberships, signIn) };
  };
}

function rightsByIdentity() {
  return sql`SELECT r.* FROM identity i LEFT JOIN LATERAL membership_rights(i.user_id, now(), NULL) r ON true
WHERE i.id = ${param('identity')} AND i.user_id = ${param('user')}`;
}
