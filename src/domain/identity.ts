/** Accounts at issuers that sign in as a user. */
import type { AuthMethod } from '../db/generated/prisma/enums.ts';
import { DuplicateError, InputError, NotFoundError } from './errors.ts';
import { encodeId } from './id.ts';
import { type Reader, readInput } from './input.ts';
import { retireAccounts } from './retired-identity.ts';
import type { Transaction } from './transaction.ts';
import { byId, lockUser } from './user-lock.ts';

export type IdentityUnlink = {
  /** uuid */
  userId: string;
  issuer: string;
  subject: string;
  /** The user's. */
  expectedVersion?: number | null;
};

export type IdentityLink = IdentityUnlink & {
  /** The address that the issuer knows. */
  email?: string | null;
  authMethod?: AuthMethod | null;
};

/** How many accounts may sign in as one user. */
export const MAX_IDENTITIES = 50;

/**
 * Links an account to a user. One that is linked to them already stays as it is.
 *
 * @throws InputError, NotFoundError, ConflictError, or DuplicateError when it signs in as somebody else.
 */
export async function linkIdentity(tx: Transaction, input: IdentityLink): Promise<void> {
  const account = readInput((read) => ({
    ...readAccount(read, input),
    email: input.email == null ? null : read.email('email', input.email),
  }));
  if (account instanceof InputError) {
    throw account;
  }
  const { issuer, subject, email } = account;
  const { id } = await lockUser(tx, byId(input.userId), input.expectedVersion);
  const [holder] = await tx.db.$queryRaw<{ userId: string }[]>`
    SELECT user_id AS "userId" FROM identity WHERE issuer = ${issuer} AND subject = ${subject}`;
  if (holder?.userId === id) {
    return;
  }
  if (holder !== undefined) {
    const existing = encodeId('usr', holder.userId);
    const message = 'This account signs in as another user.';
    throw new DuplicateError('DUPLICATE_KEY', 'subject', existing, message);
  }
  if ((await tx.db.identity.count({ where: { userId: id } })) >= MAX_IDENTITIES) {
    const message = `has ${MAX_IDENTITIES} accounts already, and can have no more`;
    throw new InputError([{ path: ['userId'], message }]);
  }
  // A unique violation here means that somebody else just linked it; the transaction then starts over.
  await tx.db.$executeRaw`
    INSERT INTO identity (id, user_id, issuer, subject, email, auth_method, created_at)
    VALUES (${tx.newId()}::uuid, ${id}::uuid, ${issuer}, ${subject}, ${email},
      ${input.authMethod ?? null}::auth_method, ${tx.now.toISOString()}::timestamptz)`;
  await touch(tx, id);
  tx.append({ type: 'IDENTITY_LINKED', cause: 'LINKED', userId: id, detail: { issuer } });
}

/**
 * Takes an account from a user.
 *
 * @throws InputError, NotFoundError or ConflictError
 */
export async function unlinkIdentity(tx: Transaction, input: IdentityUnlink): Promise<void> {
  const account = readInput((read) => readAccount(read, input));
  if (account instanceof InputError) {
    throw account;
  }
  const { issuer, subject } = account;
  const { id } = await lockUser(tx, byId(input.userId), input.expectedVersion);
  const { count } = await tx.db.identity.deleteMany({ where: { userId: id, issuer, subject } });
  if (count === 0) {
    throw new NotFoundError('identity');
  }
  await retireAccounts(tx, [account]);
  await touch(tx, id);
  tx.append({ type: 'IDENTITY_UNLINKED', cause: 'UNLINKED', userId: id, detail: { issuer } });
}

function readAccount(read: Reader, input: IdentityUnlink): { issuer: string; subject: string } {
  return {
    issuer: read.requiredText('issuer', input.issuer, 255),
    subject: read.requiredText('subject', input.subject, 255),
  };
}

/** The accounts belong to what a user is. */
async function touch(tx: Transaction, userId: string): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE "user" SET version = version + 1, updated_at = ${tx.now.toISOString()}::timestamptz
    WHERE id = ${userId}::uuid`;
}
