/** Mutations of those who invite. */
import {
  AlreadyMemberError,
  InvalidTransitionError,
  RoleTooHighError,
  SeatLimitError,
} from '../domain/errors.ts';
import {
  AlreadyInvitedError,
  InvitationExpiredError,
  InvitationStateError,
  InvitePolicyError,
  RateLimitedError,
} from '../domain/invitation-errors.ts';
import { idInput, idListInput } from './arguments.ts';
import { builder } from './builder.ts';
import { offerFields, texts } from './invitation-input.ts';
import { mutation } from './mutation.ts';
import { nodePayload } from './payload.ts';

/** What inviting somebody can refuse besides what every mutation can. */
export const INVITATION_REFUSALS = [
  AlreadyMemberError,
  AlreadyInvitedError,
  InvalidTransitionError,
  InvitePolicyError,
  RoleTooHighError,
  SeatLimitError,
  RateLimitedError,
];

const InvitationCreateInput = builder.inputType('InvitationCreateInput', {
  description: 'Whom to invite to which organization, and as what.',
  fields: (t) => ({
    organizationId: t.id({ required: true, description: 'The organization, org_….' }),
    ...offerFields(t),
  }),
});

mutation('invitationCreate', {
  description:
    'Invites somebody by mail. The link in it is the only way to the token, which shows nowhere else. Requires membership:invite.',
  input: InvitationCreateInput,
  payload: nodePayload('InvitationCreate', 'invitation'),
  errors: INVITATION_REFUSALS,
  resolve: ({ organizationId, roleIds, ...input }, { invitations }) =>
    invitations.create({
      ...input,
      organizationId: idInput('org', organizationId, 'organizationId'),
      roleIds: idListInput('rol', roleIds, 'roleIds'),
    }),
});

const InvitationResendInput = builder.inputType('InvitationResendInput', {
  description: 'Which invitation to send again.',
  fields: (t) => ({
    invitationId: t.id({ required: true, description: texts.invitationId }),
    expiresInSeconds: t.int({ description: texts.expiresInSeconds }),
  }),
});

mutation('invitationResend', {
  description:
    'Sends an invitation again that is open or has expired, with a new link and a new deadline; earlier links are good for nothing from then on. You become its inviter, so you must hold the roles on offer, and what another one wrote is left out. Requires membership:invite.',
  input: InvitationResendInput,
  payload: nodePayload('InvitationResend', 'invitation'),
  errors: [
    InvitationStateError,
    InvalidTransitionError,
    InvitePolicyError,
    RoleTooHighError,
    SeatLimitError,
    RateLimitedError,
  ],
  resolve: ({ invitationId, ...input }, { invitations }) =>
    invitations.resend({ ...input, invitationId: idInput('inv', invitationId, 'invitationId') }),
});

const InvitationRevokeInput = builder.inputType('InvitationRevokeInput', {
  description: 'Which invitation to take back.',
  fields: (t) => ({
    invitationId: t.id({ required: true, description: texts.invitationId }),
    reason: t.string({ description: 'Why, up to 1,000 characters. The invitee is not told.' }),
  }),
});

mutation('invitationRevoke', {
  description:
    'Takes an invitation back that is open or has expired: its links are good for nothing from then on, and the membership is REMOVED. Requires membership:invite.',
  input: InvitationRevokeInput,
  payload: nodePayload('InvitationRevoke', 'invitation'),
  errors: [InvitationStateError, InvitationExpiredError, InvalidTransitionError],
  resolve: ({ invitationId, ...input }, { invitations }) =>
    invitations.revoke({ ...input, invitationId: idInput('inv', invitationId, 'invitationId') }),
});
