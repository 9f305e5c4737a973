/** Events by id, with what is kept of their details. */
import { type RawBuilder, sql } from 'kysely';
import type { Read } from '../db/database.ts';
import type { Event } from '../db/generated/prisma/client.ts';
import { type RowOf, rowOf } from '../db/tables.ts';
import type { EventDetail } from '../domain/event.ts';
import { found, loadOne, ordinal } from './batch.ts';
import { eventHorizons } from './event-horizon.ts';
import type { EventPlace } from './event-place.ts';

export type EventRow = Omit<RowOf<Event>, keyof EventPlace> &
  EventPlace & {
    /** Null when nobody said, or once it was erased with the person. */
    reason: string | null;
    /** Null when there is none, or once it was erased with the person. */
    detail: EventDetail | null;
  };

/** The columns of `withDetails`. */
export function eventColumns(alias: string): RawBuilder<unknown> {
  const transaction = sql.raw(`${alias}.transaction_id::text AS "transactionId"`);
  const details = sql.raw(`${alias}.reason AS "reason", ${alias}.detail AS "detail"`);
  return sql`${rowOf('event', alias, { computed: { position: `${alias}.position::text` } })}, ${transaction}, ${details}`;
}

/** Each of `events` with its details. OFFSET 0 has them looked up one by one, however many PostgreSQL expects. */
export function withDetails(events: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`SELECT e.*, d.reason, d.detail FROM (${events}) AS e LEFT JOIN LATERAL (
SELECT d.reason, d.detail FROM event_detail d WHERE d.event_id = e.id OFFSET 0) AS d ON true`;
}

/** The loaders of one request. Ids are uuids. */
export function eventLoaders(read: Read) {
  const columns = { id: 'uuid' };
  const byId = loadOne<{ id: string }, EventRow>({
    read,
    shape: 'event by id',
    columns,
    build: () =>
      sql`SELECT ${ordinal}, ${eventColumns('e')} FROM ${found(columns, 'e', withDetails(sql`SELECT e.* FROM event e WHERE e.id = k.id`))}`,
  });
  return { byId: (id: string) => byId({ id }), horizonBeyond: eventHorizons(read) };
}
