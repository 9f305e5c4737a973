/** Changes of the roles of members. */
import {
  ConflictError,
  InvalidTransitionError,
  LastOwnerError,
  RoleTooHighError,
} from '../domain/errors.ts';
import { idInput, idListInput } from './arguments.ts';
import { builder } from './builder.ts';
import { mutation } from './mutation.ts';
import { seenNode } from './node.ts';
import { Membership } from './nodes.ts';
import { nodePayload } from './payload.ts';

function roleChangeInput(name: string, description: string) {
  return builder.inputType(name, {
    description,
    fields: (t) => ({
      membershipId: t.id({ required: true, description: 'The membership, mbr_….' }),
      roleIds: t.idList({ description: 'The roles by id, rol_…. Either these or roleKeys.' }),
      roleKeys: t.stringList({
        description:
          'The roles by key. A role of the organization comes before one of the environment.',
      }),
      expectedVersion: t.int({
        description: 'Refuse with ConflictError unless the membership is at this version.',
      }),
    }),
  });
}

const MembershipRoleAssignInput = roleChangeInput(
  'MembershipRoleAssignInput',
  'Which roles to give to whom.',
);

const MembershipRoleUnassignInput = roleChangeInput(
  'MembershipRoleUnassignInput',
  'Which roles to take away from whom.',
);

function readRoleChange({
  membershipId,
  roleIds,
  ...input
}: typeof MembershipRoleAssignInput.$inferInput) {
  return {
    ...input,
    membershipId: idInput('mbr', membershipId, 'membershipId'),
    roleIds: idListInput('rol', roleIds, 'roleIds'),
  };
}

mutation('membershipRoleAssign', {
  description:
    'Gives roles to a member, who may be suspended. The caller must hold what they give, and only owners make owners. Requires role:assign.',
  input: MembershipRoleAssignInput,
  payload: nodePayload('MembershipRoleAssign', 'membership'),
  errors: [ConflictError, InvalidTransitionError, RoleTooHighError],
  resolve: (input, { memberships }) => memberships.assignRoles(readRoleChange(input)),
});

mutation('membershipRoleUnassign', {
  description:
    'Takes roles away from a member, the last one too. Roles that come from a group, a connection or a domain stay. Requires role:assign.',
  input: MembershipRoleUnassignInput,
  payload: nodePayload('MembershipRoleUnassign', 'membership'),
  errors: [ConflictError, InvalidTransitionError, LastOwnerError],
  resolve: (input, { memberships }) => memberships.unassignRoles(readRoleChange(input)),
});

const OwnershipTransferInput = builder.inputType('OwnershipTransferInput', {
  description: 'Who hands the organization over to whom.',
  fields: (t) => ({
    fromMembershipId: t.id({
      required: true,
      description: 'The membership of the owner who becomes an admin, mbr_….',
    }),
    toMembershipId: t.id({
      required: true,
      description: 'The active membership of the new owner, mbr_….',
    }),
    expectedVersion: t.int({
      description:
        'Refuse with ConflictError unless the membership of the new owner is at this version.',
    }),
  }),
});

const OwnershipTransferPayload = builder
  .objectRef<{ fromMembershipId: string; toMembershipId: string }>('OwnershipTransferPayload')
  .implement({
    description: 'What OwnershipTransfer changed.',
    fields: (t) => ({
      fromMembership: t.field({
        type: Membership,
        description: 'That of the admin who was the owner. Null for those who may not see it.',
        resolve: ({ fromMembershipId }, _args, context) =>
          seenNode('mbr', fromMembershipId, context) as Promise<never>,
      }),
      toMembership: t.field({
        type: Membership,
        description: 'That of the new owner. Null for those who may not see it.',
        resolve: ({ toMembershipId }, _args, context) =>
          seenNode('mbr', toMembershipId, context) as Promise<never>,
      }),
    }),
  });

mutation('ownershipTransfer', {
  description:
    'Makes a member an owner in the place of another, who becomes an admin. For owners, who hold everything of the organization. Requires organization:delete.',
  input: OwnershipTransferInput,
  payload: OwnershipTransferPayload,
  errors: [ConflictError, InvalidTransitionError],
  resolve: ({ expectedVersion, ...input }, { memberships }) =>
    memberships.transferOwnership({
      fromMembershipId: idInput('mbr', input.fromMembershipId, 'fromMembershipId'),
      toMembershipId: idInput('mbr', input.toMembershipId, 'toMembershipId'),
      expectedVersion,
    }),
});
