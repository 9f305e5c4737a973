/** What the rules of invitations refuse. */
import type { InvitationStatus } from '../db/generated/prisma/enums.ts';
import { DomainError, type ErrorCode } from './errors.ts';

export class AlreadyInvitedError extends DomainError {
  override readonly name = 'AlreadyInvitedError';
  readonly invitationId: string;

  constructor(invitationId: string) {
    super('ALREADY_INVITED', 'This person has an open invitation to the organization already.');
    this.invitationId = invitationId;
  }
}

export class InvitePolicyError extends DomainError {
  override readonly name = 'InvitePolicyError';
  readonly allowedDomains: string[];

  constructor(code: 'INVITES_NOT_ALLOWED' | 'DOMAIN_NOT_ALLOWED', allowedDomains: string[]) {
    super(
      code,
      code === 'INVITES_NOT_ALLOWED'
        ? 'The organization does not allow invitations.'
        : 'The organization does not take in addresses of this domain.',
    );
    this.allowedDomains = allowedDomains;
  }
}

/** What became of an invitation otherwise, as whoever asks for more of it is told. */
export class InvitationStateError extends DomainError {
  override readonly name = 'InvitationStateError';
  /** Null: there is no invitation that the token would be good for. */
  readonly status: InvitationStatus | null;

  constructor(status: InvitationStatus | null) {
    const [code, message] = status === null ? NO_INVITATION : STATES[status];
    super(code, message);
    this.status = status;
  }
}

const NO_INVITATION: [ErrorCode, string] = [
  'INVITATION_INVALID',
  'This link is not good for any invitation: a newer one may have been sent.',
];

const STATES: Record<InvitationStatus, [ErrorCode, string]> = {
  PENDING: ['INVITATION_INVALID', 'The invitation is open.'],
  ACCEPTED: ['INVITATION_INVALID', 'The invitation was accepted.'],
  DECLINED: ['INVITATION_DECLINED', 'The invitation was declined.'],
  REVOKED: ['INVITATION_REVOKED', 'The invitation was taken back.'],
  EXPIRED: ['INVITATION_INVALID', 'The invitation has expired, and a later one was made.'],
};

export class InvitationExpiredError extends DomainError {
  override readonly name = 'InvitationExpiredError';
  readonly expiredAt: Date;

  constructor(expiredAt: Date) {
    super('INVITATION_EXPIRED', 'The invitation was not answered in time.');
    this.expiredAt = expiredAt;
  }
}

export class WrongAccountError extends DomainError {
  override readonly name = 'WrongAccountError';

  constructor(message = 'The invitation is for somebody else: sign in under its address.') {
    super('WRONG_ACCOUNT', message);
  }
}

export class RateLimitedError extends DomainError {
  override readonly name = 'RateLimitedError';
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, message: string) {
    super('RATE_LIMITED', message);
    this.retryAfterMs = retryAfterMs;
  }
}
