/** Sending an invitation again: with a new token and a new deadline, by whoever resends it. */
import { actorId } from './actor.ts';
import { readEnvironment } from './environment.ts';
import { InputError } from './errors.ts';
import { readInput } from './input.ts';
import { MAX_LIFETIME, MIN_LIFETIME } from './invitation.ts';
import { InvitationStateError } from './invitation-errors.ts';
import type { StoredInvitation } from './invitation-find.ts';
import { demandToOffer } from './invitation-offer.ts';
import { sendInvitation } from './invitation-send.ts';
import { changeMembers, loadForChange } from './membership-change.ts';
import { demandInvitable, loadOrganizationRules } from './organization-rules.ts';
import { single } from './outcome.ts';
import { loadQuota, lockInviter } from './send-quota.ts';
import type { Transaction } from './transaction.ts';
import { lockUserIds } from './user-directory.ts';

/** `expiresInSeconds`: 5 minutes to 30 days. @default the environment's */
export type ResendInput = { expiresInSeconds?: number | null };

/**
 * Sends an invitation again that is open, or that has expired and takes a seat anew. Its organization is locked. Earlier
 * tokens are good for nothing from now on. The caller becomes the inviter, who stands by the roles on offer.
 *
 * @throws InputError, InvitationStateError, RoleTooHighError, ForbiddenError, InvitePolicyError, SeatLimitError,
 *   RateLimitedError
 */
export async function resendInvitation(
  tx: Transaction,
  invitation: StoredInvitation,
  input: ResendInput,
): Promise<void> {
  const { id, organizationId, membershipId, userId, status, email } = invitation;
  if (status !== 'PENDING' && !(status === 'EXPIRED' && invitation.isLatest)) {
    throw new InvitationStateError(status);
  }
  const expiresAt = await readDeadline(tx, input);
  const rules = await loadOrganizationRules(tx, [organizationId]);
  const [rule] = rules.values();
  if (rule !== undefined) {
    demandInvitable(tx, rule, email);
  }
  await demandToOffer(tx, id, organizationId);
  await lockInviter(tx, 1);
  await lockUserIds(tx, [userId]);
  const quota = await loadQuota(tx, [{ organizationId, userId }]);
  quota.demand(organizationId, userId);
  if (status === 'EXPIRED') {
    const changing = await loadForChange(tx, [membershipId]);
    single(
      await changeMembers(tx, changing, [{ membershipId, reason: null }], {
        act: { kind: 'resend' },
        change: () => ({ statusDeadline: expiresAt }),
        describe: () => ({ invitationId: id }),
        seats: rules,
      }),
    );
  }
  await renew(tx, invitation, expiresAt);
  const membership = { id: membershipId, organizationId, userId };
  sendInvitation(tx, membership, { id, sendNumber: invitation.sendCount + 1, cause: 'RESENT' });
}

async function readDeadline(tx: Transaction, { expiresInSeconds }: ResendInput): Promise<Date> {
  const given = readInput((read) => ({
    lifetime: read.integer('expiresInSeconds', expiresInSeconds, MIN_LIFETIME, MAX_LIFETIME),
  }));
  if (given instanceof InputError) {
    throw given;
  }
  const { invitationLifetime } = await readEnvironment(tx);
  return new Date(tx.now.getTime() + (given.lifetime ?? invitationLifetime) * 1000);
}

/** When it was sent before goes on being told until the mail leaves. */
async function renew(
  tx: Transaction,
  { id, membershipId }: StoredInvitation,
  expiresAt: Date,
): Promise<void> {
  const now = tx.now.toISOString();
  await tx.db.$executeRaw`
    UPDATE invitation SET status = 'PENDING', expires_at = ${expiresAt.toISOString()}::timestamptz,
      send_count = send_count + 1,
      message = CASE WHEN inviter_id IS NOT DISTINCT FROM ${actorId(tx.actor)}::uuid THEN message END, inviter_kind = ${tx.actor.kind}::actor_kind,
      inviter_id = ${actorId(tx.actor)}::uuid, delivery_failed_at = NULL, delivery_error = NULL,
      version = version + 1, updated_at = ${now}::timestamptz
    WHERE id = ${id}::uuid`;
  await tx.db.$executeRaw`
    UPDATE membership SET status_deadline = ${expiresAt.toISOString()}::timestamptz
    WHERE id = ${membershipId}::uuid`;
  await tx.db.$executeRaw`DELETE FROM invitation_token WHERE invitation_id = ${id}::uuid`;
}
