/** Changes of a user, one at a time. */
import { changesBetween } from './change.ts';
import { readEnvironment } from './environment.ts';
import { DuplicateError, InputError, WrongIdentityModelError } from './errors.ts';
import { encodeId } from './id.ts';
import { misplacedInUpdate } from './identity-model.ts';
import { type Reader, readInput } from './input.ts';
import { type JsonObject, mergeMetadata } from './metadata.ts';
import { foldText, searchText } from './text.ts';
import type { Transaction } from './transaction.ts';
import type { UserNames } from './user-directory.ts';
import { passKeys } from './user-keys.ts';
import { lockUser, type UserValues } from './user-lock.ts';

/** What is left out stays; null clears it. */
export type UserChanges = {
  [Field in Exclude<keyof UserValues, 'metadata' | 'untrustedMetadata'>]?: UserValues[Field] | null;
} & {
  /** Merged into what is there, by the keys at the top. */
  metadata?: Record<string, unknown> | null;
  untrustedMetadata?: Record<string, unknown> | null;
};

export type UserUpdate = {
  user: UserNames;
  changes: UserChanges;
  expectedVersion?: number | null;
};

/**
 * Changes a user, who may be known from invitations only. A new address is unverified unless the same update says
 * otherwise, and the user's memberships are listed under it at once. Returns the user's uuid.
 *
 * @throws NotFoundError, ConflictError, WrongIdentityModelError, InputError or DuplicateError
 */
export async function updateUser(tx: Transaction, update: UserUpdate): Promise<string> {
  const { identityModel } = await readEnvironment(tx);
  const misplaced = misplacedInUpdate(identityModel, 'user', update.changes);
  if (misplaced !== null) {
    throw new WrongIdentityModelError(identityModel, misplaced);
  }
  const { id, values } = await lockUser(tx, update.user, update.expectedVersion);
  const next = readInput((read) => readValues(read, values, update.changes));
  if (next instanceof InputError) {
    throw next;
  }
  const changes = changesBetween(values, next);
  if (changes.length === 0) {
    return id;
  }
  await refuseTaken(tx, id, next);
  await saveValues(tx, id, next);
  if (next.email !== values.email || next.name !== values.name) {
    await passKeys(tx, identityModel, { id, ...next });
  }
  const cause = next.email === values.email ? 'UPDATED' : 'EMAIL_CHANGED';
  tx.append({ type: 'USER_UPDATED', cause, userId: id, detail: { changes } });
  return id;
}

/** What the user is after the update. */
function readValues(read: Reader, current: UserValues, changes: UserChanges): UserValues {
  const email = changes.email === undefined ? current.email : read.email('email', changes.email);
  if (changes.emailVerified === null) {
    read.fail('emailVerified', 'must be true or false');
  }
  const isVerified = email === current.email && current.emailVerified;
  const either = <Value>(given: unknown, stored: Value, readGiven: () => Value): Value =>
    given === undefined ? stored : readGiven();
  const text = (field: 'externalId' | 'name' | 'givenName' | 'familyName', max: number) =>
    either(changes[field], current[field], () => read.text(field, changes[field], max));
  return {
    email,
    emailVerified: changes.emailVerified ?? isVerified,
    externalId: text('externalId', 255),
    name: text('name', 200),
    givenName: text('givenName', 200),
    familyName: text('familyName', 200),
    pictureUrl: either(changes.pictureUrl, current.pictureUrl, () =>
      read.url('pictureUrl', changes.pictureUrl),
    ),
    locale: either(changes.locale, current.locale, () => read.locale('locale', changes.locale)),
    metadata: merged(read, 'metadata', current, changes),
    untrustedMetadata: merged(read, 'untrustedMetadata', current, changes),
  };
}

function merged(
  read: Reader,
  field: 'metadata' | 'untrustedMetadata',
  current: UserValues,
  changes: UserChanges,
): JsonObject {
  if (changes[field] === null) {
    return {};
  }
  const result = mergeMetadata(current[field], changes[field] ?? {});
  if (typeof result !== 'string') {
    return result;
  }
  read.fail(field, result);
  return current[field];
}

async function refuseTaken(tx: Transaction, id: string, next: UserValues): Promise<void> {
  const holders = await tx.db.$queryRaw<{ id: string; email: string }[]>`
    SELECT id, email FROM "user"
    WHERE id <> ${id}::uuid AND (email = ${next.email} OR external_id = ${next.externalId})`;
  const namesake = holders.find(({ email }) => email === next.email);
  const holder = namesake ?? holders[0];
  if (holder !== undefined) {
    const existing = encodeId('usr', holder.id);
    throw namesake === undefined
      ? new DuplicateError(
          'DUPLICATE_EXTERNAL_ID',
          'externalId',
          existing,
          'Another user has this external id.',
        )
      : new DuplicateError('DUPLICATE_EMAIL', 'email', existing, 'Another user has this address.');
  }
}

/** A unique violation here means that somebody else just took a value; the transaction then starts over. */
async function saveValues(tx: Transaction, id: string, next: UserValues): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE "user" SET email = ${next.email}, email_verified = ${next.emailVerified}, external_id = ${next.externalId},
      name = ${next.name}, given_name = ${next.givenName}, family_name = ${next.familyName},
      picture_url = ${next.pictureUrl}, locale = ${next.locale}, metadata = ${JSON.stringify(next.metadata)}::jsonb,
      untrusted_metadata = ${JSON.stringify(next.untrustedMetadata)}::jsonb, name_key = ${foldText(next.name ?? '')},
      search_text = ${searchText(next.name, next.email)}, version = version + 1,
      updated_at = ${tx.now.toISOString()}::timestamptz
    WHERE id = ${id}::uuid`;
}
