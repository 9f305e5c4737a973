/** What an act demands of whoever calls. */
import { ForbiddenError, NotFoundError, PolicyError, RoleTooHighError } from './errors.ts';
import { can, lacking, mayTouchOwners, type PermissionName } from './permission.ts';
import type { Principal } from './principal.ts';
import { seesMembership, seesOrganization } from './visibility.ts';

/** What an act is about. For those who do not see it, it does not exist. */
export type Target = {
  noun: string;
  /** uuid; left out for what belongs to the environment. */
  organizationId?: string;
  isSeenBy(principal: Principal): boolean;
};

/** Of which membership it is: uuids. */
export type MembershipPlace = { organizationId: string; userId: string };

/**
 * Demands a permission. For those who may not see the target it does not exist.
 *
 * @throws PolicyError, ForbiddenError or NotFoundError
 */
export function demand(principal: Principal, permission: PermissionName, target?: Target): void {
  if (can(principal, permission, target?.organizationId)) {
    return;
  }
  if (target && !target.isSeenBy(principal)) {
    throw new NotFoundError(target.noun);
  }
  demandSignIn(principal, target?.organizationId);
  throw new ForbiddenError(permission);
}

/**
 * Demands that a person signed in as the organization (uuid) wants it.
 *
 * @throws PolicyError
 */
export function demandSignIn(principal: Principal, organizationId: string | undefined): void {
  const rights =
    principal.kind === 'user' && organizationId !== undefined
      ? principal.rights.get(organizationId)
      : undefined;
  if (rights !== undefined && rights.refusal !== null) {
    throw new PolicyError(rights.refusal, rights.allowedAuthMethods);
  }
}

/** How an act is about a membership. */
export function membershipOf(place: MembershipPlace): Target {
  return {
    noun: 'membership',
    organizationId: place.organizationId,
    isSeenBy: (principal) => seesMembership(principal, place),
  };
}

/** How an act is about the organization (uuid). */
export function organizationOf(organizationId: string): Target {
  return {
    noun: 'organization',
    organizationId,
    isSeenBy: (principal) => seesOrganization(principal, { id: organizationId }),
  };
}

/**
 * Demands `trusted:write` when one of the fields, which only the environment's keys write, is given.
 *
 * @throws ForbiddenError
 */
export function demandTrusted(principal: Principal, fields: Record<string, unknown>): void {
  const given = Object.keys(fields).find((name) => fields[name] !== undefined);
  if (given !== undefined && !can(principal, 'trusted:write')) {
    throw new ForbiddenError(
      'trusted:write',
      `Setting ${given} needs the permission trusted:write.`,
    );
  }
}

/**
 * Nobody grants what they do not hold in the organization (uuid), or in the environment as a whole.
 *
 * @throws RoleTooHighError
 */
export function demandToHold(
  principal: Principal,
  permissions: readonly string[],
  organizationId?: string,
): void {
  const missing = lacking(principal, permissions, organizationId);
  if (missing.length > 0) {
    throw new RoleTooHighError(missing);
  }
}

/**
 * Only owners touch owners.
 *
 * @throws ForbiddenError, naming the permission that the act needs of others.
 */
export function demandOwner(
  principal: Principal,
  permission: PermissionName,
  organizationId: string,
): void {
  if (!mayTouchOwners(principal, organizationId)) {
    throw onlyOwners(permission);
  }
}

/** The refusal of whoever is no owner; it names the permission that the act needs of others. */
export function onlyOwners(permission: PermissionName): ForbiddenError {
  return new ForbiddenError(permission, 'Only owners may do this to an owner.');
}
