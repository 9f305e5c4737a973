/** Who is calling, as the rules see it. */
import type { Actor } from './actor.ts';
import type { MembershipRights, SignIn } from './membership-rights.ts';

/** A backend with a key: of the environment (`organizationId` null) or bound to one organization. */
export type ApiKeyPrincipal = {
  kind: 'apiKey';
  /** uuid */
  id: string;
  organizationId: string | null;
  /** Names and wildcards. */
  permissions: string[];
};

/** A person with a token of a trusted issuer. */
export type UserPrincipal = {
  kind: 'user';
  /** uuid */
  id: string;
  signIn: SignIn;
  /** By organization (uuid): all where they have a membership, whatever its status. */
  rights: ReadonlyMap<string, MembershipRights>;
};

export type Principal = { kind: 'anonymous' | 'system' } | ApiKeyPrincipal | UserPrincipal;

export const ANONYMOUS: Principal = { kind: 'anonymous' };

/** Gatehouse itself, and the commands of its operator. */
export const SYSTEM: Principal = { kind: 'system' };

/** Whom events name as the one who did it. */
export function actorOf(principal: Principal): Actor {
  switch (principal.kind) {
    case 'apiKey':
      return { kind: 'API_KEY', id: principal.id };
    case 'user':
      return { kind: 'USER', id: principal.id };
    case 'system':
      return { kind: 'SYSTEM' };
    case 'anonymous':
      return { kind: 'ANONYMOUS' };
  }
}

/** Whether the caller is this person (uuid). An organization's own single sign-on does not vouch for the whole person. */
export function isSelf(principal: Principal, userId: string): principal is UserPrincipal {
  return (
    principal.kind === 'user' && principal.id === userId && principal.signIn.organizationId === null
  );
}

/** Whether a membership is the caller's own to edit: they are in, and signed in as its organization wants it. */
export function mayUpdateOwn(
  principal: Principal,
  place: { userId: string; organizationId: string },
): boolean {
  if (!isOwnMembership(principal, place)) {
    return false;
  }
  const { status, refusal } = principal.rights.get(place.organizationId) ?? {};
  return status === 'ACTIVE' && refusal === null;
}

/** Whether a membership is the caller's own, and the sign-in reaches its organization. Ids are uuids. */
export function isOwnMembership(
  principal: Principal,
  { userId, organizationId }: { userId: string; organizationId: string },
): principal is UserPrincipal {
  return (
    principal.kind === 'user' && principal.id === userId && principal.rights.has(organizationId)
  );
}
