/** The locks under which the rules run. */
import type { Prisma } from '../db/generated/prisma/client.ts';

/** How long a statement waits for any lock. */
const LOCK_TIMEOUT = '3s';

/**
 * Takes the locks of a transaction: the environment's, shared or exclusive, then those of the organizations (uuids) in
 * the order of their ids, in one statement. It must be the transaction's first: were a transaction id assigned before
 * the locks are had, an organization's events would be numbered against the order of their transactions.
 *
 * The same round trip sets the time zone, because Prisma takes every time that it reads and writes for UTC, whatever
 * the server's setting.
 */
export async function takeLocks(
  db: Prisma.TransactionClient,
  environment: 'shared' | 'exclusive',
  organizationIds: string[],
): Promise<void> {
  const names = ['environment', ...organizationIds.map((id) => `organization:${id}`).sort()];
  await db.$executeRaw`
    WITH setting AS MATERIALIZED (
      SELECT set_config('lock_timeout', ${LOCK_TIMEOUT}, true), set_config('TimeZone', 'UTC', true)
    )
    SELECT CASE WHEN place = 1 AND ${environment === 'shared'}
      THEN pg_advisory_xact_lock_shared(hashtextextended('gatehouse:' || name, 0))::text
      ELSE pg_advisory_xact_lock(hashtextextended('gatehouse:' || name, 0))::text
    END
    FROM setting, unnest(${names}::text[]) WITH ORDINALITY AS lock(name, place)
    ORDER BY place`;
}

/** Those of the organizations (uuids) whose lock nobody holds at this moment. */
export async function withoutLock(
  db: Pick<Prisma.TransactionClient, '$queryRaw'>,
  organizationIds: string[],
): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM unnest(${organizationIds}::text[]) AS organization(id)
    WHERE pg_try_advisory_xact_lock_shared(hashtextextended('gatehouse:organization:' || id, 0))`;
  return rows.map(({ id }) => id);
}

/**
 * Makes sure that the transaction holds the locks of these organizations (uuids).
 *
 * @throws Error when it does not: a fault of the caller, never of a user.
 */
export function assertLocked(locked: ReadonlySet<string>, organizationIds: string[]): void {
  const missing = organizationIds.find((id) => !locked.has(id));
  if (missing !== undefined) {
    throw new Error(`The transaction changes organization ${missing} without its lock.`);
  }
}
