/** Mutations that change where a membership stands in its life. */
import {
  AlreadyMemberError,
  ConflictError,
  DuplicateError,
  InvalidTransitionError,
  LastOwnerError,
  RoleTooHighError,
  SeatLimitError,
  SingleMembershipError,
} from '../domain/errors.ts';
import { encodeId } from '../domain/id.ts';
import { seesInvitation } from '../domain/visibility.ts';
import { idInput } from './arguments.ts';
import { builder } from './builder.ts';
import { pageArguments } from './connection.ts';
import { InvitationConnection, listInvitations } from './invitation.ts';
import { mutation } from './mutation.ts';
import { OrganizationBy } from './organization.ts';
import { nodePayload } from './payload.ts';
import { UserBy } from './user.ts';

const texts = {
  membershipId: 'The membership, mbr_….',
  reason: 'Why, up to 1,000 characters.',
  expectedVersion: 'Refuse with ConflictError unless the membership is at this version.',
  roleIds: 'The roles to give, rol_…, instead of the default one. Or roleKeys.',
  roleKeys: "The roles to give by their keys; the organization's own come first. Or roleIds.",
};

const MembershipCreateInput = builder.inputType('MembershipCreateInput', {
  description: 'Whom to add to which organization, and as what.',
  fields: (t) => ({
    organization: t.field({
      type: OrganizationBy,
      required: true,
      description: 'The organization.',
    }),
    user: t.field({
      type: UserBy,
      required: true,
      description:
        'The user. An address that nobody has makes a new one. By externalId it requires user:read.',
    }),
    roleIds: t.idList({ description: texts.roleIds }),
    roleKeys: t.stringList({ description: texts.roleKeys }),
    name: t.string({ description: 'What the organization calls them, up to 200 characters.' }),
    externalId: t.string({
      description:
        'The id that the product itself uses, unique in the organization. Requires trusted:write.',
    }),
    metadata: t.field({
      type: 'JSONObject',
      description: 'Trusted metadata. Requires trusted:write.',
    }),
    untrustedMetadata: t.field({
      type: 'JSONObject',
      description: 'Metadata that the member may write too.',
    }),
    joinedAt: t.field({
      type: 'DateTime',
      description: 'When they joined, if not now.',
    }),
  }),
});

mutation('membershipCreate', {
  description:
    'Adds a member without asking them, or brings back who was removed. Requires membership:create.',
  input: MembershipCreateInput,
  payload: nodePayload('MembershipCreate', 'membership'),
  errors: [
    AlreadyMemberError,
    InvalidTransitionError,
    DuplicateError,
    RoleTooHighError,
    SeatLimitError,
    SingleMembershipError,
  ],
  resolve: ({ organization, user, roleIds, ...input }, { memberships }) =>
    memberships.create({
      ...input,
      organization: { ...organization, id: idInput('org', organization.id, 'organization', 'id') },
      user: { ...user, id: idInput('usr', user.id, 'user', 'id') },
      roleIds: readRoleIds(roleIds),
    }),
});

