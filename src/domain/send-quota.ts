/** How many invitations may still be sent: by an inviter, from an organization, to an address. */
import { actorId } from './actor.ts';
import { RateLimitedError } from './invitation-errors.ts';
import type { InvitationPolicy } from './invitation-policy.ts';
import { actorOf, type Principal } from './principal.ts';
import type { Transaction } from './transaction.ts';

/** From which organization to which user: uuids. */
export type Destination = { organizationId: string; userId: string };

export type SendQuota = {
  /** Throws when nothing more may be sent there. @throws RateLimitedError */
  demand(organizationId: string, userId: string): void;
  /** Notes that something is sent there. */
  take(organizationId: string, userId: string): void;
};

type Kind = 'inviter' | 'organization' | 'recipient';

type Limit = { most: number | undefined; windowMs: number; refusal: string };

/** What was sent of late; `since` is when the first of it was that still counts against the limit. */
type Usage = { count: number; since: Date | null };

const HOUR_MS = 3_600_000;

/**
 * Makes inviters who have a limit wait for themselves, as they may send from several organizations at once. To be called
 * with the locks of the organizations, before users are locked, and only where something is sent.
 */
export async function lockInviter(tx: Transaction, sendings: number): Promise<void> {
  const id = actorId(tx.actor);
  if (sendings > 0 && id !== null && tx.invitations.perInviter !== undefined) {
    await tx.db
      .$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('gatehouse:inviter:' || ${id}, 0))`;
  }
}

/**
 * The turns of inviters who wait for themselves so: else they would wait for that lock on connections that others need.
 * They come before those of organizations, so that nobody waits for an organization whose turn waits for an inviter.
 */
export function inviterTurns(principal: Principal, { perInviter }: InvitationPolicy): string[] {
  const id = actorId(actorOf(principal));
  return id === null || perInviter === undefined ? [] : [`#inviter:${id}`];
}

/**
 * Counts what was sent to these destinations, whose organizations and users are locked, as is the caller as an inviter:
 * so the numbers are exact until the transaction ends. The system sends without limits.
 */
export async function loadQuota(
  tx: Transaction,
  destinations: readonly Destination[],
): Promise<SendQuota> {
  if (destinations.length === 0 || tx.principal.kind === 'system') {
    return { demand() {}, take() {} };
  }
  const limits = limitsOf(tx);
  const inviterId = actorId(tx.actor) ?? '';
  const usage = new Map<string, Usage>();
  const sent = await countSent(tx, limits, {
    inviter: [inviterId],
    organization: [...new Set(destinations.map(({ organizationId }) => organizationId))],
    recipient: [...new Set(destinations.map(({ userId }) => userId))],
  });
  for (const { kind, id, ...used } of sent) {
    usage.set(`${kind} ${id}`, used);
  }
  const used = (kind: Kind, id: string) => usage.get(`${kind} ${id}`) ?? { count: 0, since: null };
  const within = (organizationId: string, userId: string): [Kind, string][] => [
    ['inviter', inviterId],
    ['organization', organizationId],
    ['recipient', userId],
  ];
  return {
    demand(organizationId, userId) {
      for (const [kind, id] of within(organizationId, userId)) {
        const { most, windowMs, refusal } = limits[kind];
        const { count, since } = used(kind, id);
        if (most !== undefined && count >= most) {
          const elapsed = tx.now.getTime() - (since ?? tx.now).getTime();
          throw new RateLimitedError(Math.max(1, windowMs - elapsed), refusal);
        }
      }
    },
    take(organizationId, userId) {
      for (const [kind, id] of within(organizationId, userId)) {
        const { count, since } = used(kind, id);
        usage.set(`${kind} ${id}`, { count: count + 1, since: since ?? tx.now });
      }
    },
  };
}

function limitsOf({ invitations }: Transaction): Record<Kind, Limit> {
  return {
    inviter: {
      most: invitations.perInviter,
      windowMs: HOUR_MS,
      refusal: `One inviter sends at most ${invitations.perInviter} invitations an hour.`,
    },
    organization: {
      most: invitations.perOrganization,
      windowMs: HOUR_MS,
      refusal: `An organization sends at most ${invitations.perOrganization} invitations an hour.`,
    },
    recipient: {
      most: invitations.perRecipient,
      windowMs: 24 * HOUR_MS,
      refusal: 'This address has been sent as many invitations as it may get in a day.',
    },
  };
}

/** Each as far as its limit: what is more does not matter. */
function countSent(
  tx: Transaction,
  { inviter, organization, recipient }: Record<Kind, Limit>,
  ids: Record<Kind, string[]>,
): Promise<(Usage & { kind: Kind; id: string })[]> {
  const from = ({ windowMs }: Limit) => new Date(tx.now.getTime() - windowMs).toISOString();
  return tx.db.$queryRaw`
    SELECT 'inviter' AS kind, named.id, count(*)::int, min(occurred_at) AS since
    FROM unnest(${ids.inviter}::uuid[]) AS named(id) CROSS JOIN LATERAL (
      SELECT occurred_at FROM event
      WHERE type = 'INVITATION_SENT' AND actor_id = named.id AND occurred_at > ${from(inviter)}::timestamptz
      ORDER BY occurred_at DESC LIMIT ${inviter.most ?? 0}
    ) sent GROUP BY named.id
    UNION ALL
    SELECT 'organization', named.id, count(*)::int, min(occurred_at)
    FROM unnest(${ids.organization}::uuid[]) AS named(id) CROSS JOIN LATERAL (
      SELECT occurred_at FROM event
      WHERE type = 'INVITATION_SENT' AND organization_id = named.id AND occurred_at > ${from(organization)}::timestamptz
      ORDER BY occurred_at DESC LIMIT ${organization.most ?? 0}
    ) sent GROUP BY named.id
    UNION ALL
    SELECT 'recipient', named.id, count(*)::int, min(occurred_at)
    FROM unnest(${ids.recipient}::uuid[]) AS named(id) CROSS JOIN LATERAL (
      SELECT occurred_at FROM event
      WHERE type = 'INVITATION_SENT' AND user_id = named.id AND occurred_at > ${from(recipient)}::timestamptz
      ORDER BY occurred_at DESC LIMIT ${recipient.most ?? 0}
    ) sent GROUP BY named.id`;
}
