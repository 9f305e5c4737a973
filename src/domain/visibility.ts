/** Whether a thing exists for the caller: what may not be seen is as if it were not there. Ids are uuids. */
import { can, canSomewhere } from './permission.ts';
import { isOwnMembership, isSelf, type Principal } from './principal.ts';

type OfMembership = { userId: string; organizationId: string };

/** An organization shows its name to whoever may read it or its memberships, and to whoever has one of these. */
export function seesOrganization(principal: Principal, { id }: { id: string }): boolean {
  return (
    (principal.kind === 'user' && principal.rights.has(id)) ||
    can(principal, 'organization:read', id) ||
    can(principal, 'membership:read', id)
  );
}

/** People see their own memberships, whatever the status. */
export function seesMembership(principal: Principal, membership: OfMembership): boolean {
  return (
    isOwnMembership(principal, membership) ||
    can(principal, 'membership:read', membership.organizationId)
  );
}

/** The address, metadata, roles' sources and the like of a membership. */
export function seesDetails(principal: Principal, membership: OfMembership): boolean {
  return (
    isOwnMembership(principal, membership) ||
    can(principal, 'membership:readDetails', membership.organizationId)
  );
}

/** Everything about a user: to those who may read users, and to the person. */
export function seesAllOfUser(principal: Principal, { id }: { id: string }): boolean {
  return can(principal, 'user:read') || isSelf(principal, id);
}

/** How the caller meets a user: whether they see a membership of theirs, and one with its details. */
export type Met = { isShared: boolean; isSharedInDetail: boolean };

type MetUser = Met & { id: string };

/** People see themselves, and whom they meet in organizations whose memberships they see. */
export function seesUser(principal: Principal, user: MetUser): boolean {
  return (
    user.isShared ||
    can(principal, 'user:read') ||
    (principal.kind === 'user' && principal.id === user.id)
  );
}

/** The name, the picture and the like of a user. */
export function seesProfile(principal: Principal, user: MetUser): boolean {
  return user.isShared || seesAllOfUser(principal, user);
}

export function seesAddress(principal: Principal, user: MetUser): boolean {
  return user.isSharedInDetail || seesAllOfUser(principal, user);
}

/** An invitation is about a membership, and tells its details. */
export function seesInvitation(
  principal: Principal,
  { organizationId }: { organizationId: string },
): boolean {
  return (
    can(principal, 'membership:read', organizationId) &&
    can(principal, 'membership:readDetails', organizationId)
  );
}

/** The environment's roles show to whoever may read those of an organization, since they are assigned there. */
export function seesRole(
  principal: Principal,
  { organizationId }: { organizationId: string | null },
): boolean {
  return (
    can(principal, 'environment:read') ||
    (organizationId === null
      ? canSomewhere(principal, 'role:read')
      : can(principal, 'role:read', organizationId))
  );
}

export function seesApiKey(
  principal: Principal,
  { organizationId }: { organizationId: string | null },
): boolean {
  return (
    can(principal, 'environment:read') ||
    (organizationId !== null && can(principal, 'apikey:manage', organizationId))
  );
}

export function seesEvent(
  principal: Principal,
  { organizationId }: { organizationId: string | null },
): boolean {
  return can(principal, 'event:read', organizationId ?? undefined);
}
