/** Writes the events of a transaction, and the counts that follow from them. */
import type { Prisma } from '../db/generated/prisma/client.ts';
import type { MembershipStatus } from '../db/generated/prisma/enums.ts';
import { type Actor, actorId } from './actor.ts';
import type { NewEvent } from './event.ts';

/** The part of a transaction that events are written with. */
type EventBatch = {
  db: Prisma.TransactionClient;
  now: Date;
  actor: Actor;
  requestId: string | null;
  events: NewEvent[];
  newId(): string;
};

const COUNTED = {
  PENDING_INVITE: 'pending',
  INVITE_EXPIRED: 'expired',
  ACTIVE: 'active',
  SUSPENDED: 'suspended',
  REMOVED: 'removed',
} as const satisfies Record<MembershipStatus, string>;

type Counted = (typeof COUNTED)[MembershipStatus];

type OrganizationChange = { id: string; events: number } & Partial<Record<Counted, number>>;

/**
 * Numbers the appended events within their organizations, keeps the counts of organizations and users, and inserts the
 * events in the order in which they were appended, which it takes. To be called after everything else; earlier only
 * when what they count in is about to go. It waits for nothing before it has sent its statements, so whatever the caller
 * sends next, COMMIT included, comes behind them; the promise is their outcome. What keeps it from sending them, it throws.
 */
export function flushEvents(tx: EventBatch): Promise<unknown> {
  if (tx.events.length === 0) {
    return Promise.resolve();
  }
  const written = Promise.all([insertEvents(tx), countInUsers(tx)]);
  tx.events.length = 0;
  return written;
}

/** How much the appended events change the number of an organization's memberships of a status. */
export function countChange(
  events: readonly NewEvent[],
  organizationId: string,
  status: MembershipStatus,
): number {
  let change = 0;
  for (const event of events) {
    if (event.organizationId === organizationId) {
      const before = event.lostStatus ?? event.previousStatus;
      change += Number(event.status === status) - Number(before === status);
    }
  }
  return change;
}

/** How many events each organization gets, and how the counts of its memberships change. */
function changesOf(events: readonly NewEvent[]): Map<string, OrganizationChange> {
  const changes = new Map<string, OrganizationChange>();
  for (const { organizationId, previousStatus, lostStatus, status } of events) {
    if (!organizationId) {
      continue;
    }
    const change = changes.get(organizationId) ?? { id: organizationId, events: 0 };
    changes.set(organizationId, change);
    change.events += 1;
    const add = (name: Counted, n: number) => {
      change[name] = (change[name] ?? 0) + n;
    };
    if (status !== undefined) {
      add(COUNTED[status], 1);
    }
    const before = lostStatus ?? previousStatus;
    if (before) {
      add(COUNTED[before], -1);
    }
  }
  return changes;
}

/** Keeps the number of memberships that are not REMOVED. */
function countInUsers(tx: EventBatch): Promise<number> | undefined {
  const changes = new Map<string, number>();
  for (const { userId, previousStatus, lostStatus, status } of tx.events) {
    if (userId) {
      const change = Number(isCounted(status)) - Number(isCounted(lostStatus ?? previousStatus));
      changes.set(userId, (changes.get(userId) ?? 0) + change);
    }
  }
  const rows = [...changes].flatMap(([id, change]) => (change === 0 ? [] : [{ id, change }]));
  if (rows.length === 0) {
    return undefined;
  }
  return tx.db.$executeRaw`
    WITH change AS (
      SELECT "user".id, change.change
      FROM "user" JOIN jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS change(id uuid, change int) USING (id)
      ORDER BY id FOR NO KEY UPDATE OF "user"
    )
    UPDATE "user" SET membership_count = membership_count + change.change
    FROM change WHERE "user".id = change.id`;
}

function isCounted(status: MembershipStatus | null | undefined): boolean {
  return status !== undefined && status !== null && status !== 'REMOVED';
}

function insertEvents(tx: EventBatch): Promise<number> {
  const changes = changesOf(tx.events);
  const left = new Map([...changes].map(([id, { events }]) => [id, events]));
  const rows = tx.events.map((event, place) => {
    const actor = event.actor ?? tx.actor;
    const { organizationId, detail, reason } = event;
    const following = (left.get(organizationId ?? '') ?? 0) - 1;
    if (organizationId) {
      left.set(organizationId, following);
    }
    return {
      place,
      id: tx.newId(),
      organization_id: organizationId,
      following,
      type: event.type,
      cause: event.cause,
      actor_kind: actor.kind,
      actor_id: actorId(actor),
      membership_id: event.membershipId,
      user_id: event.userId,
      invitation_id: event.invitationId,
      role_id: event.roleId,
      api_key_id: event.apiKeyId,
      previous_status: event.previousStatus,
      status: event.status,
      reason,
      detail: detail ?? (reason ? {} : null),
    };
  });
  // Of an organization that is not there, an event has no number, and is refused.
  return tx.db.$executeRaw`
    WITH counted AS (
      UPDATE organization SET
        sequence = organization.sequence + change.events,
        pending_count = pending_count + coalesce(change.pending, 0),
        expired_count = expired_count + coalesce(change.expired, 0),
        active_count = active_count + coalesce(change.active, 0),
        suspended_count = suspended_count + coalesce(change.suspended, 0),
        removed_count = removed_count + coalesce(change.removed, 0)
      FROM jsonb_to_recordset(${JSON.stringify([...changes.values()])}::jsonb) AS change(
        id uuid, events int, pending int, expired int, active int, suspended int, removed int)
      WHERE organization.id = change.id
      RETURNING organization.id, organization.sequence
    ), input AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS input(
        place int, id uuid, organization_id uuid, following int, type event_type, cause event_cause,
        actor_kind actor_kind, actor_id uuid, membership_id uuid, user_id uuid, invitation_id uuid, role_id uuid,
        api_key_id uuid, previous_status membership_status, status membership_status, reason text, detail jsonb)
    ), written AS (
      INSERT INTO event (epoch, id, organization_id, sequence, type, cause, actor_kind, actor_id, membership_id, user_id,
        invitation_id, role_id, api_key_id, previous_status, status, request_id, occurred_at)
      SELECT (SELECT event_epoch FROM environment), input.id, organization_id, counted.sequence - following, type, cause,
        actor_kind, actor_id, membership_id, user_id, invitation_id, role_id, api_key_id, previous_status, status,
        ${tx.requestId}::text, ${tx.now.toISOString()}::timestamptz
      FROM input LEFT JOIN counted ON counted.id = organization_id ORDER BY place
    )
    INSERT INTO event_detail (event_id, membership_id, user_id, reason, detail)
    SELECT id, membership_id, user_id, reason, detail FROM input WHERE detail IS NOT NULL ORDER BY place`;
}
