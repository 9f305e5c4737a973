/** Whether a node exists for the caller: what may not be seen is as if it were not there. */
import { can } from '../domain/permission.ts';
import type { Principal } from '../domain/principal.ts';

/** An organization shows its name to whoever may read it or its memberships. */
export function seesOrganization(principal: Principal, organization: { id: string }): boolean {
  return (
    can(principal, 'organization:read', organization.id) ||
    can(principal, 'membership:read', organization.id)
  );
}

export function seesMembership(
  principal: Principal,
  membership: { organizationId: string },
): boolean {
  return can(principal, 'membership:read', membership.organizationId);
}

/** A user shows to whoever may read users, and, by id, to whoever sees a membership of theirs. */
export function seesUser(principal: Principal): boolean {
  return can(principal, 'user:read');
}

export function seesInvitation(
  principal: Principal,
  invitation: { organizationId: string },
): boolean {
  return can(principal, 'membership:readDetails', invitation.organizationId);
}

/** The environment's roles show to whoever may read those of an organization, since they are assigned there. */
export function seesRole(principal: Principal, role: { organizationId: string | null }): boolean {
  const home = principal.kind === 'apiKey' ? (principal.organizationId ?? undefined) : undefined;
  return (
    can(principal, 'role:read', role.organizationId ?? home) || can(principal, 'environment:read')
  );
}

export function seesApiKey(principal: Principal, key: { organizationId: string | null }): boolean {
  return (
    can(principal, 'environment:read') ||
    (key.organizationId !== null && can(principal, 'apikey:manage', key.organizationId))
  );
}

export function seesEvent(principal: Principal, event: { organizationId: string | null }): boolean {
  return can(principal, 'event:read', event.organizationId ?? undefined);
}

/** The node when the caller may see it, else null. */
export function ifSeen<Node>(
  principal: Principal,
  sees: (principal: Principal, node: Node) => boolean,
  node: Node | null,
): Node | null {
  return node !== null && sees(principal, node) ? node : null;
}
