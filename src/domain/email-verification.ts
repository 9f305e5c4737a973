/** What shows that an address is its user's. */
import type { Transaction } from './transaction.ts';

/** Notes that the address of a user (uuid, locked) was shown to be theirs. What is verified already stays as it is. */
export async function verifyAddress(tx: Transaction, userId: string): Promise<void> {
  const verified = await tx.db.$executeRaw`
    UPDATE "user" SET email_verified = true, version = version + 1, updated_at = ${tx.now.toISOString()}::timestamptz
    WHERE id = ${userId}::uuid AND NOT email_verified`;
  if (verified > 0) {
    const changes = [{ field: 'emailVerified', before: false, after: true }];
    tx.append({ type: 'USER_UPDATED', cause: 'UPDATED', userId, detail: { changes } });
  }
}
