/** Accounts that were taken from their user: tokens from before that must not sign in again, nor make a new user. */
import { createHash } from 'node:crypto';
import type { Prisma } from '../db/generated/prisma/client.ts';
import type { Transaction } from './transaction.ts';

type Account = { issuer: string; subject: string };

/** How many notes are forgotten in one statement. They are kept for 30 days, longer than any token should live. */
const MOST_FORGOTTEN = 1000;

/** What is kept of an account that was retired: 32 bytes, which do not say whose it was. */
export function accountHash({ issuer, subject }: Account): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify([issuer, subject]);
  return new Uint8Array(createHash('sha256').update(text).digest());
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

/** Deletes some of the notes that are too old to count. Returns whether there may be more. */
export async function forgetRetiredAccounts(
  db: Pick<Prisma.TransactionClient, '$queryRaw'>,
): Promise<boolean> {
  const forgotten = await db.$queryRaw<object[]>`
    DELETE FROM retired_identity WHERE account_hash = ANY(ARRAY(
      SELECT account_hash FROM retired_identity WHERE retired_at <= now() - interval '30 days'
      ORDER BY retired_at LIMIT ${MOST_FORGOTTEN} FOR UPDATE SKIP LOCKED))
    RETURNING 1 AS forgotten`;
  return forgotten.length === MOST_FORGOTTEN;
}
