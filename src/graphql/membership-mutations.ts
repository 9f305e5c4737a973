/** Changes of memberships. */
import { ConflictError, InvalidTransitionError, LastOwnerError } from '../domain/errors.ts';
import { idInput } from './arguments.ts';
import { builder } from './builder.ts';
import { mutation } from './mutation.ts';
import { nodePayload } from './payload.ts';

const MembershipSuspendInput = builder.inputType('MembershipSuspendInput', {
  description: 'Whom to suspend.',
  fields: (t) => ({
    membershipId: t.id({ required: true, description: 'The membership, mbr_….' }),
    reason: t.string({ description: 'Why, up to 1,000 characters.' }),
    until: t.field({
      type: 'DateTime',
      description: 'When it ends by itself. Left out: not before somebody reinstates them.',
    }),
    expectedVersion: t.int({
      description: 'Refuse with ConflictError unless the membership is at this version.',
    }),
  }),
});

mutation('membershipSuspend', {
  description:
    'Takes the rights of a member until they are reinstated or the time has come. Requires membership:suspend.',
  input: MembershipSuspendInput,
  payload: nodePayload('MembershipSuspend', 'membership'),
  errors: [InvalidTransitionError, LastOwnerError, ConflictError],
  resolve: ({ membershipId, ...input }, { memberships }) =>
    memberships.suspend({ ...input, membershipId: idInput('mbr', membershipId, 'membershipId') }),
});
