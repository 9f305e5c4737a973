/** Lists of events, oldest first: of the environment with all its organizations, of one organization, of a membership. */
import { type RawBuilder, sql } from 'kysely';
import type { Read } from '../db/database.ts';
import type { ActorKind, EventCause, EventType } from '../db/generated/prisma/enums.ts';
import { type EventPlace, type EventRow, eventColumns, withDetails } from './event.ts';
import { type List, listsOf, type PageArgs } from './page.ts';
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

// An organization's numbers are given under its lock, so that every snapshot shows the first of them without a hole.
const SEQUENCE = { columns: ['sequence'], places: { Sequence: 'int' } };

// The environment's transactions commit in another order than they begin, so its stream ends before the oldest that
// is still open: nothing appears later in front of what was shown.
const STREAM = {
  columns: ['epoch', 'transaction_id', 'position'],
  places: { Epoch: 'int', TransactionId: 'xid8', Position: 'bigint' },
};

const SETTLED = sql`e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())`;

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
  const order = kind === 'environment' ? STREAM : SEQUENCE;
  const asked = (Object.keys(conditions) as (keyof EventListFilter)[]).filter(
    (name) => filter[name] != null,
  );
  const tuple = (alias: string) =>
    sql.raw(order.columns.map((column) => `${alias}.${column}`).join(', '));
  const bound = (name: 'after' | 'before', operator: string) => {
    const place = Object.entries(order.places).map(
      ([part, type]) => sql`${param(`${name}${part}`)}::${sql.raw(type)}`,
    );
    return args[name] ? sql` AND (${tuple('e')}) ${sql.raw(operator)} (${sql.join(place)})` : sql``;
  };
  const direction = sql.raw(args.backward ? 'DESC' : 'ASC');
  const ordered = (alias: string) =>
    sql.join(order.columns.map((column) => sql`${sql.raw(`${alias}.${column}`)} ${direction}`));

  const narrowed = sql.join(
    [belonging[kind], ...asked.map((name) => conditions[name])],
    sql` AND `,
  );
  // What is known of one person or membership is little. OFFSET 0 keeps the planner from walking everything in order.
  const fenced = asked.some((name) => name === 'membershipId' || name === 'userId');
  const all = fenced
    ? sql`(SELECT e.* FROM event e WHERE ${narrowed} OFFSET 0) AS e WHERE true`
    : sql`event e WHERE ${narrowed}`;
  return listsOf<EventRow>({
    read,
    shape: `events of ${kind} ${asked}`,
    args,
    values: { ...filter, actorId: filter.actor?.id, actorKind: filter.actor?.kind },
    rows: () =>
      withDetails(
        sql`SELECT e.* FROM ${all}${bound('after', '>')}${bound('before', '<')} ORDER BY ${ordered('e')} LIMIT ${param('limit')}`,
      ),
    columns: () => eventColumns('item'),
    order: () => ordered('item'),
    total: () =>
      kind === 'organization' && asked.length === 0
        ? sql`SELECT o.sequence FROM organization o WHERE o.id = k.id`
        : sql`SELECT count(*) FROM ${all}`,
  });
}
