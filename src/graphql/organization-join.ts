/** Joining an organization by the domain of one's address. */
import {
  AlreadyMemberError,
  InvalidTransitionError,
  SeatLimitError,
  SingleMembershipError,
} from '../domain/errors.ts';
import { InvitePolicyError } from '../domain/invitation-errors.ts';
import { idInput } from './arguments.ts';
import { builder } from './builder.ts';
import { mutation } from './mutation.ts';
import { nodePayload } from './payload.ts';

const OrganizationJoinInput = builder.inputType('OrganizationJoinInput', {
  description: 'Which organization to join.',
  fields: (t) => ({
    organizationId: t.id({ required: true, description: 'The organization, org_….' }),
  }),
});

mutation('organizationJoin', {
  description:
    'Makes you a member, with the default role. Requires that your verified address is of a domain that the organization allows, where a member of that domain has come by themselves, and that you signed in as it asks for.',
  input: OrganizationJoinInput,
  payload: nodePayload('OrganizationJoin', 'membership'),
  errors: [
    AlreadyMemberError,
    InvalidTransitionError,
    InvitePolicyError,
    SeatLimitError,
    SingleMembershipError,
  ],
  resolve: ({ organizationId }, { organizations }) =>
    organizations.join({ organizationId: idInput('org', organizationId, 'organizationId') }),
});
