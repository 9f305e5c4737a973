/** How far back events are kept: places before that may have lost some of what follows them. */
import { sql } from 'kysely';
import type { Read } from '../db/database.ts';
import { NIL_UUID } from '../domain/id.ts';
import { keyTable, type Load, loadOne, ordinal } from './batch.ts';
import type { EventPlace } from './event-place.ts';
import { isAfter } from './event-place.ts';

/**
 * Makes what tells whether something after a place was deleted, or may have been: of an organization (uuid), or of the
 * environment (null). Resolves to the oldest place after which nothing was, or to null when the place given is no older.
 */
export function eventHorizons(
  read: Read,
): (place: EventPlace, organizationId: string | null) => Promise<EventPlace | null> {
  const columns = { id: 'uuid' };
  const byId: Load<{ id: string }, EventPlace | null> = loadOne({
    read,
    shape: 'event horizon',
    columns,
    build:
      () => sql`SELECT ${ordinal}, env.forgotten_epoch AS epoch, env.forgotten_transaction_id::text AS "transactionId",
env.forgotten_position::text AS position, nullif(k.id, ${sql.lit(NIL_UUID)}::uuid) AS "organizationId",
CASE WHEN k.id <> ${sql.lit(NIL_UUID)}::uuid THEN coalesce(
(SELECT min(e.sequence) - 1 FROM event e WHERE e.organization_id = k.id),
(SELECT o.sequence FROM organization o WHERE o.id = k.id), 0) END AS sequence
FROM ${keyTable(columns)} CROSS JOIN environment env`,
  });
  return async (place, organizationId) => {
    const horizon = await byId({ id: organizationId ?? NIL_UUID });
    if (horizon === null) {
      throw new Error('The database has no environment: the gateway makes one when it starts.');
    }
    return isExpired(place, horizon) ? horizon : null;
  };
}

function isExpired(place: EventPlace, horizon: EventPlace): boolean {
  return horizon.sequence === null
    ? isAfter(horizon, place)
    : horizon.sequence > Number(place.sequence);
}
