/** Invitations, and those of an organization. */
import { seesInvitation } from '../domain/visibility.ts';
import type { InvitationRow } from '../loaders/invitation.ts';
import { Actor, actorOf } from './actor.ts';
import { textArgument } from './arguments.ts';
import { builder } from './builder.ts';
import {
  connectionOf,
  connectionType,
  type ListOrder,
  pageArguments,
  readPage,
} from './connection.ts';
import { shownIf } from './guard.ts';
import { Invitation, Membership, Organization, Role } from './nodes.ts';

const InvitationStatus = builder.enumType('InvitationStatus', {
  description: 'What became of an invitation.',
  values: {
    PENDING: { description: 'It is open.' },
    ACCEPTED: { description: 'The person joined.' },
    DECLINED: { description: 'The person declined.' },
    REVOKED: { description: 'The organization took it back.' },
    EXPIRED: { description: 'It was not answered in time.' },
  },
});

builder.prismaObjectFields(Invitation, (t) => ({
  organization: t.field({
    type: Organization,
    nullable: false,
    description: 'The organization that invites.',
    resolve: async (invitation, _args, { loaders }) =>
      present(await loaders.organizations.byId(invitation.organizationId)),
  }),
  membership: t.field({
    type: Membership,
    nullable: false,
    description: 'The membership that it is about.',
    resolve: async (invitation, _args, { loaders }) =>
      present(await loaders.memberships.byId(invitation.membershipId)),
  }),
  email: t.exposeString('email', { description: 'The address that it was sent to.' }),
  roles: t.field({
    type: [Role],
    nullable: false,
    description: 'The roles on offer.',
    resolve: (invitation, _args, { loaders }) => loaders.invitations.rolesOf(invitation.id),
  }),
  status: t.expose('status', {
    type: InvitationStatus,
    nullable: false,
    description: 'What became of it; its deadline counts from the moment it passes.',
  }),
  inviter: t.field({
    type: Actor,
    description: 'Who invited. Null when that is hidden or erased.',
    resolve: (invitation, _args, context) =>
      actorOf(context, invitation.inviterKind, invitation.inviterId),
  }),
  message: t.exposeString('message', {
    description: 'What the inviter wrote. Null when nothing.',
  }),
  allowAnyAddress: t.exposeBoolean('allowAnyAddress', {
    nullable: false,
    description: 'Whether somebody signed in under another address may accept it.',
  }),
  redirectUrl: t.exposeString('redirectUrl', {
    description: 'Where its link leads. Null for the default.',
  }),
  sentAt: t.expose('sentAt', {
    type: 'DateTime',
    description: 'When it was last sent. Null when it never was.',
  }),
  sendCount: t.exposeInt('sendCount', {
    nullable: false,
    description: 'How many times it was sent.',
  }),
  deliveryFailedAt: t.expose('deliveryFailedAt', {
    type: 'DateTime',
    description: 'When sending it failed for good. Null when it did not.',
  }),
  deliveryError: t.exposeString('deliveryError', {
    description: 'Why sending it failed. Null when it did not.',
  }),
  expiresAt: t.expose('expiresAt', {
    type: 'DateTime',
    nullable: false,
    description: 'Until when it can be answered.',
  }),
  acceptedAt: t.expose('acceptedAt', {
    type: 'DateTime',
    description: 'When it was accepted. Null when it was not.',
  }),
  declinedAt: t.expose('declinedAt', {
    type: 'DateTime',
    description: 'When it was declined. Null when it was not.',
  }),
  revokedAt: t.expose('revokedAt', {
    type: 'DateTime',
    description: 'When it was revoked. Null when it was not.',
  }),
  createdAt: t.expose('createdAt', {
    type: 'DateTime',
    nullable: false,
    description: 'When it was made.',
  }),
}));

function present<Row>(row: Row | null): Row {
  if (row === null) {
    throw new Error('An invitation refers to nothing.');
  }
  return row;
}

const InvitationConnection = connectionType<InvitationRow>('Invitation', Invitation, 'invitations');

const InvitationFilter = builder.inputType('InvitationFilter', {
  description: 'Which invitations to list. All conditions must hold.',
  fields: (t) => ({
    status: t.field({
      type: [InvitationStatus],
      description: 'Statuses of which it must have one. All by default.',
    }),
    search: t.string({ description: 'Part of the address, in any case.' }),
  }),
});

const order: ListOrder<'CREATED_AT', InvitationRow> = {
  list: 'invitations',
  field: 'CREATED_AT',
  descending: false,
  type: 'timestamptz',
  keyOf: (invitation) => invitation.createdAt,
};

builder.prismaObjectField(Organization, 'invitations', (t) =>
  t.field({
    type: InvitationConnection,
    args: {
      ...pageArguments,
      filter: t.arg({ type: InvitationFilter, description: 'Which to list. All by default.' }),
    },
    description:
      'Its invitations, oldest first. Requires membership:read and membership:readDetails.',
    resolve: shownIf(
      (principal, organization) => seesInvitation(principal, { organizationId: organization.id }),
      (organization, { filter, ...page }, { loaders }) => {
        const search = textArgument(filter?.search, ['filter', 'search']);
        const args = readPage(page, order);
        const list = loaders.invitations.of(
          organization.id,
          { status: filter?.status, search },
          args,
        );
        return connectionOf(list, order);
      },
    ),
  }),
);
