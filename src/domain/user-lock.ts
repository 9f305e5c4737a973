/** One user, found and locked, for acts that change nobody else. */
import { ConflictError, NotFoundError } from './errors.ts';
import type { JsonObject } from './metadata.ts';
import type { Transaction } from './transaction.ts';
import type { UserNames } from './user-directory.ts';

/** What an update can change. */
export type UserValues = {
  /** Normalized. */
  email: string;
  emailVerified: boolean;
  externalId: string | null;
  name: string | null;
  givenName: string | null;
  familyName: string | null;
  pictureUrl: string | null;
  locale: string | null;
  metadata: JsonObject;
  untrustedMetadata: JsonObject;
};

export type LockedUser = {
  /** uuid */
  id: string;
  version: number;
  values: UserValues;
};

/**
 * Finds a user by the one name that is given, and locks them until the transaction ends. Null or left out as the
 * version: whichever it is.
 *
 * @throws NotFoundError or ConflictError
 */
export async function lockUser(
  tx: Transaction,
  names: UserNames,
  expectedVersion?: number | null,
): Promise<LockedUser> {
  const rows = await tx.db.$queryRaw<(UserValues & { id: string; version: number })[]>`
    SELECT id, version, email, email_verified AS "emailVerified", external_id AS "externalId", name,
      given_name AS "givenName", family_name AS "familyName", picture_url AS "pictureUrl", locale, metadata,
      untrusted_metadata AS "untrustedMetadata"
    FROM "user"
    WHERE id = ${names.userId}::uuid OR email = ${names.email} OR external_id = ${names.userExternalId}
    FOR UPDATE`;
  const [row] = rows;
  if (row === undefined) {
    throw new NotFoundError('user');
  }
  const { id, version, ...values } = row;
  if (expectedVersion != null && expectedVersion !== version) {
    throw new ConflictError(version);
  }
  return { id, version, values };
}

/** How a user (uuid) is named by id. */
export function byId(userId: string): UserNames {
  return { userId, email: null, userExternalId: null };
}
