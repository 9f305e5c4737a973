/** The retention of events: those that are older are deleted, in the order of the environment's stream. */
import type { Prisma } from '../db/generated/prisma/client.ts';

/** How many events are deleted in one statement. */
const MOST_FORGOTTEN = 1000;

/**
 * Deletes some of the events that happened more than `days` ago, with their details, and notes up to where. They go from
 * the front of the environment's stream, which is the front of each organization's too. Returns whether there may be more.
 */
export async function forgetEvents(
  db: Pick<Prisma.TransactionClient, '$queryRaw'>,
  days: number,
): Promise<boolean> {
  // One process at a time: whoever comes second would delete the same.
  const forgotten = await db.$queryRaw<object[]>`
    WITH front AS (
      SELECT id, epoch, transaction_id, position, bool_and(occurred_at < now() - make_interval(days => ${days}))
        OVER (ORDER BY epoch, transaction_id, position) AS is_old
      FROM (SELECT * FROM event ORDER BY epoch, transaction_id, position LIMIT ${MOST_FORGOTTEN}) AS event
      WHERE (SELECT pg_try_advisory_xact_lock(hashtextextended('gatehouse event retention', 0)))
    ), gone AS (
      DELETE FROM event USING front WHERE event.id = front.id AND front.is_old
      RETURNING event.epoch, event.transaction_id, event.position
    ), noted AS (
      UPDATE environment
      SET (forgotten_epoch, forgotten_transaction_id, forgotten_position) = (
        SELECT epoch, transaction_id, position FROM gone ORDER BY epoch DESC, transaction_id DESC, position DESC LIMIT 1)
      WHERE EXISTS (SELECT FROM gone)
    )
    SELECT 1 AS forgotten FROM gone`;
  return forgotten.length === MOST_FORGOTTEN;
}
