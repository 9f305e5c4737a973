/** Changes of what an organization keeps about a member. */
import {
  ConflictError,
  DuplicateError,
  InvalidTransitionError,
  RoleTooHighError,
  SingleMembershipError,
  WrongIdentityModelError,
} from '../domain/errors.ts';
import { idInput } from './arguments.ts';
import { builder } from './builder.ts';
import { mutation } from './mutation.ts';
import { nodePayload } from './payload.ts';

const isolated = 'For organizations with profiles of their own (ISOLATED) only.';

const MembershipUpdateInput = builder.inputType('MembershipUpdateInput', {
  description: 'What to change about a member. What is left out stays, and null clears.',
  fields: (t) => ({
    membershipId: t.id({ required: true, description: 'The membership, mbr_….' }),
    name: t.string({
      description:
        'What the person is called here, up to 200 characters. With shared users it shows only while they have no name of their own.',
    }),
    givenName: t.string({ description: `The given name. ${isolated}` }),
    familyName: t.string({ description: `The family name. ${isolated}` }),
    pictureUrl: t.string({ description: `Where a picture of the person is. ${isolated}` }),
    locale: t.string({
      description: `The language of the person as a BCP 47 tag. ${isolated}`,
    }),
    emailAddress: t.string({
      description: `The address, which cannot be cleared. Another one makes it the membership of whoever has that address, and is not verified. The caller must hold what the member's roles give. ${isolated}`,
    }),
    externalId: t.string({
      description:
        'The id that the product itself uses, unique in the organization. Requires trusted:write.',
    }),
    metadata: t.field({
      type: 'JSONObject',
      description:
        'Trusted metadata: its keys take the place of those that are there, and a key that is null goes. Requires trusted:write.',
    }),
    untrustedMetadata: t.field({
      type: 'JSONObject',
      description: 'Metadata that never enters tokens. It merges in the same way.',
    }),
    isBreakglass: t.boolean({
      description:
        'Whether the organization’s rules for signing in do not bind this member. For owners only.',
    }),
    expectedVersion: t.int({
      description: 'Refuse with ConflictError unless the membership is at this version.',
    }),
  }),
});

mutation('membershipUpdate', {
  description:
    'Changes what the organization keeps about a member, whatever the status. Requires membership:update.',
  input: MembershipUpdateInput,
  payload: nodePayload('MembershipUpdate', 'membership'),
  errors: [
    ConflictError,
    DuplicateError,
    InvalidTransitionError,
    RoleTooHighError,
    SingleMembershipError,
    WrongIdentityModelError,
  ],
  resolve: ({ membershipId, ...input }, { memberships }) =>
    memberships.update({ ...input, membershipId: idInput('mbr', membershipId, 'membershipId') }),
});
