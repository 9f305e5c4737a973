/** What the feed reads: pages of a stream after a place, where a stream is now, and what has become visible. */
import { type RawBuilder, sql } from 'kysely';
import type { Read } from '../db/database.ts';
import { type EventPlace, type EventRow, eventColumns, withDetails } from '../loaders/event.ts';
import type { StreamPlace } from '../loaders/event-place.ts';
import { param, run } from '../loaders/statement.ts';
import type { Topic } from './topic.ts';

/** How many events are read at once. */
export const PAGE = 500;

/** Which transactions a statement saw, as PostgreSQL writes it: `xmin:xmax:xip,…`. */
export type Snapshot = string;

/** The events of a topic after a place, oldest first, at most a page of them. */
export function readPage(read: Read, topic: Topic, after: EventPlace): Promise<EventRow[]> {
  const values = { ...after, userId: topic.kind === 'person' ? topic.userId : null };
  return run<EventRow>(read, `feed of ${topic.kind}`, () => pageOf(topic.kind), values);
}

/** Where a topic is now: what follows is what happens from now on. */
export async function readNow(read: Read, topic: Topic): Promise<EventPlace> {
  const organizationId = topic.kind === 'organization' ? topic.organizationId : null;
  const [now] = await run<StreamPlace & { sequence: number | null }>(
    read,
    'feed now',
    () => sql`SELECT e.event_epoch AS epoch, '0' AS position,
pg_snapshot_xmin(pg_current_snapshot())::text AS "transactionId",
(SELECT o.sequence FROM organization o WHERE o.id = ${param('organizationId')}::uuid) AS sequence FROM environment e`,
    { organizationId },
  );
  if (now === undefined) {
    throw new Error('The database has no environment: the gateway makes one when it starts.');
  }
  return { ...now, organizationId };
}

/** The snapshot of this moment. */
export async function readSnapshot(read: Read): Promise<Snapshot> {
  const rows = await run<{ snapshot: Snapshot }>(
    read,
    'feed snapshot',
    () => sql`SELECT pg_current_snapshot()::text AS snapshot`,
    {},
  );
  return rows[0]?.snapshot ?? '';
}

export type News = {
  /** Of the statement. */
  snapshot: Snapshot;
  /** In the order of their transactions, which is that of the numbers of each organization. */
  events: EventRow[];
};

/**
 * What has been committed from a snapshot `since` to a snapshot `until` (left out: that of the statement), whatever the
 * order of its transactions: those that were under way then, and those that came later. At most a page of it, after the
 * last event of the page before. Pages must have one `until`: what commits between two of them may belong into the first.
 */
export async function readNews(
  read: Read,
  since: Snapshot,
  page?: { until: Snapshot; after: StreamPlace },
): Promise<News> {
  const [, xmax = '0', xip = ''] = since.split(':');
  const rows = await run<EventRow & { snapshot: Snapshot; eventId: string | null }>(
    read,
    'feed news',
    newsSince,
    {
      underWay: xip === '' ? [] : xip.split(','),
      next: xmax,
      until: page?.until ?? null,
      transactionId: page?.after.transactionId ?? '0',
      position: page?.after.position ?? '0',
    },
  );
  const [first] = rows;
  return { snapshot: first?.snapshot ?? since, events: rows.filter(({ id }) => id !== null) };
}

function pageOf(kind: Topic['kind']): RawBuilder<unknown> {
  const [condition, order] = PAGES[kind];
  return sql`SELECT ${eventColumns('e')} FROM (${withDetails(
    sql`SELECT e.* FROM event e WHERE ${condition} ORDER BY ${order} LIMIT ${sql.lit(PAGE)}`,
  )}) AS e ORDER BY ${order}`;
}

const BY_STREAM = sql.raw('e.epoch, e.transaction_id, e.position');

// What is older than every transaction under way has all that it will ever have in front of it. After a restore from a
// dump the transactions of before may have any numbers, and are over.
const SETTLED = sql`(e.epoch < (SELECT event_epoch FROM environment) OR e.transaction_id < pg_snapshot_xmin(pg_current_snapshot()))
AND (e.epoch, e.transaction_id, e.position) > (${param('epoch')}::int, ${param('transactionId')}::xid8, ${param('position')}::bigint)`;

const PAGES: Record<Topic['kind'], [condition: RawBuilder<unknown>, order: RawBuilder<unknown>]> = {
  organization: [
    sql`e.organization_id = ${param('organizationId')}::uuid AND e.sequence > ${param('sequence')}::int`,
    sql.raw('e.sequence'),
  ],
  environment: [SETTLED, BY_STREAM],
  person: [sql`e.user_id = ${param('userId')}::uuid AND ${SETTLED}`, BY_STREAM],
};

function newsSince(): RawBuilder<unknown> {
  const news = sql`SELECT e.* FROM event e
WHERE e.epoch = (SELECT event_epoch FROM environment)
AND (e.transaction_id = ANY(${param('underWay')}::xid8[]) OR e.transaction_id >= ${param('next')}::xid8)
AND pg_visible_in_snapshot(e.transaction_id, coalesce(${param('until')}::pg_snapshot, pg_current_snapshot()))
AND (e.transaction_id, e.position) > (${param('transactionId')}::xid8, ${param('position')}::bigint)
ORDER BY e.transaction_id, e.position LIMIT ${sql.lit(PAGE)}`;
  return sql`SELECT pg_current_snapshot()::text AS snapshot, news.* FROM (SELECT) AS one
LEFT JOIN (SELECT ${eventColumns('e')} FROM (${withDetails(news)}) AS e) AS news ON true
ORDER BY news."transactionId"::xid8, news.position::bigint`;
}
