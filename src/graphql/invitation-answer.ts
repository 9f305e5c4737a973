/** What the holder of an invitation's token sees and does, signed in or not. */
import { InvalidTransitionError, SeatLimitError, SingleMembershipError } from '../domain/errors.ts';
import { encodeId } from '../domain/id.ts';
import type { Acceptance } from '../domain/invitation-accept.ts';
import {
  InvitationExpiredError,
  InvitationStateError,
  InvitePolicyError,
  WrongAccountError,
} from '../domain/invitation-errors.ts';
import { tokenHash } from '../domain/invitation-mail.ts';
import type { InvitationPreviewRow } from '../loaders/invitation.ts';
import { builder } from './builder.ts';
import { InvitationStatus } from './invitation.ts';
import { MembershipStatus } from './membership-enums.ts';
import { mutation } from './mutation.ts';
import { seenNode } from './node.ts';
import { Membership } from './nodes.ts';

const token = 'The token of the link in the mail.';

const InvitationPreview = builder.objectRef<InvitationPreviewRow>('InvitationPreview').implement({
  description: 'What an invitation tells whoever has its token.',
  fields: (t) => ({
    organizationName: t.exposeString('organizationName', {
      nullable: false,
      description: 'What the organization is called.',
    }),
    organizationLogoUrl: t.exposeString('organizationLogoUrl', {
      description: 'Where its logo is. Null when it has none.',
    }),
    inviterName: t.exposeString('inviterName', {
      description: 'Who invites. Null when that is nobody with a name.',
    }),
    message: t.exposeString('message', {
      description: 'What the inviter wrote. Null when nothing.',
    }),
    email: t.exposeString('email', {
      nullable: false,
      description: 'The address that it was sent to.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: false,
      description: 'Until when it can be answered.',
    }),
    status: t.expose('status', {
      type: InvitationStatus,
      nullable: false,
      description: 'What became of it.',
    }),
  }),
});

builder.queryField('invitationPreview', (t) =>
  t.field({
    type: InvitationPreview,
    args: { token: t.arg.string({ required: true, description: token }) },
    description:
      'The invitation of a token, for whoever has it; looking changes nothing. Null when the token is good for none: also after a newer one was sent.',
    resolve: (_root, args, { loaders }) => loaders.invitations.preview(tokenHash(args.token)),
  }),
);

const InvitationAcceptInput = builder.inputType('InvitationAcceptInput', {
  description: 'Which invitation to accept.',
  fields: (t) => ({
    token: t.string({ required: true, description: token }),
  }),
});

const InvitationAcceptPayload = builder.objectRef<Acceptance>('InvitationAcceptPayload').implement({
  description: 'What accepting led to. It is no session: signing in is another thing.',
  fields: (t) => ({
    membershipId: t.id({
      nullable: false,
      description: 'The membership, mbr_….',
      resolve: ({ membershipId }) => encodeId('mbr', membershipId),
    }),
    status: t.expose('status', {
      type: MembershipStatus,
      nullable: false,
      description: 'What the membership is now.',
    }),
    organizationName: t.exposeString('organizationName', {
      nullable: false,
      description: 'What the organization is called.',
    }),
    membership: t.field({
      type: Membership,
      description:
        'The membership. Null for those who may not see it, as whoever is not signed in.',
      resolve: ({ membershipId }, _args, context) =>
        seenNode('mbr', membershipId, context) as Promise<never>,
    }),
  }),
});

mutation('invitationAccept', {
  description:
    'Makes a member of you when you are signed in, and otherwise of whoever has the address that the mail went to; that address counts as verified from then on. Who has accepted before gets the same answer. Requires the token, and that you are not signed in as somebody else, unless the invitation allows any address: then the membership is yours.',
  input: InvitationAcceptInput,
  payload: InvitationAcceptPayload,
  errors: [
    InvitationStateError,
    InvitationExpiredError,
    WrongAccountError,
    InvitePolicyError,
    InvalidTransitionError,
    SeatLimitError,
    SingleMembershipError,
  ],
  resolve: (input, { invitations }) => invitations.accept(input),
});

const InvitationDeclineInput = builder.inputType('InvitationDeclineInput', {
  description: 'Which invitation to decline.',
  fields: (t) => ({
    token: t.string({ required: true, description: token }),
    reason: t.string({ description: 'Why, for the organization, up to 1,000 characters.' }),
  }),
});

const InvitationDeclinePayload = builder
  .objectRef<{ organizationName: string }>('InvitationDeclinePayload')
  .implement({
    description: 'What was declined.',
    fields: (t) => ({
      organizationName: t.exposeString('organizationName', {
        nullable: false,
        description: 'What the organization is called.',
      }),
    }),
  });

mutation('invitationDecline', {
  description:
    'Declines an invitation; the organization may invite again. Who has declined before gets the same answer. Requires the token.',
  input: InvitationDeclineInput,
  payload: InvitationDeclinePayload,
  errors: [InvitationStateError, InvitationExpiredError, WrongAccountError],
  resolve: (input, { invitations }) => invitations.decline(input),
});
