/** Why a membership has a permission, or has it not. */
import type { MembershipStatus, RoleSource } from '../db/generated/prisma/enums.ts';
import type { MembershipPlace } from './authorize.ts';
import type { PolicyCode } from './membership-rights.ts';
import { covers, isForKeys } from './permission.ts';
import { isOwnMembership, type Principal } from './principal.ts';
import { seesDetails, seesMembership } from './visibility.ts';

/** A role, and all names and wildcards that it gives, inherited ones included, as the database's rights have it. */
export type Giver<Role> = { role: Role; given: readonly string[] };

/** An assigned role, and after it those that it inherits from, each extended by the one before. */
export type Lineage<Role> = { source: RoleSource; line: Giver<Role>[] };

/** One of the reasons why a membership has a permission. */
export type AccessGrant<Role> = {
  /** The assigned one. */
  role: Role;
  /** From the assigned role to the one that adds `matches`, both included. */
  through: Role[];
  source: RoleSource;
  /** The name or wildcard that covers the permission. */
  matches: string;
};

export type AccessExplanation<Role> = {
  allowed: boolean;
  permission: string;
  grants: AccessGrant<Role>[];
  /** Why it is not allowed, in sentences; null when it is. */
  refusal: string | null;
};

/** What is asked of a membership. */
export type AccessQuestion = {
  permission: string;
  /** Whether there is such a permission: Gatehouse's own, or the application's. */
  isKnown: boolean;
  /** Of the membership, now. */
  status: MembershipStatus;
  /** What keeps the sign-in of its person from meeting the organization's policy, where that is known. */
  policy: PolicyCode | null;
};

/** Whether the caller may know which roles give a membership what. */
export function seesAccess(principal: Principal, membership: MembershipPlace): boolean {
  return seesMembership(principal, membership) && seesDetails(principal, membership);
}

/** What keeps the caller's sign-in from meeting the policy, when it is their own membership. */
export function ownPolicyRefusal(principal: Principal, place: MembershipPlace): PolicyCode | null {
  return isOwnMembership(principal, place)
    ? (principal.rights.get(place.organizationId)?.refusal ?? null)
    : null;
}

/** Explains what the roles of a membership, each once for every source, have to do with a permission. */
export function explainAccess<Role extends { permissions: string[] }>(
  { permission, isKnown, status, policy }: AccessQuestion,
  lineages: readonly Lineage<Role>[],
): AccessExplanation<Role> {
  if (!isKnown || isForKeys(permission)) {
    const refusal = isKnown
      ? 'Only API keys of the environment can have this permission.'
      : 'There is no such permission.';
    return { allowed: false, permission, grants: [], refusal };
  }
  const grants = lineages.flatMap((lineage) => grantsOf(permission, lineage));
  const reasons = [
    ...(grants.length === 0 ? ['No role of the membership gives it.'] : []),
    ...(status === 'ACTIVE' ? [] : [`The membership is ${status}.`]),
    ...(policy === null ? [] : [`The sign-in does not meet the organization's policy: ${policy}.`]),
  ];
  const refusal = reasons.length === 0 ? null : reasons.join(' ');
  return { allowed: refusal === null, permission, grants, refusal };
}

/**
 * Each role adds what it names, and what it gives though the next in line does not. So there is a grant exactly when
 * what the assigned role gives covers the permission.
 */
function grantsOf<Role extends { permissions: string[] }>(
  permission: string,
  { source, line }: Lineage<Role>,
): AccessGrant<Role>[] {
  const [assigned] = line;
  if (assigned === undefined) {
    return [];
  }
  return line.flatMap(({ role, given }, at) => {
    const inherited = line[at + 1]?.given ?? [];
    return given
      .filter((name) => role.permissions.includes(name) || !inherited.includes(name))
      .filter((name) => covers([name], permission))
      .map((matches) => ({
        role: assigned.role,
        through: line.slice(0, at + 1).map((giver) => giver.role),
        source,
        matches,
      }));
  });
}
