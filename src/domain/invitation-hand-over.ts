/** Invitations that somebody accepts under another address than the one they were sent to. */
import { readEnvironment } from './environment.ts';
import type { StoredInvitation } from './invitation-find.ts';
import { changeMembers, loadForChange } from './membership-change.ts';
import { single } from './outcome.ts';
import type { Transaction } from './transaction.ts';
import { passKeys } from './user-keys.ts';

/**
 * Makes an open invitation that of another user (uuid); both users and the organization are locked. Where they have no
 * membership of their own, they get the one that it is about; else that one ends, and the invitation is accepted with
 * theirs.
 */
export async function handOver(
  tx: Transaction,
  invitation: StoredInvitation,
  userId: string,
): Promise<void> {
  const { organizationId } = invitation;
  const own = await tx.db.membership.findUnique({
    where: { organizationId_userId: { organizationId, userId } },
    select: { id: true },
  });
  if (own === null) {
    await moveMembership(tx, invitation, userId);
  } else {
    await mergeInto(tx, invitation, own.id);
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

async function mergeInto(
  tx: Transaction,
  { id, membershipId }: StoredInvitation,
  ownId: string,
): Promise<void> {
  const records = await loadForChange(tx, [membershipId]);
  single(
    await changeMembers(tx, records, [{ membershipId, reason: null }], {
      act: { kind: 'merge' },
      change: ({ invitations }) => ({
        roles: [],
        invitations: invitations.map((invitation) => ({ ...invitation, status: 'ACCEPTED' })),
      }),
      describe: () => ({ invitationId: id }),
    }),
  );
  await tx.db.invitation.update({ where: { id }, data: { acceptedMembershipId: ownId } });
}
