/** What the rules refuse, as the members of the result unions: a code, one plain sentence, and data as fields. */
import type { AuthMethod, IdentityModel, MembershipStatus } from '../db/generated/prisma/enums.ts';

/** A field of an input that is wrong, and what was expected of it. */
export type InputIssue = { path: string[]; message: string };

export type DuplicateCode =
  | 'DUPLICATE_EMAIL'
  | 'DUPLICATE_SLUG'
  | 'DUPLICATE_EXTERNAL_ID'
  | 'DUPLICATE_KEY';

export type ErrorCode =
  | DuplicateCode
  | 'ALREADY_INVITED'
  | 'ALREADY_MEMBER'
  | 'AUTH_METHOD_NOT_ALLOWED'
  | 'BUSY'
  | 'CONFLICT'
  | 'DOMAIN_NOT_ALLOWED'
  | 'FORBIDDEN'
  | 'INVALID_INPUT'
  | 'INVALID_TRANSITION'
  | 'INVITATION_DECLINED'
  | 'INVITATION_EXPIRED'
  | 'INVITATION_INVALID'
  | 'INVITATION_REVOKED'
  | 'INVITES_NOT_ALLOWED'
  | 'LAST_OWNER'
  | 'MEMBERSHIPS_EXIST'
  | 'MFA_REQUIRED'
  | 'NOT_FOUND'
  | 'PERMISSION_IN_USE'
  | 'RATE_LIMITED'
  | 'ROLE_CYCLE'
  | 'ROLE_IN_USE'
  | 'ROLE_TOO_HIGH'
  | 'SEAT_LIMIT'
  | 'SINGLE_MEMBERSHIP'
  | 'WRONG_ACCOUNT'
  | 'WRONG_IDENTITY_MODEL';

/** A refusal. Its message is for people; programs read the code and the fields. Ids in the fields are TypeIDs. */
export class DomainError extends Error {
  override readonly name: string = 'DomainError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export class InputError extends DomainError {
  override readonly name = 'InputError';
  readonly issues: InputIssue[];

  constructor(issues: InputIssue[]) {
    const said = issues.map(({ path, message }) => `${path.join('.')} ${message}`);
    super('INVALID_INPUT', `The input is not valid: ${said.join('; ')}.`);
    this.issues = issues;
  }
}

export class DuplicateError extends DomainError {
  override readonly name = 'DuplicateError';
  readonly field: string;
  /** The TypeID of what has the value already. */
  readonly existingId: string | null;

  constructor(code: DuplicateCode, field: string, existingId: string | null, message: string) {
    super(code, message);
    this.field = field;
    this.existingId = existingId;
  }
}

export class NotFoundError extends DomainError {
  override readonly name = 'NotFoundError';

  constructor(noun: string) {
    super('NOT_FOUND', `There is no such ${noun}.`);
  }
}

export class ForbiddenError extends DomainError {
  override readonly name = 'ForbiddenError';
  readonly permission: string;

  constructor(permission: string, message = `This needs the permission ${permission}.`) {
    super('FORBIDDEN', message);
    this.permission = permission;
  }
}

export class PolicyError extends DomainError {
  override readonly name = 'PolicyError';
  /** The ways to sign in that the organization allows; null: any. */
  readonly allowedAuthMethods: AuthMethod[] | null;

  constructor(
    code: 'AUTH_METHOD_NOT_ALLOWED' | 'MFA_REQUIRED',
    allowedAuthMethods: AuthMethod[] | null,
  ) {
    super(
      code,
      code === 'MFA_REQUIRED'
        ? 'The organization asks for a sign-in with several factors.'
        : 'The organization does not allow this way to sign in.',
    );
    this.allowedAuthMethods = allowedAuthMethods;
  }
}

export class ConflictError extends DomainError {
  override readonly name = 'ConflictError';
  readonly currentVersion: number;

  constructor(currentVersion: number) {
    super('CONFLICT', `Somebody changed this meanwhile: it is at version ${currentVersion} now.`);
    this.currentVersion = currentVersion;
  }
}

