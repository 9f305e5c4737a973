/** What a membership takes that others may have already: its external id, its user, a seat. */
import {
  AlreadyMemberError,
  type DomainError,
  DuplicateError,
  InvalidTransitionError,
  NotFoundError,
  SeatLimitError,
  SingleMembershipError,
} from './errors.ts';
import { encodeId } from './id.ts';
import { AlreadyInvitedError } from './invitation-errors.ts';
import { type Lobby, pairKey } from './membership-entrant.ts';
import type { MembershipRecord } from './membership-record.ts';
import type { Move } from './membership-status.ts';
import { changeSeat, type OrganizationRules } from './organization-rules.ts';

/**
 * Takes what the membership needs when it goes from `present` to `next`.
 *
 * @throws DuplicateError, SingleMembershipError or SeatLimitError, and then nothing was taken.
 */
export function claimPlace(
  lobby: Lobby,
  rules: OrganizationRules,
  present: MembershipRecord | undefined,
  next: MembershipRecord,
): void {
  const { id, organizationId, externalId, singleUserId } = next;
  const externalKey = externalId === null ? null : pairKey(organizationId, externalId);
  const holder = externalKey === null ? undefined : lobby.externalIds.get(externalKey);
  if (holder !== undefined && holder !== id) {
    throw new DuplicateError(
      'DUPLICATE_EXTERNAL_ID',
      'externalId',
      encodeId('mbr', holder),
      'Another membership of the organization has this external id.',
    );
  }
  const single = singleUserId === null ? undefined : lobby.singles.get(singleUserId);
  if (single !== undefined && single !== id) {
    throw new SingleMembershipError();
  }
  if (!changeSeat(rules, present ?? null, next)) {
    throw new SeatLimitError(rules.seatLimit ?? 0);
  }
  if (externalKey !== null) {
    lobby.externalIds.set(externalKey, id);
  }
  if (singleUserId !== null) {
    lobby.singles.set(singleUserId, id);
  }
}

/** The refusal of a move that does not exist. */
export function refuseMove(
  code: Extract<Move, string>,
  present: MembershipRecord | undefined,
): DomainError {
  if (present === undefined) {
    return new NotFoundError('membership');
  }
  const invitation = present.invitations.findLast(({ status }) => status === 'PENDING');
  if (code === 'ALREADY_INVITED' && invitation !== undefined) {
    return new AlreadyInvitedError(encodeId('inv', invitation.id));
  }
  return code === 'ALREADY_MEMBER'
    ? new AlreadyMemberError(encodeId('mbr', present.id))
    : new InvalidTransitionError(present.status);
}
