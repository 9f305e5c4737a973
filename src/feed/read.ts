/** What the feed reads: pages of a stream after a place, where a stream is now, and what has become visible. */
import { type RawBuilder, sql } from 'kysely';
import type { Read } from '../db/database.ts';
import { type EventRow, eventColumns, withDetails } from '../loaders/event.ts';
import type { EventPlace } from '../loaders/event-place.ts';
import { isAfter, type StreamPlace } from '../loaders/event-place.ts';
import { param, run } from '../loaders/statement.ts';
import type { Topic } from './topic.ts';

/** How many events are read at once: half of what may wait for a subscriber, so that nobody is overrun by one page. */
export const PAGE = 128;

const LAST_POSITION = String(2n ** 63n - 1n);

/**
 * What a statement saw of the table. It is told by the newest event and not by the next transaction: what PostgreSQL gave
 * a number to without keeping it, it gives the same number again after a crash.
 */
export type Seen = {
  epoch: number;
  /** The transaction of the newest event, which all others that were under way may have followed. */
  newest: string;
  /** Transactions before it that were under way. */
  underWay: string[];
};

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
    () => sql`SELECT v.event_epoch AS epoch, coalesce(e.transaction_id, '0')::text AS "transactionId",
coalesce(e.position, 0)::text AS position,
(SELECT o.sequence FROM organization o WHERE o.id = ${param('organizationId')}::uuid) AS sequence
FROM environment v LEFT JOIN LATERAL (SELECT e.transaction_id, e.position FROM event e
WHERE e.epoch = v.event_epoch AND e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY e.transaction_id DESC, e.position DESC LIMIT 1) AS e ON true`,
    { organizationId },
  );
  if (now === undefined) {
    throw new Error('The database has no environment: the gateway makes one when it starts.');
  }
  return { ...now, organizationId };
}

/** What is seen at this moment. */
export async function readSeen(read: Read): Promise<Seen> {
  const [row] = await run<SeenRow>(read, 'feed seen', () => SEEN, {});
  return seenOf(row);
}

export type News = {
  /** By the statement. */
  seen: Seen;
  /** In the order of their transactions, which is that of the numbers of each organization. */
  events: EventRow[];
};

/**
 * What has been committed since, whatever the order of its transactions: those that were under way then, and those that
 * came later. At most a page of it, after the last event of the page before.
 */
export async function readNews(
  read: Read,
  { epoch, newest, underWay }: Seen,
  last: StreamPlace | undefined,
): Promise<News> {
  const end = { epoch, transactionId: newest, position: LAST_POSITION };
  const later = last !== undefined && isAfter(last, end) ? last : end;
  const rows = await run<EventRow & SeenRow & { eventId: string | null }>(
    read,
    'feed news',
    newsSince,
    {
      epoch,
      underWay,
      transactionId: last?.transactionId ?? '0',
      position: last?.position ?? '0',
      laterEpoch: later.epoch,
      laterTransactionId: later.transactionId,
      laterPosition: later.position,
    },
  );
  return { seen: seenOf(rows[0]), events: rows.filter(({ id }) => id !== null) };
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

type SeenRow = { seenEpoch: number; seenNewest: string; snapshot: string };

const SEEN = sql`SELECT v.event_epoch AS "seenEpoch", pg_current_snapshot()::text AS snapshot,
coalesce((SELECT e.transaction_id FROM event e WHERE e.epoch = v.event_epoch ORDER BY e.transaction_id DESC LIMIT 1), '0')::text
AS "seenNewest" FROM environment v`;

function seenOf(row: SeenRow | undefined): Seen {
  if (row === undefined) {
    throw new Error('The database has no environment: the gateway makes one when it starts.');
  }
  const { seenEpoch: epoch, seenNewest: newest, snapshot } = row;
  // As PostgreSQL writes it: `xmin:xmax:xip,…`.
  const [, , underWay = ''] = snapshot.split(':');
  const earlier = (transaction: string) =>
    transaction !== '' && BigInt(transaction) < BigInt(newest);
  return { epoch, newest, underWay: underWay.split(',').filter(earlier) };
}

// Two ranges of the index: as one condition, it would be read from its beginning.
function newsSince(): RawBuilder<unknown> {
  const page = sql`ORDER BY e.epoch, e.transaction_id, e.position LIMIT ${sql.lit(PAGE)}`;
  const news = sql`(SELECT e.* FROM event e WHERE e.epoch = ${param('epoch')}::int
AND e.transaction_id = ANY(${param('underWay')}::xid8[])
AND (e.transaction_id, e.position) > (${param('transactionId')}::xid8, ${param('position')}::bigint) ${page})
UNION ALL (SELECT e.* FROM event e WHERE (e.epoch, e.transaction_id, e.position) >
(${param('laterEpoch')}::int, ${param('laterTransactionId')}::xid8, ${param('laterPosition')}::bigint) ${page})`;
  return sql`SELECT seen.*, news.* FROM (${SEEN}) AS seen LEFT JOIN (SELECT ${eventColumns('e')}
FROM (${withDetails(sql`SELECT * FROM (${news}) AS e ${page}`)}) AS e) AS news ON true
ORDER BY news.epoch, news."transactionId"::xid8, news.position::bigint`;
}
