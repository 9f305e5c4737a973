/** Sending invitations: the fact of it, and the mail that follows. */
import type { Transaction } from './transaction.ts';

/**
 * Notes that an invitation (uuid) to a membership is sent, and leaves the mail to be made when the transaction has
 * committed.
 */
export function sendInvitation(
  tx: Transaction,
  membership: { id: string; organizationId: string; userId: string },
  { id, sendNumber, cause }: { id: string; sendNumber: number; cause: 'INVITED' | 'RESENT' },
): void {
  tx.append({
    type: 'INVITATION_SENT',
    cause,
    organizationId: membership.organizationId,
    membershipId: membership.id,
    userId: membership.userId,
    invitationId: id,
  });
  tx.enqueue({ kind: 'invitationMail', invitationId: id, sendNumber });
}
