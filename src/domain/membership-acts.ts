/** What callers do to memberships, one at a time. Ids are uuids. */
import { type Caller, perform } from './act.ts';
import { demand, demandTrusted, membershipOf, organizationOf } from './authorize.ts';
import { ForbiddenError, InputError, NotFoundError } from './errors.ts';
import { lockWithInvited, revokeInvitationsOf } from './invitation-end.ts';
import {
  addMembers,
  leaveOrganizations,
  type MemberInput,
  reinstateMembers,
  removeMembers,
  type SuspendInput,
  suspendMembers,
} from './membership.ts';
import { changeMembership } from './membership-act.ts';
import { type MembershipAuthority, REMOVE, SUSPEND } from './membership-authority.ts';
import type { ChangeInput } from './membership-change.ts';
import { type DeleteInput, deleteMember } from './membership-delete.ts';
import type { MemberOutcome } from './membership-enter.ts';
import { type ReactivateInput, reactivateMembers } from './membership-reactivate.ts';
import { findOrganizationId, type OrganizationNames } from './organization-find.ts';
import { single } from './outcome.ts';
import { can } from './permission.ts';
import { isOwnMembership } from './principal.ts';
import type { RoleNames } from './role.ts';

const DELETE: MembershipAuthority = {
  ...REMOVE,
  // It tells whether an address is the member's.
  demandMore: (principal, place) =>
    demand(principal, 'membership:readDetails', membershipOf(place)),
};

const LEAVE: MembershipAuthority = {
  permission: 'membership:remove',
  isOwnAffair: isOwnMembership,
  demandMore() {
    throw new ForbiddenError('membership:remove', 'Nobody leaves for somebody else: remove them.');
  },
};

/** `revokeInvitations`: whether what the member has offered and is still open goes with them. @default false */
export type RemoveInput = ChangeInput & { revokeInvitations?: boolean | null };

/** Exactly one name of the user. An address finds or creates them. */
export type CreateInput = RoleNames &
  Pick<MemberInput, 'name' | 'externalId' | 'metadata' | 'untrustedMetadata' | 'joinedAt'> & {
    organization: OrganizationNames;
    user: { id?: string | null; email?: string | null; externalId?: string | null };
  };

/** Binds the acts to a caller. */
export function membershipActs(caller: Caller) {
  return {
    /**
     * Adds a member without asking them.
     *
     * @throws AlreadyMemberError, InvalidTransitionError, DuplicateError, SeatLimitError, SingleMembershipError,
     * RoleTooHighError, and as every act
     */
    create: (input: CreateInput) => createMembership(caller, input),

    /** Suspends a member. @throws InvalidTransitionError, LastOwnerError, ConflictError, and as every act */
    suspend: (input: SuspendInput) =>
      changeMembership(caller, input.membershipId, SUSPEND, async (tx) =>
        single(await suspendMembers(tx, [input])),
      ),

    /** Ends a suspension. @throws InvalidTransitionError, SeatLimitError, ConflictError, and as every act */
    reinstate: (input: ChangeInput) =>
      changeMembership(caller, input.membershipId, SUSPEND, async (tx) =>
        single(await reinstateMembers(tx, [input])),
      ),

    /** Removes a member. @throws InvalidTransitionError, LastOwnerError, ConflictError, and as every act */
    remove: (input: RemoveInput) =>
      changeMembership(caller, input.membershipId, REMOVE, async (tx) => {
        if (input.revokeInvitations) {
          await lockWithInvited(tx, input.membershipId);
        }
        const done = single(await removeMembers(tx, [input]));
        if (input.revokeInvitations) {
          await revokeInvitationsOf(tx, input);
        }
        return done;
      }),

    /**
     * Brings back a member who was removed.
     *
     * @throws InvalidTransitionError, SeatLimitError, SingleMembershipError, RoleTooHighError, ConflictError, and as
     * every act
     */
    reactivate: (input: ReactivateInput) =>
      changeMembership(caller, input.membershipId, REMOVE, async (tx) =>
        single(await reactivateMembers(tx, [input])),
      ),

    /** Deletes a membership for good. @throws LastOwnerError, ConflictError, and as every act */
    delete: (input: DeleteInput) =>
      changeMembership(caller, input.membershipId, DELETE, async (tx) => {
        await deleteMember(tx, input);
        return {};
      }),

    /** Leaves an organization. @throws InvalidTransitionError, LastOwnerError, ConflictError, and as every act */
    leave: (input: ChangeInput) =>
      changeMembership(caller, input.membershipId, LEAVE, async (tx) =>
        single(await leaveOrganizations(tx, [input])),
      ),
  };
}

async function createMembership(
  caller: Caller,
  { organization, user, ...row }: CreateInput,
): Promise<{ membershipId: string }> {
  const organizationId = await findOrganizationId(caller.runner.prisma, organization);
  if (organizationId === null) {
    throw new NotFoundError('organization');
  }
  return perform(caller, {
    organizations: [organizationId],
    authorize(principal) {
      demand(principal, 'membership:create', organizationOf(organizationId));
      demandTrusted(principal, { metadata: row.metadata, externalId: row.externalId });
      if (user.externalId != null && !can(principal, 'user:read')) {
        throw new NotFoundError('user');
      }
    },
    async work(tx) {
      const member = {
        ...row,
        organizationId,
        userId: user.id,
        email: user.email,
        userExternalId: user.externalId,
      };
      const { membershipId } = singleOf(await addMembers(tx, [member], { act: 'add' }));
      return { membershipId };
    },
  });
}

/** What is wrong is told of the fields as the caller gave them. */
function singleOf(outcomes: MemberOutcome[]) {
  try {
    return single(outcomes);
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error;
    }
    const paths: Record<string, string[]> = {
      email: ['user', 'email'],
      userExternalId: ['user', 'externalId'],
    };
    throw new InputError(
      error.issues.map(({ path: [first = '', ...rest], message }) => ({
        path: [...(paths[first] ?? [first]), ...rest],
        message,
      })),
    );
  }
}
