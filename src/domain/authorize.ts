/** What an act demands of whoever calls. */
import { ForbiddenError, NotFoundError, RoleTooHighError } from './errors.ts';
import { can, lacking, mayTouchOwners, type PermissionName } from './permission.ts';
import type { Principal } from './principal.ts';

/** What an act is about, and which permissions show that it is there. */
export type Target = {
  noun: string;
  /** uuid; left out for what belongs to the environment. */
  organizationId?: string;
  seenBy: readonly PermissionName[];
};

/**
 * Demands a permission. For those who may not see the target it does not exist.
 *
 * @throws ForbiddenError or NotFoundError
 */
export function demand(principal: Principal, permission: PermissionName, target?: Target): void {
  if (can(principal, permission, target?.organizationId)) {
    return;
  }
  if (target && !target.seenBy.some((name) => can(principal, name, target.organizationId))) {
    throw new NotFoundError(target.noun);
  }
  throw new ForbiddenError(permission);
}

/** How an act is about a membership of the organization (uuid). */
export function membershipOf(organizationId: string): Target {
  return { noun: 'membership', organizationId, seenBy: ['membership:read'] };
}

/** How an act is about the organization (uuid). */
export function organizationOf(organizationId: string): Target {
  return {
    noun: 'organization',
    organizationId,
    seenBy: ['organization:read', 'membership:read'],
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
    throw new ForbiddenError(permission, 'Only owners may do this to an owner.');
  }
}
