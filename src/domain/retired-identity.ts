/** Accounts that were taken from their user: tokens from before that must not sign in again, nor make a new user. */
import { hash } from 'node:crypto';
import type { Prisma } from '../db/generated/prisma/client.ts';
import type { Transaction } from './transaction.ts';

type Account = { issuer: string; subject: string };

/** How long the notes are kept: longer than any token should live. */
const KEPT_DAYS = 30;

/** How many notes are forgotten in one statement. */
const MOST_FORGOTTEN = 1000;

/** What is kept of an account that was retired: 32 bytes, which do not say whose it was. */
export function accountHash({ issuer, subject }: Account): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify([issuer, subject]);
  return new Uint8Array(hash('sha256', text, 'buffer'));
}

/** Notes that the accounts are their user's no more. */
export async function retireAccounts(tx: Transaction, accounts: Account[]): Promise<void> {
  for (const account of accounts) {
    await tx.db.$executeRaw`
      INSERT INTO retired_identity (account_hash, retired_at)
      VALUES (${accountHash(account)}, ${tx.now.toISOString()}::timestamptz)
      ON CONFLICT (account_hash) DO UPDATE SET retired_at = excluded.retired_at`;
  }
}

/**
 * Whether the account was taken from a user after its token was issued, as far as that can be told: also when the token
 * is older than what is remembered, or does not say how old it is and the account was taken from somebody at all.
 */
export async function isRetired(
  tx: Transaction,
  { issuedAt, ...account }: Account & { issuedAt: Date | null },
): Promise<boolean> {
  const rows = await tx.db.$queryRaw<{ isRetired: boolean }[]>`
    SELECT coalesce(${issuedAt?.toISOString() ?? null}::timestamptz <= now() - make_interval(days => ${KEPT_DAYS}), false)
      OR EXISTS (
        SELECT FROM retired_identity WHERE account_hash = ${accountHash(account)}
        AND retired_at >= coalesce(${issuedAt?.toISOString() ?? null}::timestamptz, '-infinity')
      ) AS "isRetired"`;
  return rows[0]?.isRetired !== false;
}

/** Deletes some of the notes that are too old to count. Returns whether there may be more. */
export async function forgetRetiredAccounts(
  db: Pick<Prisma.TransactionClient, '$queryRaw'>,
): Promise<boolean> {
  const forgotten = await db.$queryRaw<object[]>`
    DELETE FROM retired_identity WHERE account_hash = ANY(ARRAY(
      SELECT account_hash FROM retired_identity WHERE retired_at <= now() - make_interval(days => ${KEPT_DAYS})
      ORDER BY retired_at LIMIT ${MOST_FORGOTTEN} FOR UPDATE SKIP LOCKED))
    RETURNING 1 AS forgotten`;
  return forgotten.length === MOST_FORGOTTEN;
}
