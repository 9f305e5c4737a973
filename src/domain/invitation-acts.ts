/** What callers do to invitations: those who invite by id, those who are invited by token. Ids are uuids. */
import { type Act, type Caller, perform } from './act.ts';
import { demand, demandTrusted, organizationOf, type Target } from './authorize.ts';
import { NotFoundError } from './errors.ts';
import { type InvitationInput, inviteMembers } from './invitation.ts';
import { AbandonedError, type Acceptance, acceptInvitation } from './invitation-accept.ts';
import { type BulkInput, inviteMany } from './invitation-bulk.ts';
import { declineInvitation, revokeInvitation } from './invitation-end.ts';
import { InvitationStateError, WrongAccountError } from './invitation-errors.ts';
import { findByToken, findInvitation, type StoredInvitation } from './invitation-find.ts';
import { type ResendInput, resendInvitation } from './invitation-resend.ts';
import { ORGANIZATION_ACTS } from './organization-authority.ts';
import { single } from './outcome.ts';
import { type Principal, SYSTEM } from './principal.ts';
import { inviterTurns } from './send-quota.ts';
import { inTransaction, type Transaction, type TransactionRunner } from './transaction.ts';
import { seesInvitation } from './visibility.ts';

type InvitationNamed = { invitationId: string };

/** Binds the acts to a caller. */
export function invitationActs(caller: Caller) {
  return {
    /**
     * Invites somebody.
     *
     * @throws AlreadyMemberError, AlreadyInvitedError, InvalidTransitionError, InvitePolicyError, SeatLimitError,
     *   RoleTooHighError, RateLimitedError, and as every act
     */
    create: (input: InvitationInput) =>
      perform(caller, {
        organizations: [input.organizationId],
        turns: inviterTurns(caller.principal, caller.runner.invitations),
        authorize: (principal) => demandToInvite(principal, input.organizationId, [input]),
        async work(tx) {
          const { invitationId = '' } = single(await inviteMembers(tx, [input], { isSent: true }));
          return { invitationId };
        },
      }),

    /** Invites up to 1,000 people, each for themselves. @throws as every act */
    bulkCreate: (input: BulkInput) =>
      inviteMany(caller, input, (principal) =>
        demandToInvite(principal, input.organizationId, input.rows),
      ),

    /**
     * Sends an invitation again.
     *
     * @throws InvitationStateError, InvalidTransitionError, InvitePolicyError, SeatLimitError, RoleTooHighError,
     *   RateLimitedError, and as every act
     */
    resend: ({ invitationId, ...input }: InvitationNamed & ResendInput) =>
      change(
        caller,
        invitationId,
        (tx, invitation) => resendInvitation(tx, invitation, input),
        inviterTurns(caller.principal, caller.runner.invitations),
      ),

    /** Takes an invitation back. @throws InvitationStateError, InvalidTransitionError, and as every act */
    revoke: ({ invitationId, ...input }: InvitationNamed & { reason?: string | null }) =>
      change(caller, invitationId, (tx, invitation) => revokeInvitation(tx, invitation, input)),

    /**
     * Accepts an invitation: as the caller, or as whoever it was sent to. An invitation whose inviter no longer stands
     * by it is revoked by that, and the administrators are told why.
     *
     * @throws InvitationStateError, InvitationExpiredError, WrongAccountError, InvitePolicyError,
     *   InvalidTransitionError, SeatLimitError, SingleMembershipError, and as every act
     */
    async accept({ token }: { token: string }): Promise<Acceptance> {
      try {
        return await answer(caller, token, (tx) => acceptInvitation(tx, token));
      } catch (error) {
        if (error instanceof AbandonedError) {
          await abandon(caller.runner, error.invitationId);
        }
        throw error;
      }
    },

    /** Declines an invitation. @throws InvitationStateError, InvitationExpiredError, and as every act */
    decline: ({ token, reason }: { token: string; reason?: string | null }) =>
      answer(caller, token, (tx) => declineInvitation(tx, token, { reason })),
  };
}

function demandToInvite(
  principal: Principal,
  organizationId: string,
  rows: readonly Pick<InvitationInput, 'metadata'>[],
): void {
  demand(principal, ORGANIZATION_ACTS.invite, organizationOf(organizationId));
  for (const { metadata } of rows) {
    demandTrusted(principal, { metadata });
  }
}

/** Does an act on an invitation (uuid) as somebody who may invite. */
async function change(
  caller: Caller,
  invitationId: string,
  work: (tx: Transaction, invitation: StoredInvitation) => Promise<void>,
  turns: string[] = [],
): Promise<{ invitationId: string }> {
  const invitation = await findInvitation(caller.runner.prisma, invitationId);
  if (invitation === null) {
    throw new NotFoundError('invitation');
  }
  const { organizationId } = invitation;
  const target: Target = {
    noun: 'invitation',
    organizationId,
    isSeenBy: (principal) => seesInvitation(principal, { organizationId }),
  };
  return perform(caller, {
    organizations: [organizationId],
    turns,
    authorize: (principal) => demand(principal, ORGANIZATION_ACTS.invite, target),
    async work(tx) {
      await work(tx, await stored(tx, invitationId));
      return { invitationId };
    },
  });
}

async function stored(tx: Transaction, invitationId: string): Promise<StoredInvitation> {
  const invitation = await findInvitation(tx.db, invitationId);
  if (invitation === null) {
    throw new NotFoundError('invitation');
  }
  return invitation;
}

/** Does what the holder of a token may. Whoever came as somebody does not become nobody on the way. */
async function answer<Result>(
  caller: Caller,
  token: string,
  work: Act<Result>['work'],
): Promise<Result> {
  const invitation = await findByToken(caller.runner.prisma, token);
  if (invitation === null) {
    throw new InvitationStateError(null);
  }
  return perform(caller, {
    organizations: [invitation.organizationId],
    authorize(principal) {
      if (principal.kind !== caller.principal.kind) {
        throw new WrongAccountError('The account that you signed in with is gone.');
      }
    },
    work,
  });
}

/** Says to the administrators why an invitation came to nothing, unless somebody has decided otherwise meanwhile. */
async function abandon(runner: TransactionRunner, invitationId: string): Promise<void> {
  const found = await findInvitation(runner.prisma, invitationId);
  if (found === null) {
    return;
  }
  const scope = { principal: SYSTEM, organizations: [found.organizationId] };
  await inTransaction(runner, scope, async (tx) => {
    const invitation = await findInvitation(tx.db, invitationId);
    if (invitation?.status === 'PENDING' && invitation.sendCount === found.sendCount) {
      const reason =
        'It was accepted, but its inviter may no longer invite, or no longer holds the roles on offer.';
      await revokeInvitation(tx, invitation, { reason });
    }
  });
}
