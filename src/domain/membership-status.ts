/** The status machine of a membership, as data. No other move exists. */
import type { EventCause, MembershipStatus } from '../db/generated/prisma/enums.ts';

/** What can happen to a membership so far. An import says what the membership shall be. */
export type MembershipAct =
  | { kind: SimpleAct }
  | { kind: 'import'; target: ImportTarget; reactivate: boolean };

type SimpleAct =
  | 'invite'
  | 'resend'
  | 'revoke'
  | 'decline'
  | 'accept'
  | 'merge'
  | 'create'
  | 'add'
  | 'join'
  | 'suspend'
  | 'reinstate'
  | 'remove'
  | 'leave'
  | 'reactivate'
  | 'deadline';

export type ImportTarget = Exclude<MembershipStatus, 'INVITE_EXPIRED'>;

export type Move =
  | { to: MembershipStatus; cause: EventCause }
  | 'unchanged'
  | 'NOT_FOUND'
  | 'ALREADY_MEMBER'
  | 'ALREADY_INVITED'
  | 'INVALID_TRANSITION';

type From = MembershipStatus | 'NONE';

const INVITED: Move = { to: 'PENDING_INVITE', cause: 'INVITED' };
const CREATED: Move = { to: 'ACTIVE', cause: 'CREATED' };
const ADDED: Move = { to: 'ACTIVE', cause: 'ADDED' };
const JOINED: Move = { to: 'ACTIVE', cause: 'JOINED_BY_DOMAIN' };
const REMOVED: Move = { to: 'REMOVED', cause: 'REMOVED' };
const REVOKED: Move = { to: 'REMOVED', cause: 'REVOKED' };
const ACCEPTED: Move = { to: 'ACTIVE', cause: 'ACCEPTED' };
const REACTIVATED: Move = { to: 'ACTIVE', cause: 'REACTIVATED' };

