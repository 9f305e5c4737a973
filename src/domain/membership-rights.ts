/** What a person holds in their organizations, as far as their sign-in meets the policy there. */
import type { AuthMethod, MembershipStatus } from '../db/generated/prisma/enums.ts';

/** How a person proved who they are. */
export type SignIn = {
  /** The account, as `identity.id` (uuid). */
  identityId: string;
  /** What the operator calls the issuer. */
  provider: string;
  /** Null: the issuer does not say. */
  authMethod: AuthMethod | null;
  isMultiFactor: boolean;
  /** The organization (uuid) whose own single sign-on it is: it proves nothing anywhere else. */
  organizationId: string | null;
};

export type PolicyCode = 'AUTH_METHOD_NOT_ALLOWED' | 'MFA_REQUIRED';

/** What an organization asks of a sign-in. */
export type SignInPolicy = {
  /** Null: any. */
  allowedAuthMethods: AuthMethod[] | null;
  needsMultiFactor: boolean;
};

/**
 * A row of the database's function `membership_rights`: what a membership has by one of its roles. Ids are uuids, and
 * a permission may come twice.
 */
export type RightsRow = SignInPolicy & {
  organizationId: string;
  membershipId: string;
  status: MembershipStatus;
  isOwner: boolean;
  isBreakglass: boolean;
  identityProvider: string | null;
  /** Names and wildcards; none unless the membership is ACTIVE. */
  permissions: string[];
};

/** The row of somebody without memberships, where there is one. */
export type NoRightsRow = { [Column in keyof RightsRow]: null };

export type MembershipRights = RightsRow & {
  /** Why the permissions are empty although the membership is ACTIVE; null: they are not. */
  refusal: PolicyCode | null;
};

/** What a sign-in lacks to meet a policy: the ways that would do (null: none is lacking), and a second factor. */
export function missingOf(
  { allowedAuthMethods, needsMultiFactor }: SignInPolicy,
  { authMethod, isMultiFactor }: SignIn,
): { authMethods: AuthMethod[] | null; mfa: boolean } {
  const isAllowed =
    allowedAuthMethods === null || (authMethod !== null && allowedAuthMethods.includes(authMethod));
  return {
    authMethods: isAllowed ? null : allowedAuthMethods,
    mfa: needsMultiFactor && !isMultiFactor,
  };
}

/** What keeps a sign-in from meeting a policy; null: it does. */
export function policyRefusal(policy: SignInPolicy, signIn: SignIn): PolicyCode | null {
  const { authMethods, mfa } = missingOf(policy, signIn);
  if (authMethods !== null) {
    return 'AUTH_METHOD_NOT_ALLOWED';
  }
  return mfa ? 'MFA_REQUIRED' : null;
}

/**
 * What a sign-in gives of a person's memberships, by organization (uuid). Where it does not meet the policy nothing is
 * left of the permissions, breakglass members excepted.
 */
export function readRights(
  rows: readonly (RightsRow | NoRightsRow)[],
  signIn: SignIn,
): ReadonlyMap<string, MembershipRights> {
  const rights = new Map<string, MembershipRights>();
  for (const row of rows) {
    const { organizationId } = row;
    const isWithin = signIn.organizationId === null || signIn.organizationId === organizationId;
    if (organizationId !== null && isWithin) {
      const known = rights.get(organizationId);
      rights.set(organizationId, known === undefined ? rightsOf(row, signIn) : and(known, row));
    }
  }
  return rights;
}

function rightsOf(row: RightsRow, signIn: SignIn): MembershipRights {
  const refusal = row.status === 'ACTIVE' && !row.isBreakglass ? policyRefusal(row, signIn) : null;
  return {
    organizationId: row.organizationId,
    membershipId: row.membershipId,
    status: row.status,
    isOwner: row.isOwner && refusal === null,
    isBreakglass: row.isBreakglass,
    identityProvider: row.identityProvider,
    permissions: refusal === null ? row.permissions : [],
    allowedAuthMethods: row.allowedAuthMethods,
    needsMultiFactor: row.needsMultiFactor,
    refusal,
  };
}

function and(rights: MembershipRights, { isOwner, permissions }: RightsRow): MembershipRights {
  return rights.refusal === null
    ? {
        ...rights,
        isOwner: rights.isOwner || isOwner,
        permissions: [...rights.permissions, ...permissions],
      }
    : rights;
}