export class InvalidTransitionError extends DomainError {
  override readonly name = 'InvalidTransitionError';
  /** What the membership is now. */
  readonly status: MembershipStatus;

  constructor(status: MembershipStatus) {
    super('INVALID_TRANSITION', `A membership that is ${status} cannot make this move.`);
    this.status = status;
  }
}

export class AlreadyMemberError extends DomainError {
  override readonly name = 'AlreadyMemberError';
  readonly membershipId: string;

  constructor(membershipId: string) {
    super('ALREADY_MEMBER', 'This person is a member of the organization already.');
    this.membershipId = membershipId;
  }
}

export class SeatLimitError extends DomainError {
  override readonly name = 'SeatLimitError';
  readonly seatLimit: number;

  constructor(seatLimit: number) {
    super('SEAT_LIMIT', `All ${seatLimit} seats of the organization are taken.`);
    this.seatLimit = seatLimit;
  }
}

export class SingleMembershipError extends DomainError {
  override readonly name = 'SingleMembershipError';

  constructor() {
    super(
      'SINGLE_MEMBERSHIP',
      'This person belongs to an organization, and may belong to one only.',
    );
  }
}

export class WrongIdentityModelError extends DomainError {
  override readonly name = 'WrongIdentityModelError';
  /** The model that is in force. */
  readonly identityModel: IdentityModel;

  constructor(identityModel: IdentityModel, field: string) {
    super(
      'WRONG_IDENTITY_MODEL',
      `In the ${identityModel} identity model ${field} is not set here.`,
    );
    this.identityModel = identityModel;
  }
}

export class LastOwnerError extends DomainError {
  override readonly name = 'LastOwnerError';
  /** The organizations that would be left without an owner. */
  readonly organizationIds: string[];

  constructor(organizationIds: string[]) {
    super('LAST_OWNER', 'This would leave the organization without an owner.');
    this.organizationIds = organizationIds;
  }
}

export class BusyError extends DomainError {
  override readonly name = 'BusyError';
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super('BUSY', 'Too many changes are waiting for the same thing. Try again.');
    this.retryAfterMs = retryAfterMs;
  }
}

export class RoleTooHighError extends DomainError {
  override readonly name = 'RoleTooHighError';
  /** What the caller would grant without holding it. */
  readonly permissions: string[];

  constructor(permissions: string[]) {
    super('ROLE_TOO_HIGH', `Nobody grants what they do not hold: ${permissions.join(', ')}.`);
    this.permissions = permissions;
  }
}

/** What a role is used by, in numbers: roles that extend it, and defaults of organizations and the environment. */
export type RoleUse = { memberships: number; invitations: number; roles: number; defaults: number };

export class RoleInUseError extends DomainError {
  override readonly name = 'RoleInUseError';
  readonly use: RoleUse;

  constructor(use: RoleUse) {
    super('ROLE_IN_USE', 'The role is in use: say which one takes its place.');
    this.use = use;
  }
}

export class RoleCycleError extends DomainError {
  override readonly name = 'RoleCycleError';

  constructor() {
    super('ROLE_CYCLE', 'A role cannot extend itself, by way of others neither.');
  }
}

export class PermissionInUseError extends DomainError {
  override readonly name = 'PermissionInUseError';
  /** How many roles and keys name it. */
  readonly roles: number;
  readonly apiKeys: number;

  constructor(roles: number, apiKeys: number) {
    super('PERMISSION_IN_USE', `${roles} roles and ${apiKeys} API keys name this permission.`);
    this.roles = roles;
    this.apiKeys = apiKeys;
  }
}

export class MembershipsExistError extends DomainError {
  override readonly name = 'MembershipsExistError';
  readonly memberships: number;

  constructor(memberships: number) {
    super(
      'MEMBERSHIPS_EXIST',
      `This can change only while there is no membership, and there are ${memberships}.`,
    );
    this.memberships = memberships;
  }
}
