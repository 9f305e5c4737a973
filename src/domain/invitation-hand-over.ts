/** Invitations that somebody accepts under another address than the one they were sent to. */
import { readEnvironment } from './environment.ts';
import type { StoredInvitation } from './invitation-find.ts';
import { changeMembers, loadForChange } from './membership-change.ts';
import { single } from './outcome.ts';
import type { Transaction } from './transaction.ts';
import { passKeys } from './user-keys.ts';

/**
 * Makes an open invitation that of another user (uuid), who accepts it; both users and the organization are locked. They
 * get the membership that it is about. That one ends instead where they have one of their own, and where it was
 * somebody's before: what is kept about them is not for others.
 */
export async function handOver(
  tx: Transaction,
  invitation: StoredInvitation,
  userId: string,
): Promise<void> {
  const { organizationId, membershipId } = invitation;
  const { joinedAt } = await tx.db.membership.findUniqueOrThrow({
    where: { id: membershipId },
    select: { joinedAt: true },
  });
  const own = await tx.db.membership.count({ where: { organizationId, userId } });
  if (own === 0 && joinedAt === null) {
    await moveMembership(tx, invitation, userId);
  } else {
    await endMembership(tx, invitation);
  }
}

async function moveMembership(
  tx: Transaction,
  { membershipId, organizationId, userId: formerId, email }: StoredInvitation,
  userId: string,
): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE membership SET user_id = ${userId}::uuid WHERE id = ${membershipId}::uuid`;
  await tx.db.$executeRaw`
    UPDATE "user" SET membership_count = membership_count + CASE id WHEN ${userId}::uuid THEN 1 ELSE -1 END
    WHERE id IN (${formerId}::uuid, ${userId}::uuid)`;
  const user = await tx.db.user.findUniqueOrThrow({
    where: { id: userId },
    select: { id: true, email: true, name: true },
  });
  const { identityModel } = await readEnvironment(tx);
  await passKeys(tx, identityModel, user);
  tx.append({
    type: 'MEMBERSHIP_UPDATED',
    cause: 'EMAIL_CHANGED',
    organizationId,
    membershipId,
    userId,
    detail: { changes: [{ field: 'emailAddress', before: email, after: user.email }] },
  });
}

async function endMembership(
  tx: Transaction,
  { id, membershipId }: StoredInvitation,
): Promise<void> {
  const changing = await loadForChange(tx, [membershipId]);
  single(
    await changeMembers(tx, changing, [{ membershipId, reason: null }], {
      act: { kind: 'merge' },
      change: ({ invitations }) => ({
        roles: [],
        invitations: invitations.map((invitation) => ({ ...invitation, status: 'ACCEPTED' })),
      }),
      describe: () => ({ invitationId: id }),
    }),
  );
}
