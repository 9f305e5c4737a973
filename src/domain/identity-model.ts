/** The one place that knows the difference between the two identity models: where a person's profile hangs. */
import type { IdentityModel } from '../db/generated/prisma/enums.ts';

/** What is known about a person besides the address. */
export const PROFILE_FIELDS = ['name', 'givenName', 'familyName', 'pictureUrl', 'locale'] as const;

export type ProfileField = (typeof PROFILE_FIELDS)[number];

/** Whether the profile (and whether the address is verified) is the User's own, or the Membership's. */
export function profileOwner(model: IdentityModel): 'user' | 'membership' {
  return model === 'SHARED' ? 'user' : 'membership';
}

/**
 * The first field of `input` that hangs elsewhere in this model and so cannot be set on an object of that kind. A
 * membership's `name` can be set in both: in SHARED it is what this organization calls somebody who has no name.
 */
export function misplacedField(
  model: IdentityModel,
  on: 'user' | 'membership',
  input: { [field in ProfileField | 'emailVerified']?: unknown },
): string | null {
  if (profileOwner(model) === on) {
    return null;
  }
  const fields =
    on === 'user' ? PROFILE_FIELDS : PROFILE_FIELDS.filter((field) => field !== 'name');
  const misplaced = fields.find((field) => isGiven(input[field]));
  return misplaced ?? (input.emailVerified === true ? 'emailVerified' : null);
}

/** The same for an update of a membership, in which null is a value too, and which may change the address. */
export function misplacedInMembershipUpdate(
  model: IdentityModel,
  input: { [field in ProfileField | 'emailAddress']?: unknown },
): string | null {
  const fields = [...PROFILE_FIELDS.filter((field) => field !== 'name'), 'emailAddress'] as const;
  return profileOwner(model) === 'membership'
    ? null
    : (fields.find((field) => input[field] !== undefined) ?? null);
}

/** What somebody is called in an organization, which is what its lists sort and search by. */
export function effectiveName(
  model: IdentityModel,
  user: { name: string | null },
  membership: { name: string | null },
): string | null {
  return profileOwner(model) === 'user' ? (user.name ?? membership.name) : membership.name;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
