/** What callers do to users, one at a time. Ids are uuids. */
import { type Caller, perform } from './act.ts';
import { performFollowing } from './act-following.ts';
import { demand, demandTrusted, type Target } from './authorize.ts';
import { ForbiddenError } from './errors.ts';
import {
  type IdentityLink,
  type IdentityUnlink,
  linkIdentity,
  unlinkIdentity,
} from './identity.ts';
import { PROFILE_FIELDS, type ProfileField } from './identity-model.ts';
import { single } from './outcome.ts';
import { can } from './permission.ts';
import { isSelf, type Principal, type UserPrincipal } from './principal.ts';
import { clearedProfile, inProfile } from './profile.ts';
import type { Transaction } from './transaction.ts';
import { addUsers, type UserInput } from './user.ts';
import { deleteUser, organizationsOfUser, type UserDelete } from './user-delete.ts';
import { sharesOrganization } from './user-reach.ts';
import { type UserUpdate, updateUser } from './user-update.ts';
import { seesUser } from './visibility.ts';

/** The profile stands in an object of its own. As in updates: what is left out stays, null clears it. */
type WithProfile<Input> = Omit<Input, ProfileField> & {
  profile?: { [Field in ProfileField]?: string | null } | null;
};

type UserResult = { userId: string };

/** How an act is about a user (uuid; null: one that is named in another way). */
async function userTarget({ runner, principal }: Caller, userId: string | null): Promise<Target> {
  const isShared = userId !== null && (await sharesOrganization(runner.prisma, principal, userId));
  const met = { isShared, isSharedInDetail: false };
  return {
    noun: 'user',
    isSeenBy: (asking) =>
      userId === null ? can(asking, 'user:read') : seesUser(asking, { id: userId, ...met }),
  };
}

/**
 * Whoever is suspended could otherwise erase themselves, and come back as somebody new.
 *
 * @throws ForbiddenError
 */
function demandNoSuspension({ rights }: UserPrincipal): void {
  if ([...rights.values()].some(({ status }) => status === 'SUSPENDED')) {
    throw new ForbiddenError(
      'user:delete',
      'Nobody who is suspended somewhere erases themselves: ask the organization, or the operator.',
    );
  }
}

/** What people change of their own besides the profile. */
const OWN = new Set(['untrustedMetadata']);

function isForThePerson(input: Record<string, unknown>): boolean {
  return Object.keys(input).every((field) => input[field] === undefined || OWN.has(field));
}

/** Binds the acts to a caller. */
export function userActs(caller: Caller) {
  const change = async (input: UserResult, work: (tx: Transaction) => Promise<void>) => {
    const target = await userTarget(caller, input.userId);
    return perform(caller, {
      authorize: (principal) => demand(principal, 'user:update', target),
      async work(tx): Promise<UserResult> {
        await work(tx);
        return { userId: input.userId };
      },
    });
  };
  return {
    /** Creates a user. @throws WrongIdentityModelError, DuplicateError, and as every act */
    create: ({ profile, ...input }: WithProfile<Omit<UserInput, 'issuer' | 'subject'>>) =>
      perform(caller, {
        authorize(principal) {
          demand(principal, 'user:create');
          demandTrustedFields(principal, input);
        },
        work: (tx) =>
          inProfile(PROFILE_FIELDS, async (): Promise<UserResult> => {
            const rows = [{ ...input, ...profile }];
            return { userId: single(await addUsers(tx, rows, { act: 'create' })).id };
          }),
      }),

    /** Changes a user. @throws ConflictError, WrongIdentityModelError, DuplicateError, and as every act */
    async update({
      user,
      expectedVersion,
      profile,
      ...input
    }: WithProfile<UserUpdate['changes']> & Omit<UserUpdate, 'changes'>) {
      const target = await userTarget(caller, user.userId);
      return perform(caller, {
        authorize(principal) {
          if (user.userId !== null && isSelf(principal, user.userId) && isForThePerson(input)) {
            return;
          }
          demand(principal, 'user:update', target);
          if (user.userId === null) {
            // Who may not read an address or external id is not told whose it is either.
            demand(principal, 'user:read');
          }
          demandTrustedFields(principal, input);
        },
        work: (tx) =>
          inProfile(PROFILE_FIELDS, async (): Promise<UserResult> => {
            const changes = {
              ...input,
              ...(profile === null ? clearedProfile(PROFILE_FIELDS) : profile),
            };
            return { userId: await updateUser(tx, { user, expectedVersion, changes }) };
          }),
      });
    },

    /** Erases a user. @throws ConflictError, LastOwnerError, and as every act */
    async delete(input: UserDelete) {
      const target = await userTarget(caller, input.userId);
      return performFollowing(caller, {
        find: () => organizationsOfUser(caller.runner.prisma, input.userId),
        authorize(principal) {
          if (isSelf(principal, input.userId)) {
            demandNoSuspension(principal);
            return;
          }
          demand(principal, 'user:delete', target);
          // The confirmation tells whether the address is right.
          demand(principal, 'user:read');
        },
        async work(tx): Promise<UserResult> {
          await deleteUser(tx, input);
          return { userId: input.userId };
        },
      });
    },

    /** Links an account to a user. @throws ConflictError, DuplicateError, and as every act */
    link: (input: IdentityLink) => change(input, (tx) => linkIdentity(tx, input)),

    /** Takes an account from a user. @throws ConflictError, and as every act */
    unlink: (input: IdentityUnlink) => change(input, (tx) => unlinkIdentity(tx, input)),
  };
}

function demandTrustedFields(
  principal: Principal,
  { externalId, metadata }: { externalId?: unknown; metadata?: unknown },
): void {
  demandTrusted(principal, { externalId, metadata });
}
