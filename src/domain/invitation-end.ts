/** Invitations that end without a member: declined by whoever was invited, or revoked by the organization. */

import { readRow } from './input.ts';
import { InvitationStateError } from './invitation-errors.ts';
import { demandOpen, findByToken, type StoredInvitation } from './invitation-find.ts';
import { changeMembers, loadForChange, readChange } from './membership-change.ts';
import { single } from './outcome.ts';
import type { Transaction } from './transaction.ts';
import { lockUserIds } from './user-directory.ts';

type Reasoned = { reason?: string | null };

/**
 * Declines the invitation of the token, whose organization is locked. Who has declined it before gets the same answer.
 *
 * @throws InputError, InvitationStateError or InvitationExpiredError
 */
export async function declineInvitation(
  tx: Transaction,
  token: string,
  { reason }: Reasoned,
): Promise<{ organizationName: string }> {
  const invitation = await findByToken(tx.db, token);
  if (invitation === null) {
    throw new InvitationStateError(null);
  }
  const { organizationName, status } = invitation;
  if (status !== 'DECLINED') {
    demandOpen(invitation);
    await endInvitations(tx, [invitation], 'decline', reason);
  }
  return { organizationName };
}

/**
 * Revokes an invitation, whose organization is locked; one that has expired, too, as it could be sent again.
 *
 * @throws InputError, InvitationStateError or InvitationExpiredError
 */
export async function revokeInvitation(
  tx: Transaction,
  invitation: StoredInvitation,
  { reason }: Reasoned,
): Promise<void> {
  if (invitation.status !== 'EXPIRED' || !invitation.isLatest) {
    demandOpen(invitation);
  }
  await endInvitations(tx, [invitation], 'revoke', reason);
}

/**
 * Locks a member (uuid) with all whose open invitations they have sent: before the member goes and these are revoked,
 * as users are locked in the order of their ids. Their organization is locked.
 */
export async function lockWithInvited(tx: Transaction, membershipId: string): Promise<void> {
  const open = await loadOpenOf(tx, membershipId);
  const member = await tx.db.membership.findUnique({
    where: { id: membershipId },
    select: { userId: true },
  });
  await lockUserIds(
    tx,
    [member, ...open].map((one) => one?.userId).filter((id) => id !== undefined),
  );
}

/**
 * Revokes what a member (uuid) has offered that is still open. Their organization is locked, and so are they, with those
 * whom they have invited.
 */
export async function revokeInvitationsOf(
  tx: Transaction,
  { membershipId, reason }: Reasoned & { membershipId: string },
): Promise<void> {
  await endInvitations(tx, await loadOpenOf(tx, membershipId), 'revoke', reason);
}

function loadOpenOf(tx: Transaction, membershipId: string): Promise<Ended[]> {
  return tx.db.$queryRaw`
    SELECT invitation.id, membership_id AS "membershipId", membership.user_id AS "userId"
    FROM membership inviter
    JOIN invitation ON inviter_id = inviter.user_id AND invitation.organization_id = inviter.organization_id
    JOIN membership ON membership.id = membership_id
    WHERE inviter.id = ${membershipId}::uuid AND invitation.status = 'PENDING'`;
}

type Ended = Pick<StoredInvitation, 'id' | 'membershipId' | 'userId'>;

async function endInvitations(
  tx: Transaction,
  invitations: readonly Ended[],
  kind: 'decline' | 'revoke',
  reason: string | null | undefined,
): Promise<void> {
  const status = kind === 'decline' ? 'DECLINED' : 'REVOKED';
  const ids = new Map(invitations.map(({ id, membershipId }) => [membershipId, id]));
  const rows = [...ids.keys()].map((membershipId) =>
    readRow((read) => readChange(read, { membershipId, reason })),
  );
  const changing = await loadForChange(tx, [...ids.keys()]);
  // Their counts change: users come after organizations, in the order of their ids.
  await lockUserIds(
    tx,
    invitations.map(({ userId }) => userId),
  );
  const outcomes = await changeMembers(tx, changing, rows, {
    act: { kind },
    change: ({ id }) => ({
      roles: [],
      invitations: [{ id: ids.get(id) ?? '', status, offer: null }],
    }),
    describe: ({ id }) => ({ invitationId: ids.get(id) }),
  });
  for (const outcome of outcomes) {
    single([outcome]);
  }
}
