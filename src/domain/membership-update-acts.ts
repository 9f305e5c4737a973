/** How callers change what an organization keeps about a member. Ids are uuids. */
import type { Caller } from './act.ts';
import { demand, demandOwner, demandTrusted, membershipOf } from './authorize.ts';
import { PROFILE_FIELDS, type ProfileField } from './identity-model.ts';
import { changeMembership } from './membership-act.ts';
import { UPDATE } from './membership-authority.ts';
import { type MembershipUpdate, updateMembership } from './membership-update.ts';
import { clearedProfile, inProfile } from './profile.ts';

/** A name can be set in both identity models, so it stands outside. */
const FIELDS = PROFILE_FIELDS.filter((field) => field !== 'name');

type Profile = { [Field in Exclude<ProfileField, 'name'>]?: string | null };

/** The profile but for the name stands in an object of its own: what is left out of it stays, null clears it. */
export type UpdateInput = Omit<MembershipUpdate, keyof Profile> & { profile?: Profile | null };

/** Binds the act to a caller. */
export function membershipUpdateActs(caller: Caller) {
  return {
    /**
     * Changes a membership. Trusted fields are for those who write them, and breakglass is for owners.
     *
     * @throws WrongIdentityModelError, ConflictError, DuplicateError, InvalidTransitionError, RoleTooHighError,
     *   SingleMembershipError, and as every act
     */
    update: ({ profile, ...input }: UpdateInput) =>
      changeMembership(
        caller,
        input.membershipId,
        {
          ...UPDATE,
          isOwnAffair: (principal, place) =>
            UPDATE.isOwnAffair(principal, place) && isForThePerson(input),
          demandMore(principal, place) {
            const { emailAddress, externalId, metadata, isBreakglass } = input;
            demandTrusted(principal, { externalId, metadata });
            // It tells whether the address is the member's.
            if (emailAddress !== undefined) {
              demand(principal, 'membership:readDetails', membershipOf(place));
            }
            if (isBreakglass !== undefined) {
              demandOwner(principal, UPDATE.permission, place.organizationId);
            }
          },
        },
        (tx, organizationId) =>
          inProfile(FIELDS, async () => {
            const values = { ...input, ...(profile === null ? clearedProfile(FIELDS) : profile) };
            await updateMembership(tx, organizationId, values);
            return {};
          }),
      ),
  };
}

/** What members change of their own membership besides the profile. */
const OWN = new Set<keyof UpdateInput>([
  'membershipId',
  'expectedVersion',
  'name',
  'untrustedMetadata',
]);

function isForThePerson(input: Omit<UpdateInput, 'profile'>): boolean {
  const given = Object.keys(input) as (keyof typeof input)[];
  return given.every((field) => input[field] === undefined || OWN.has(field));
}
