/** How people join an organization by the domain of their address. Ids are uuids. */
import type { Prisma } from '../db/generated/prisma/client.ts';
import { type Caller, perform } from './act.ts';
import { ForbiddenError, NotFoundError, PolicyError } from './errors.ts';
import { InvitePolicyError } from './invitation-errors.ts';
import { policyRefusal, type SignInPolicy } from './membership-rights.ts';
import { enterThemselves } from './membership-self.ts';
import { move } from './membership-status.ts';
import type { Principal, UserPrincipal } from './principal.ts';
import type { Transaction } from './transaction.ts';
import { lockUserIds } from './user-directory.ts';
import { seesOrganization } from './visibility.ts';

export type JoinInput = { organizationId: string };

/** What stands between the caller and an organization. */
type Door = SignInPolicy & {
  /** Whether the domain of their verified address lets the caller in. */
  isOpen: boolean;
};

/** Binds the act to a caller. */
export function organizationJoinActs(caller: Caller) {
  return {
    /**
     * Makes the caller a member, by the domain of their verified address.
     *
     * @throws AlreadyMemberError, InvalidTransitionError, InvitePolicyError, SeatLimitError, SingleMembershipError, and
     *   as every act
     */
    async join({ organizationId }: JoinInput): Promise<{ membershipId: string }> {
      const door = await findDoor(caller.runner.prisma, caller.principal, organizationId);
      return perform(caller, {
        organizations: [organizationId],
        authorize(principal) {
          demandPerson(principal, organizationId, door);
        },
        work: (tx) => joinOrganization(tx, organizationId),
      });
    },
  };
}

async function joinOrganization(
  tx: Transaction,
  organizationId: string,
): Promise<{ membershipId: string }> {
  if (tx.principal.kind === 'user') {
    // With the address as it is now, and until the end.
    await lockUserIds(tx, [tx.principal.id]);
  }
  const door = await findDoor(tx.db, tx.principal, organizationId);
  const principal = demandPerson(tx.principal, organizationId, door);
  const { status = null } = principal.rights.get(organizationId) ?? {};
  // Who cannot make the move is told so, whatever the settings say.
  if (typeof move(status, { kind: 'join' }) !== 'string') {
    demandEntry(principal, door);
  }
  return { membershipId: await enterThemselves(tx, organizationId, principal, 'join') };
}

/** Null when there is no such organization. Both cases take one statement, whoever asks. */
async function findDoor(
  db: Pick<Prisma.TransactionClient, '$queryRaw'>,
  principal: Principal,
  organizationId: string,
): Promise<Door | null> {
  const userId = reaches(principal, organizationId) ? principal.id : null;
  const [door] = await db.$queryRaw<Door[]>`
    SELECT CASE WHEN auth_methods = 'RESTRICTED' THEN allowed_auth_methods::text[] END AS "allowedAuthMethods",
      mfa_policy = 'REQUIRED' AS "needsMultiFactor",
      EXISTS (SELECT FROM organizations_open_to(${userId}::uuid, now()) AS open WHERE open.id = organization.id) AS "isOpen"
    FROM organization WHERE id = ${organizationId}::uuid`;
  return door ?? null;
}

/** An organization's own single sign-on leads into that organization only. */
function reaches(principal: Principal, organizationId: string): principal is UserPrincipal {
  return (
    principal.kind === 'user' &&
    (principal.signIn.organizationId === null || principal.signIn.organizationId === organizationId)
  );
}

/**
 * An organization that the caller can neither see nor join does not exist for them.
 *
 * @throws NotFoundError or ForbiddenError
 */
function demandPerson(
  principal: Principal,
  organizationId: string,
  door: Door | null,
): UserPrincipal {
  if (door === null || !(door.isOpen || seesOrganization(principal, { id: organizationId }))) {
    throw new NotFoundError('organization');
  }
  if (principal.kind !== 'user') {
    throw new ForbiddenError('membership:create', 'People join by themselves; keys add members.');
  }
  return principal;
}

/** @throws InvitePolicyError or PolicyError */
function demandEntry({ signIn }: UserPrincipal, door: Door | null): void {
  if (!door?.isOpen) {
    // Only who is a member already may read the settings.
    throw new InvitePolicyError('DOMAIN_NOT_ALLOWED', []);
  }
  const refusal = policyRefusal(door, signIn);
  if (refusal !== null) {
    throw new PolicyError(refusal, door.allowedAuthMethods);
  }
}
