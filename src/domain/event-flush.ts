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

const COUNTED: Record<MembershipStatus, string> = {
  PENDING_INVITE: 'pending',
  INVITE_EXPIRED: 'expired',
  ACTIVE: 'active',
  SUSPENDED: 'suspended',
  REMOVED: 'removed',
};

/**
 * Numbers the appended events within their organizations, keeps the counts of organizations and users, and inserts the
 * events in the order in which they were appended, which it takes. To be called after everything else; earlier only
 * when what they count in is about to go.
 */
export async function flushEvents(tx: EventBatch): Promise<void> {
  if (tx.events.length === 0) {
    return;
  }
  const lastNumbers = await countInOrganizations(tx);
  await countInUsers(tx);
  await insertEvents(tx, lastNumbers);
  tx.events.length = 0;
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

/** Returns the number of the last event of each organization. */
async function countInOrganizations(tx: EventBatch): Promise<Map<string, number>> {
  const changes = new Map<string, Record<string, number | string>>();
  for (const { organizationId, previousStatus, lostStatus, status } of tx.events) {
    if (!organizationId) {
      continue;
    }
    const change = changes.get(organizationId) ?? { id: organizationId, events: 0 };
    changes.set(organizationId, change);
    const add = (name: string, n: number) => {
      change[name] = Number(change[name] ?? 0) + n;
    };
    add('events', 1);
    if (status !== undefined) {
      add(COUNTED[status], 1);
    }
    const before = lostStatus ?? previousStatus;
    if (before) {
      add(COUNTED[before], -1);
    }
  }
  if (changes.size === 0) {
    return new Map();
  }
  const rows = await tx.db.$queryRaw<{ id: string; sequence: number }[]>`
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
    RETURNING organization.id, organization.sequence`;
  return new Map(rows.map(({ id, sequence }) => [id, sequence]));
}

/** Keeps the number of memberships that are not REMOVED. */
async function countInUsers(tx: EventBatch): Promise<void> {
  const changes = new Map<string, number>();
  for (const { userId, previousStatus, lostStatus, status } of tx.events) {
    if (userId) {
      const change = Number(isCounted(status)) - Number(isCounted(lostStatus ?? previousStatus));
      changes.set(userId, (changes.get(userId) ?? 0) + change);
    }
  }
  const rows = [...changes].flatMap(([id, change]) => (change === 0 ? [] : [{ id, change }]));
  if (rows.length === 0) {
    return;
  }
  await tx.db.$executeRaw`
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

async function insertEvents(tx: EventBatch, lastNumbers: Map<string, number>): Promise<void> {
  const perOrganization = new Map<string, number>();
  for (const { organizationId } of tx.events) {
    if (organizationId) {
      perOrganization.set(organizationId, (perOrganization.get(organizationId) ?? 0) + 1);
    }
  }
  const nextNumber = (organizationId: string) => {
    const last = lastNumbers.get(organizationId);
    const left = perOrganization.get(organizationId);
    if (last === undefined || left === undefined) {
      throw new Error(`An event names organization ${organizationId}, which does not exist.`);
    }
    perOrganization.set(organizationId, left - 1);
    return last - left + 1;
  };
  const rows = tx.events.map((event, place) => {
    const actor = event.actor ?? tx.actor;
    const { organizationId, detail, reason } = event;
    return {
      place,
      id: tx.newId(),
      organization_id: organizationId,
      sequence: organizationId ? nextNumber(organizationId) : null,
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
  await tx.db.$executeRaw`
    WITH input AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS input(
        place int, id uuid, organization_id uuid, sequence int, type event_type, cause event_cause,
        actor_kind actor_kind, actor_id uuid, membership_id uuid, user_id uuid, invitation_id uuid, role_id uuid,
        api_key_id uuid, previous_status membership_status, status membership_status, reason text, detail jsonb)
    ), written AS (
      INSERT INTO event (epoch, id, organization_id, sequence, type, cause, actor_kind, actor_id, membership_id, user_id,
        invitation_id, role_id, api_key_id, previous_status, status, request_id, occurred_at)
      SELECT (SELECT event_epoch FROM environment), id, organization_id, sequence, type, cause, actor_kind, actor_id,
        membership_id, user_id, invitation_id, role_id, api_key_id, previous_status, status, ${tx.requestId}::text,
        ${tx.now.toISOString()}::timestamptz
      FROM input ORDER BY place
    )
    INSERT INTO event_detail (event_id, membership_id, user_id, reason, detail)
    SELECT id, membership_id, user_id, reason, detail FROM input WHERE detail IS NOT NULL ORDER BY place`;
}
