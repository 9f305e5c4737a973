/** Invitations, made through the gateways, and what becomes of them. */
import type pg from 'pg';
import { fresh } from '../domain/world.ts';
import { goodToken } from '../support/invitation-token.ts';
import { uuid } from './cast.ts';
import type { Round } from './scenario.ts';
import type { Answer, TwoGateways } from './two-gateways.ts';

type Act = Round['acts'][number];

/** All ids but the token as the API has them. */
export type Offer = {
  organizationId: string;
  invitationId: string;
  membershipId: string;
  email: string;
  token: string;
};

/** Invites somebody, new unless told otherwise; with a token that is as good as the one in the mail. */
export async function invite(
  world: TwoGateways,
  organizationId: string,
  input: object = {},
  credential?: string,
): Promise<Offer> {
  const asked = { organizationId, email: `${fresh('guest')}@example.com`, ...input };
  const { invitation } = await world.mutate(
    0,
    'invitationCreate',
    asked,
    '... on InvitationCreatePayload { invitation { id membership { id } } }',
    credential,
  );
  const { id, membership } = invitation as { id: string; membership: { id: string } };
  return {
    organizationId,
    invitationId: id,
    membershipId: membership.id,
    email: asked.email,
    token: await goodToken(world, id),
  };
}

/** Accepts by the token: as nobody, unless by a credential. */
export function accept(world: TwoGateways, token: string, credential: string | null = null): Act {
  return (gateway) => world.mutate(gateway, 'invitationAccept', { token }, '', credential);
}

export function decline(world: TwoGateways, token: string): Act {
  return (gateway) => world.mutate(gateway, 'invitationDecline', { token }, '', null);
}

export function revoke(world: TwoGateways, { invitationId }: Offer): Act {
  return (gateway) => world.mutate(gateway, 'invitationRevoke', { invitationId });
}

export function resend(world: TwoGateways, { invitationId }: Offer, credential?: string): Act {
  return (gateway) => world.mutate(gateway, 'invitationResend', { invitationId }, '', credential);
}

/** Another inviter than the key: a key of its own, with its uuid. */
export async function createInviter(world: TwoGateways): Promise<{ id: string; secret: string }> {
  const { apiKey, secret } = await world.mutate(
    0,
    'apiKeyCreate',
    { name: fresh('Inviter '), permissions: ['*:*'] },
    '... on ApiKeyCreatePayload { secret apiKey { id } }',
  );
  return { id: uuid('key', (apiKey as { id: string }).id), secret: String(secret) };
}

/**
 * Acts that tell what was said in one word: the payload, or the code of the refusal. They are sent in another order each
 * round, so that each gets to be the first.
 */
export function listen(round: number, acts: Act[]): { acts: Act[]; heard: string[] } {
  const heard: string[] = [];
  const first = round % acts.length;
  const turned = [...acts.slice(first), ...acts.slice(0, first)];
  return {
    heard,
    acts: turned.map((act) => async (gateway) => {
      const { __typename, code }: Answer = await act(gateway);
      const said = code ?? __typename;
      heard.push(said);
      return { __typename: said };
    }),
  };
}

export type End = 'ACCEPTED' | 'REVOKED' | 'DECLINED' | 'EXPIRED';

const BECOMES: Record<End, string> = {
  ACCEPTED: 'ACTIVE',
  REVOKED: 'REMOVED',
  DECLINED: 'REMOVED',
  EXPIRED: 'INVITE_EXPIRED',
};

/** Ends an invitation without a lock, if it is open. */
export function endNaively(offer: Offer, end: End): Round['naive'][number] {
  const id = uuid('inv', offer.invitationId);
  const membershipId = uuid('mbr', offer.membershipId);
  return async (client) => {
    const { rowCount } = await client.query(
      `SELECT FROM invitation WHERE id = $1 AND status = 'PENDING' AND (expires_at > clock_timestamp()) = ($2 <> 'EXPIRED')`,
      [id, end],
    );
    if (rowCount === 0) {
      return;
    }
    await client.query(
      `UPDATE invitation SET status = $2::text::invitation_status, accepted_at = CASE $2 WHEN 'ACCEPTED' THEN now() END,
         declined_at = CASE $2 WHEN 'DECLINED' THEN now() END, revoked_at = CASE $2 WHEN 'REVOKED' THEN now() END
       WHERE id = $1`,
      [id, end],
    );
    await client.query(
      `UPDATE membership SET status = $2::membership_status, status_deadline = NULL, joined_at = now() WHERE id = $1`,
      [membershipId, BECOMES[end]],
    );
    await noteNaively(client, uuid('org', offer.organizationId), {
      cause: end,
      membership_id: membershipId,
      invitation_id: id,
      previous_status: 'PENDING_INVITE',
      status: BECOMES[end],
    });
  };
}

/** Writes an event of an organization (uuid): of a move, unless `type` says otherwise. */
export async function noteNaively(
  client: pg.Client,
  organizationId: string,
  event: Record<string, string>,
): Promise<void> {
  const row = { type: 'MEMBERSHIP_STATUS_CHANGED', actor_kind: 'SYSTEM', ...event };
  await client.query(
    `WITH next AS (UPDATE organization SET sequence = sequence + 1 WHERE id = $1 RETURNING sequence)
     INSERT INTO event (id, organization_id, sequence, type, cause, actor_kind, actor_id, membership_id, user_id,
       invitation_id, previous_status, status, occurred_at)
     SELECT gen_random_uuid(), $1, next.sequence, type, cause, actor_kind, actor_id, membership_id, user_id,
       invitation_id, previous_status, status, clock_timestamp()
     FROM next, jsonb_populate_record(NULL::event, $2) AS input`,
    [organizationId, JSON.stringify(row)],
  );
}

/** What is wrong with the invitations of an organization (org_…), and how often each of them ended. */
export function contradictions(world: TwoGateways, organizationId: string): Promise<object[]> {
  return world.query(
    `SELECT i.id, i.status AS invitation, m.status AS membership, ends.count
     FROM invitation i JOIN membership m ON m.id = i.membership_id CROSS JOIN LATERAL (
       SELECT count(*)::int FROM event
       WHERE invitation_id = i.id AND type = 'MEMBERSHIP_STATUS_CHANGED' AND previous_status = 'PENDING_INVITE'
     ) AS ends
     WHERE i.organization_id = $1 AND NOT CASE
       WHEN i.status = 'PENDING'
         THEN m.status = 'PENDING_INVITE' AND m.status_deadline = i.expires_at AND ends.count = 0
       WHEN i.status = 'ACCEPTED'
         THEN ends.count = 1 AND m.status = CASE WHEN accepted_membership_id IS NULL THEN 'ACTIVE' ELSE 'REMOVED' END::membership_status
       WHEN i.status = 'EXPIRED' THEN ends.count = 1 AND m.status = 'INVITE_EXPIRED'
       ELSE ends.count = 1 AND m.status = 'REMOVED'
     END`,
    [uuid('org', organizationId)],
  );
}

/** What an invitation has come to. */
export async function endOf(world: TwoGateways, { invitationId }: Offer) {
  const [row] = await world.query<{ status: string; sends: number; late: boolean }>(
    `SELECT status, send_count AS sends, coalesce(accepted_at >= expires_at, false) AS late
     FROM invitation WHERE id = $1`,
    [uuid('inv', invitationId)],
  );
  return { status: row?.status ?? '', sends: row?.sends ?? 0, isLate: row?.late ?? false };
}
