/** Lists of events, oldest first: of the environment with all its organizations, of one organization, of a membership. */
import { type RawBuilder, sql } from 'kysely';
import type { Read } from '../db/database.ts';
import type { ActorKind, EventCause, EventType } from '../db/generated/prisma/enums.ts';
import { type EventRow, eventColumns, withDetails } from './event.ts';
import type { EventPlace } from './event-place.ts';
import { type List, listsOf, type PageArgs, placeholderOf } from './page.ts';
import { param } from './statement.ts';

export type EventListKind = 'environment' | 'organization' | 'membership';

/** All conditions must hold. Ids are uuids, times ISO 8601. */
export type EventListFilter = {
  types?: EventType[] | null;
  causes?: EventCause[] | null;
  membershipId?: string | null;
  userId?: string | null;
  actor?: { kind: ActorKind; id: string } | null;
  /** Included. */
  since?: string | null;
  /** Not included. */
  until?: string | null;
};

export type EventPageArgs = PageArgs<'POSITION', EventPlace>;

/** What a list is sorted by: a column, the part of a place that it is compared with, and its type. */
type Key = { column: string; part: keyof EventPlace; type: string };

// An organization's numbers are given under its lock, so that every snapshot shows the first of them without a hole.
const BY_NUMBER: Key[] = [{ column: 'sequence', part: 'sequence', type: 'int' }];

// The environment's transactions commit in another order than they begin, so its stream ends before the oldest that
// is still open: nothing appears later in front of what was shown.
const BY_STREAM: Key[] = [
  { column: 'epoch', part: 'epoch', type: 'int' },
  { column: 'transaction_id', part: 'transactionId', type: 'xid8' },
  { column: 'position', part: 'position', type: 'bigint' },
];

const SETTLED = sql`(e.epoch < (SELECT event_epoch FROM environment) OR e.transaction_id < pg_snapshot_xmin(pg_current_snapshot()))`;

const belonging: Record<EventListKind, RawBuilder<unknown>> = {
  environment: SETTLED,
  organization: sql`e.organization_id = k.id`,
  membership: sql`e.membership_id = k.id`,
};

const conditions: Record<keyof EventListFilter, RawBuilder<unknown>> = {
  types: sql`e.type = ANY(${param('types')}::event_type[])`,
  causes: sql`e.cause = ANY(${param('causes')}::event_cause[])`,
  membershipId: sql`e.membership_id = ${param('membershipId')}::uuid`,
  userId: sql`e.user_id = ${param('userId')}::uuid`,
  actor: sql`e.actor_id = ${param('actorId')}::uuid AND e.actor_kind = ${param('actorKind')}::actor_kind`,
  since: sql`e.occurred_at >= ${param('since')}::timestamptz`,
  until: sql`e.occurred_at < ${param('until')}::timestamptz`,
};

/** Makes the event lists of parents of one kind, for one set of arguments. */
export function eventLists(
  read: Read,
  kind: EventListKind,
  filter: EventListFilter,
  args: EventPageArgs,
): (parent: string) => List<EventRow> {
  const keys = kind === 'environment' ? BY_STREAM : BY_NUMBER;
  const asked = (Object.keys(conditions) as (keyof EventListFilter)[]).filter(
    (name) => filter[name] != null,
  );
  const ordered = (alias: string) =>
    sql.raw(
      keys.map(({ column }) => `${alias}.${column} ${args.backward ? 'DESC' : 'ASC'}`).join(', '),
    );
  const all = matches(kind, asked);
  return listsOf<EventRow>({
    read,
    shape: `events of ${kind} ${asked}`,
    args,
    values: { ...filter, actorId: filter.actor?.id, actorKind: filter.actor?.kind },
    rows: () =>
      withDetails(
        sql`SELECT e.* FROM ${all}${bound(args, 'after', keys)}${bound(args, 'before', keys)} ORDER BY ${ordered('e')} LIMIT ${param('limit')}`,
      ),
    columns: () => eventColumns('item'),
    order: () => ordered('item'),
    total: () =>
      kind === 'organization' && asked.length === 0
        ? sql`SELECT o.sequence - coalesce((SELECT min(e.sequence) - 1 FROM event e WHERE e.organization_id = o.id), o.sequence) FROM organization o WHERE o.id = k.id`
        : sql`SELECT count(*) FROM ${all}`,
  });
}

function bound(args: EventPageArgs, name: 'after' | 'before', keys: Key[]): RawBuilder<unknown> {
  if (args[name] === undefined) {
    return sql``;
  }
  const columns = sql.raw(keys.map(({ column }) => `e.${column}`).join(', '));
  const place = keys.map(
    ({ part, type }) => sql`${param(placeholderOf(name, part))}::${sql.raw(type)}`,
  );
  return sql` AND (${columns}) ${sql.raw(name === 'after' ? '>' : '<')} (${sql.join(place)})`;
}

function matches(kind: EventListKind, asked: (keyof EventListFilter)[]): RawBuilder<unknown> {
  const rest = sql.join([sql`true`, ...asked.map((name) => conditions[name])], sql` AND `);
  const isNarrow = asked.includes('membershipId') || asked.includes('userId');
  if (kind === 'membership' || !isNarrow) {
    return sql`event e WHERE ${belonging[kind]} AND ${rest}`;
  }
  // What is known of one person or membership is little, and is read as a whole by its own index: OFFSET 0 keeps the
  // planner from walking everything in order instead, and the comparison from reading the whole organization as well.
  const owned =
    kind === 'organization' ? sql`e.organization_id IS NOT DISTINCT FROM k.id` : belonging[kind];
  return sql`(SELECT e.* FROM event e WHERE ${owned} AND ${rest} OFFSET 0) AS e WHERE true`;
}
