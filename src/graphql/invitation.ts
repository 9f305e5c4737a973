/** Invitations, and those of an organization. */
import { kindOf } from '../domain/id.ts';
import { ORGANIZATION_ACTS } from '../domain/organization-authority.ts';
import { can } from '../domain/permission.ts';
import { seesInvitation } from '../domain/visibility.ts';
import type { InvitationListFilter, InvitationRow } from '../loaders/invitation.ts';
import { Actor, actorOf } from './actor.ts';
import { idArgument, textArgument } from './arguments.ts';
import { builder } from './builder.ts';
import {
  connectionOf,
  connectionType,
  type ListOrder,
  pageArguments,
  readPage,
} from './connection.ts';
import type { Context } from './context.ts';
import { shownIf } from './guard.ts';
import { Invitation, Membership, Organization, Role } from './nodes.ts';

export const InvitationStatus = builder.enumType('InvitationStatus', {
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
  locale: t.exposeString('locale', {
    description: 'The language of the mail as a BCP 47 tag. Null for that of the person.',
  }),
  sentAt: t.expose('sentAt', {
    type: 'DateTime',
    description: 'When its mail last left. Null when none has yet.',
  }),
  sendCount: t.exposeInt('sendCount', {
    nullable: false,
    description: 'How many times it was sent, be the last mail on its way still.',
  }),
  deliveryFailedAt: t.expose('deliveryFailedAt', {
    type: 'DateTime',
    description: 'When sending it failed for good. Null when it did not.',
  }),
  deliveryError: t.exposeString('deliveryError', {
    description:
      'What the mail server said when it did not take the mail. Without deliveryFailedAt it is tried again. Null when all is well.',
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
  viewerCanResend: t.boolean({
    nullable: false,
    description:
      'Whether the caller has the right to send it again, membership:invite, whatever became of it. Nobody offers what they do not hold.',
    resolve: mayInvite,
  }),
  viewerCanRevoke: t.boolean({
    nullable: false,
    description:
      'Whether the caller has the right to take it back, membership:invite, whatever became of it.',
    resolve: mayInvite,
  }),
}));

function mayInvite({ organizationId }: InvitationRow, _args: object, { principal }: Context) {
  return can(principal, ORGANIZATION_ACTS.invite, organizationId);
}

function present<Row>(row: Row | null): Row {
  if (row === null) {
    throw new Error('An invitation refers to nothing.');
  }
  return row;
}

export const InvitationConnection = connectionType<InvitationRow>(
  'Invitation',
  Invitation,
  'invitations',
);

/** An inviter by id: a user or a key. */
function inviterArgument(
  id: string | null | undefined,
  argument: string[],
): { kind: 'USER' | 'API_KEY'; id: string } | null {
  if (id == null) {
    return null;
  }
  return kindOf(id) === 'key'
    ? { kind: 'API_KEY', id: idArgument('key', id, argument) }
    : { kind: 'USER', id: idArgument('usr', id, argument) };
}

const InvitationFilter = builder.inputType('InvitationFilter', {
  description: 'Which invitations to list. All conditions must hold.',
  fields: (t) => ({
    status: t.field({
      type: [InvitationStatus],
      description: 'Statuses of which it must have one. All by default.',
    }),
    search: t.string({ description: 'Part of the address, in any case.' }),
    inviterId: t.id({ description: 'Who invited: a user, usr_…, or a key, key_….' }),
  }),
});

const order: ListOrder<'CREATED_AT', InvitationRow> = {
  list: 'invitations',
  field: 'CREATED_AT',
  descending: false,
  type: 'timestamptz',
  keyOf: (invitation) => invitation.createdAt,
};

/** A page of the invitations of an organization (uuid), for those who may see them. */
export function listInvitations(
  loaders: Context['loaders'],
  organizationId: string,
  page: Parameters<typeof readPage>[0],
  filter: InvitationListFilter,
) {
  return connectionOf(loaders.invitationsOf(organizationId, filter, readPage(page, order)), order);
}

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
      async (organization, { filter, ...page }, context) => {
        const { loaders } = context;
        const search = textArgument(filter?.search, ['filter', 'search']);
        const inviter = inviterArgument(filter?.inviterId, ['filter', 'inviterId']);
        // Whom the field `inviter` hides has invited nobody.
        const isHidden =
          inviter !== null && (await actorOf(context, inviter.kind, inviter.id)) === null;
        const status = isHidden ? [] : filter?.status;
        const asked = { status, search, inviterId: inviter?.id };
        return listInvitations(loaders, organization.id, page, asked);
      },
    ),
  }),
);