const MembershipSuspendInput = builder.inputType('MembershipSuspendInput', {
  description: 'Whom to suspend.',
  fields: (t) => ({
    membershipId: t.id({ required: true, description: texts.membershipId }),
    reason: t.string({ description: texts.reason }),
    until: t.field({
      type: 'DateTime',
      description: 'When it ends by itself. Left out: not before somebody reinstates them.',
    }),
    expectedVersion: t.int({ description: texts.expectedVersion }),
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

const MembershipReinstateInput = builder.inputType('MembershipReinstateInput', {
  description: 'Whose suspension to end.',
  fields: (t) => ({
    membershipId: t.id({ required: true, description: texts.membershipId }),
    reason: t.string({ description: texts.reason }),
    expectedVersion: t.int({ description: texts.expectedVersion }),
  }),
});

mutation('membershipReinstate', {
  description: 'Ends a suspension: the member has their rights again. Requires membership:suspend.',
  input: MembershipReinstateInput,
  payload: nodePayload('MembershipReinstate', 'membership'),
  errors: [InvalidTransitionError, SeatLimitError, ConflictError],
  resolve: ({ membershipId, ...input }, { memberships }) =>
    memberships.reinstate({ ...input, membershipId: idInput('mbr', membershipId, 'membershipId') }),
});

const MembershipRemoveInput = builder.inputType('MembershipRemoveInput', {
  description: 'Whom to remove.',
  fields: (t) => ({
    membershipId: t.id({ required: true, description: texts.membershipId }),
    reason: t.string({ description: texts.reason }),
    revokeInvitations: t.boolean({
      description:
        'Whether to revoke, for the same reason, what they have offered and is still open. Left out: no; then it is refused when it is accepted, unless somebody else sends it again.',
    }),
    expectedVersion: t.int({ description: texts.expectedVersion }),
  }),
});

const MembershipRemovePayload = nodePayload('MembershipRemove', 'membership');

builder.objectField(MembershipRemovePayload, 'openInvitations', (t) =>
  t.field({
    type: InvitationConnection,
    args: pageArguments,
    description:
      'What the member has offered and is still open, oldest first. Requires membership:read and membership:readDetails.',
    resolve: async ({ membershipId }, page, { principal, loaders }) => {
      const membership = await loaders.memberships.byId(membershipId);
      return membership !== null && seesInvitation(principal, membership)
        ? listInvitations(loaders, membership.organizationId, page, {
            status: ['PENDING'],
            inviterId: membership.userId,
          })
        : null;
    },
  }),
);

mutation('membershipRemove', {
  description:
    'Ends a membership, or revokes the invitation to it. Its row and its history stay. Requires membership:remove.',
  input: MembershipRemoveInput,
  payload: MembershipRemovePayload,
  errors: [InvalidTransitionError, LastOwnerError, ConflictError],
  resolve: ({ membershipId, ...input }, { memberships }) =>
    memberships.remove({ ...input, membershipId: idInput('mbr', membershipId, 'membershipId') }),
});

const MembershipLeaveInput = builder.inputType('MembershipLeaveInput', {
  description: 'Which membership of your own to end.',
  fields: (t) => ({
    membershipId: t.id({ required: true, description: texts.membershipId }),
    reason: t.string({ description: texts.reason }),
    expectedVersion: t.int({ description: texts.expectedVersion }),
  }),
});

mutation('membershipLeave', {
  description:
    'Ends your own membership. Its row and its history stay. Requires that it is yours, however you signed in: nobody is kept.',
  input: MembershipLeaveInput,
  payload: nodePayload('MembershipLeave', 'membership'),
  errors: [InvalidTransitionError, LastOwnerError, ConflictError],
  resolve: ({ membershipId, ...input }, { memberships }) =>
    memberships.leave({ ...input, membershipId: idInput('mbr', membershipId, 'membershipId') }),
});

const MembershipReactivateInput = builder.inputType('MembershipReactivateInput', {
  description: 'Whom to bring back, and as what.',
  fields: (t) => ({
    membershipId: t.id({ required: true, description: texts.membershipId }),
    roleIds: t.idList({ description: texts.roleIds }),
    roleKeys: t.stringList({ description: texts.roleKeys }),
    reason: t.string({ description: texts.reason }),
    expectedVersion: t.int({ description: texts.expectedVersion }),
  }),
});

mutation('membershipReactivate', {
  description:
    'Brings back a member who was removed, with all that is kept about them but the roles they had. Who never joined needs membership:create besides. Requires membership:remove.',
  input: MembershipReactivateInput,
  payload: nodePayload('MembershipReactivate', 'membership'),
  errors: [
    InvalidTransitionError,
    RoleTooHighError,
    SeatLimitError,
    SingleMembershipError,
    ConflictError,
  ],
  resolve: ({ membershipId, roleIds, ...input }, { memberships }) =>
    memberships.reactivate({
      ...input,
      membershipId: idInput('mbr', membershipId, 'membershipId'),
      roleIds: readRoleIds(roleIds),
    }),
});

const MembershipDeleteInput = builder.inputType('MembershipDeleteInput', {
  description: 'Which membership to delete.',
  fields: (t) => ({
    membershipId: t.id({ required: true, description: texts.membershipId }),
    confirmEmail: t.string({
      required: true,
      description: "The member's address, in any spelling, to confirm that this one is meant.",
    }),
    expectedVersion: t.int({ description: texts.expectedVersion }),
  }),
});

const MembershipDeletePayload = builder
  .objectRef<{ membershipId: string }>('MembershipDeletePayload')
  .implement({
    description: 'What MembershipDelete deleted.',
    fields: (t) => ({
      deletedMembershipId: t.id({
        nullable: false,
        description: 'The id of the membership that is gone.',
        resolve: ({ membershipId }) => encodeId('mbr', membershipId),
      }),
    }),
  });

mutation('membershipDelete', {
  description:
    'Erases for good what the organization knows about a member; the user stays. Requires membership:remove and membership:readDetails.',
  input: MembershipDeleteInput,
  payload: MembershipDeletePayload,
  errors: [LastOwnerError, ConflictError],
  resolve: ({ membershipId, ...input }, { memberships }) =>
    memberships.delete({ ...input, membershipId: idInput('mbr', membershipId, 'membershipId') }),
});

function readRoleIds(ids: readonly string[] | null | undefined): string[] | undefined {
  return ids?.map((id, index) => idInput('rol', id, 'roleIds', String(index)));
}