const MOVES: Record<SimpleAct, Record<From, Move>> = {
  invite: {
    NONE: INVITED,
    PENDING_INVITE: 'ALREADY_INVITED',
    INVITE_EXPIRED: INVITED,
    ACTIVE: 'ALREADY_MEMBER',
    SUSPENDED: 'INVALID_TRANSITION',
    REMOVED: INVITED,
  },
  // Of an open invitation only the mail and the deadline change.
  resend: {
    NONE: 'NOT_FOUND',
    PENDING_INVITE: 'unchanged',
    INVITE_EXPIRED: { to: 'PENDING_INVITE', cause: 'RESENT' },
    ACTIVE: 'INVALID_TRANSITION',
    SUSPENDED: 'INVALID_TRANSITION',
    REMOVED: 'INVALID_TRANSITION',
  },
  revoke: {
    NONE: 'NOT_FOUND',
    PENDING_INVITE: REVOKED,
    INVITE_EXPIRED: REVOKED,
    ACTIVE: 'INVALID_TRANSITION',
    SUSPENDED: 'INVALID_TRANSITION',
    REMOVED: 'INVALID_TRANSITION',
  },
  decline: {
    NONE: 'NOT_FOUND',
    PENDING_INVITE: { to: 'REMOVED', cause: 'DECLINED' },
    INVITE_EXPIRED: 'INVALID_TRANSITION',
    ACTIVE: 'INVALID_TRANSITION',
    SUSPENDED: 'INVALID_TRANSITION',
    REMOVED: 'INVALID_TRANSITION',
  },
  // Of whoever accepts: that the invitation is open was seen before. It may be for another address, so that they have
  // no membership, one of their own already, or one that ended.
  accept: {
    NONE: ACCEPTED,
    PENDING_INVITE: ACCEPTED,
    INVITE_EXPIRED: ACCEPTED,
    ACTIVE: 'unchanged',
    SUSPENDED: 'INVALID_TRANSITION',
    REMOVED: ACCEPTED,
  },
  // Of the membership of an invitation that somebody accepts with one of their own.
  merge: {
    NONE: 'NOT_FOUND',
    PENDING_INVITE: { to: 'REMOVED', cause: 'MERGED' },
    INVITE_EXPIRED: 'INVALID_TRANSITION',
    ACTIVE: 'INVALID_TRANSITION',
    SUSPENDED: 'INVALID_TRANSITION',
    REMOVED: 'INVALID_TRANSITION',
  },
  create: {
    NONE: CREATED,
    PENDING_INVITE: 'INVALID_TRANSITION',
    INVITE_EXPIRED: 'INVALID_TRANSITION',
    ACTIVE: 'ALREADY_MEMBER',
    SUSPENDED: 'INVALID_TRANSITION',
    REMOVED: 'INVALID_TRANSITION',
  },
  add: {
    NONE: ADDED,
    PENDING_INVITE: ADDED,
    INVITE_EXPIRED: ADDED,
    ACTIVE: 'ALREADY_MEMBER',
    SUSPENDED: 'INVALID_TRANSITION',
    REMOVED: REACTIVATED,
  },
  join: {
    NONE: JOINED,
    PENDING_INVITE: JOINED,
    INVITE_EXPIRED: JOINED,
    ACTIVE: 'ALREADY_MEMBER',
    SUSPENDED: 'INVALID_TRANSITION',
    REMOVED: JOINED,
  },
  suspend: {
    NONE: 'NOT_FOUND',
    PENDING_INVITE: 'INVALID_TRANSITION',
    INVITE_EXPIRED: 'INVALID_TRANSITION',
    ACTIVE: { to: 'SUSPENDED', cause: 'SUSPENDED' },
    SUSPENDED: 'INVALID_TRANSITION',
    REMOVED: 'INVALID_TRANSITION',
  },
  reinstate: {
    NONE: 'NOT_FOUND',
    PENDING_INVITE: 'INVALID_TRANSITION',
    INVITE_EXPIRED: 'INVALID_TRANSITION',
    ACTIVE: 'INVALID_TRANSITION',
    SUSPENDED: { to: 'ACTIVE', cause: 'REINSTATED' },
    REMOVED: 'INVALID_TRANSITION',
  },
  remove: {
    NONE: 'NOT_FOUND',
    PENDING_INVITE: REMOVED,
    INVITE_EXPIRED: REMOVED,
    ACTIVE: REMOVED,
    SUSPENDED: REMOVED,
    REMOVED: 'INVALID_TRANSITION',
  },
  leave: {
    NONE: 'NOT_FOUND',
    PENDING_INVITE: 'INVALID_TRANSITION',
    INVITE_EXPIRED: 'INVALID_TRANSITION',
    ACTIVE: { to: 'REMOVED', cause: 'LEFT' },
    SUSPENDED: 'INVALID_TRANSITION',
    REMOVED: 'INVALID_TRANSITION',
  },
  reactivate: {
    NONE: 'NOT_FOUND',
    PENDING_INVITE: 'INVALID_TRANSITION',
    INVITE_EXPIRED: 'INVALID_TRANSITION',
    ACTIVE: 'INVALID_TRANSITION',
    SUSPENDED: 'INVALID_TRANSITION',
    REMOVED: REACTIVATED,
  },
  deadline: {
    NONE: 'NOT_FOUND',
    PENDING_INVITE: { to: 'INVITE_EXPIRED', cause: 'EXPIRED' },
    INVITE_EXPIRED: 'INVALID_TRANSITION',
    ACTIVE: 'INVALID_TRANSITION',
    SUSPENDED: { to: 'ACTIVE', cause: 'SUSPENSION_ENDED' },
    REMOVED: 'INVALID_TRANSITION',
  },
};

/** What `act` does to a membership that is effectively `from` (null: there is none): a move, or a refusal's code. */
export function move(from: MembershipStatus | null, act: MembershipAct): Move {
  return act.kind === 'import'
    ? importMove(from, act.target, act.reactivate)
    : MOVES[act.kind][from ?? 'NONE'];
}

function importMove(
  from: MembershipStatus | null,
  target: ImportTarget,
  reactivate: boolean,
): Move {
  switch (from) {
    case null:
      return { to: target, cause: 'IMPORTED' };
    case 'ACTIVE':
      return 'unchanged';
    case 'PENDING_INVITE':
    case 'INVITE_EXPIRED':
      if (target === 'ACTIVE') {
        return { to: 'ACTIVE', cause: 'IMPORTED' };
      }
      return target === 'PENDING_INVITE' ? 'unchanged' : 'INVALID_TRANSITION';
    case 'SUSPENDED':
      return target === 'SUSPENDED' ? 'unchanged' : 'INVALID_TRANSITION';
    case 'REMOVED':
      return reactivate && target === 'ACTIVE' ? REACTIVATED : 'unchanged';
  }
}

/** Whether a membership takes one of its organization's seats. */
export function takesSeat(status: MembershipStatus, deadline: Date | null): boolean {
  return (
    status === 'ACTIVE' ||
    status === 'PENDING_INVITE' ||
    (status === 'SUSPENDED' && deadline !== null)
  );
}

/** Whether a membership is the one that its user may have where users may have only one. */
export function countsAsSingle(status: MembershipStatus): boolean {
  return status === 'ACTIVE' || status === 'SUSPENDED';
}
