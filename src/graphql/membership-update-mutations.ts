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

const isolated = 'ISOLATED only.';

const MembershipProfileInput = builder.inputType('MembershipProfileInput', {
  description:
    'What an organization knows about a member besides the name. What is left out stays, and null clears it.',
  fields: (t) => ({
    givenName: t.string({ description: 'The given name, up to 200 characters.' }),
    familyName: t.string({ description: 'The family name, up to 200 characters.' }),
    pictureUrl: t.string({ description: 'Where a picture is: an http or https URL.' }),
    locale: t.string({ description: 'The language as a BCP 47 tag, for example pt-BR.' }),
  }),
});

const MembershipUpdateInput = builder.inputType('MembershipUpdateInput', {
  description: 'What to change about a member. What is left out stays, and null clears.',
  fields: (t) => ({
    membershipId: t.id({ required: true, description: 'The membership, mbr_….' }),
    name: t.string({
      description:
        'What the person is called here, up to 200 characters. With shared users it shows only while they have no name of their own.',
    }),
    profile: t.field({
      type: MembershipProfileInput,
      description: `What else is known about the person. ${isolated}`,
    }),
    emailAddress: t.string({
      description: `The address, which cannot be cleared. Another one makes it the membership of whoever has that address, unverified: the caller must hold what the member's roles give, and of a breakglass member be an owner. Requires membership:readDetails. ${isolated}`,
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
