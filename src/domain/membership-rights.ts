/** What a person holds in their organizations, as far as their sign-in meets the policy there. */
import type { AuthMethod, MembershipStatus } from '../db/generated/prisma/enums.ts';
import { NIL_UUID } from './id.ts';

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

/** uuids */
type Place = { organizationId: string; membershipId: string };

/** What a membership has by one of its roles. */
type Holding = SignInPolicy & {
  status: MembershipStatus;
  isOwner: boolean;
  isBreakglass: boolean;
  identityProvider: string | null;
  /** Names and wildcards, which may come twice; none unless the membership is ACTIVE. */
  permissions: string[];
};

/** A row of the database's function `membership_rights`. */
export type RightsRow = Holding & Place;

/** A row of the database's function `membership_rights_in_groups`: memberships that have the same. */
export type RightsGroup = Holding & {
  /** For each of them a line of both ids (uuids): `organization membership`. */
  places: string;
};

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
  rows: readonly RightsRow[],
  signIn: SignIn,
): ReadonlyMap<string, MembershipRights> {
  const rights = new Map<string, MembershipRights>();
  for (const row of rows) {
    add(rights, row, signIn, effective(row, signIn));
  }
  return rights;
}

/** The same of what is told in groups. */
export function readGroupedRights(
  groups: readonly RightsGroup[],
  signIn: SignIn,
): ReadonlyMap<string, MembershipRights> {
  const rights = new Map<string, MembershipRights>();
  for (const group of groups) {
    const ofEach = effective(group, signIn);
    for (const place of group.places.split('\n')) {
      const organizationId = place.slice(0, NIL_UUID.length);
      const membershipId = place.slice(NIL_UUID.length + 1);
      add(rights, { organizationId, membershipId }, signIn, ofEach);
    }
  }
  return rights;
}

type Effective = Omit<MembershipRights, keyof Place>;

/** What a sign-in leaves of a holding. */
function effective(held: Holding, signIn: SignIn): Effective {
  const refusal =
    held.status === 'ACTIVE' && !held.isBreakglass ? policyRefusal(held, signIn) : null;
  return {
    status: held.status,
    isOwner: held.isOwner && refusal === null,
    isBreakglass: held.isBreakglass,
    identityProvider: held.identityProvider,
    permissions: refusal === null ? held.permissions : [],
    allowedAuthMethods: held.allowedAuthMethods,
    needsMultiFactor: held.needsMultiFactor,
    refusal,
  };
}

function add(
  rights: Map<string, MembershipRights>,
  { organizationId, membershipId }: Place,
  signIn: SignIn,
  more: Effective,
): void {
  const isWithin = signIn.organizationId === null || signIn.organizationId === organizationId;
  if (!isWithin) {
    return;
  }
  const known = rights.get(organizationId);
  rights.set(
    organizationId,
    known === undefined
      ? { ...more, organizationId, membershipId }
      : {
          ...known,
          isOwner: known.isOwner || more.isOwner,
          permissions: [...known.permissions, ...more.permissions],
        },
  );
}
