/** What acts on a membership take of whoever calls: it refuses them, and it tells frontends which buttons to show. */
import { demand, type MembershipPlace, membershipOf, onlyOwners } from './authorize.ts';
import { can, mayTouchOwners, type PermissionName } from './permission.ts';
import { mayUpdateOwn, type Principal } from './principal.ts';

export type MembershipAuthority = {
  /** What it takes of those whose membership it is not. */
  permission: PermissionName;
  /** Whether it is something that members do to their own membership, where nothing more is demanded. */
  isOwnAffair?(principal: Principal, place: MembershipPlace): boolean;
  /** Throws when the input asks for what takes more than the permission. */
  demandMore?(principal: Principal, place: MembershipPlace): void;
};

/** Of what is not the person's own to change, an update demands more. */
export const UPDATE = {
  permission: 'membership:update',
  isOwnAffair: mayUpdateOwn,
} satisfies MembershipAuthority;

/** To suspend, and to reinstate. */
export const SUSPEND: MembershipAuthority = { permission: 'membership:suspend' };

/** To remove, and to reactivate. */
export const REMOVE: MembershipAuthority = { permission: 'membership:remove' };

/** To give roles and to take them; nobody gives what they do not hold. */
export const ASSIGN_ROLES: MembershipAuthority = { permission: 'role:assign' };

/**
 * Whether the caller may do it to the membership. Only owners do it to an owner, unless it is their own affair;
 * `isOwner`: whether the membership has the owner's role directly, be it suspended or not.
 */
export function mayDo(
  principal: Principal,
  { permission, isOwnAffair }: MembershipAuthority,
  place: MembershipPlace,
  isOwner: boolean,
): boolean {
  const { organizationId } = place;
  return (
    isOwnAffair?.(principal, place) === true ||
    (can(principal, permission, organizationId) &&
      (!isOwner || mayTouchOwners(principal, organizationId)))
  );
}

/**
 * Demands that the caller may do it, as `mayDo` decides, with all that the input asks for.
 *
 * @throws NotFoundError, PolicyError, ForbiddenError, and what `demandMore` throws.
 */
export function demandToDo(
  principal: Principal,
  authority: MembershipAuthority,
  place: MembershipPlace,
  isOwner: boolean,
): void {
  const { permission, isOwnAffair, demandMore } = authority;
  if (!mayDo(principal, authority, place, isOwner)) {
    demand(principal, permission, membershipOf(place));
    throw onlyOwners(permission);
  }
  if (!isOwnAffair?.(principal, place)) {
    demandMore?.(principal, place);
  }
}
