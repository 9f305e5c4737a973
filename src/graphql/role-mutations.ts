/** Changes of roles. */
import {
  ConflictError,
  DuplicateError,
  RoleCycleError,
  RoleInUseError,
  RoleTooHighError,
} from '../domain/errors.ts';
import { encodeId } from '../domain/id.ts';
import { idInput } from './arguments.ts';
import { builder } from './builder.ts';
import { mutation } from './mutation.ts';
import { nodePayload } from './payload.ts';

const RoleCreateInput = builder.inputType('RoleCreateInput', {
  description: 'A new role.',
  fields: (t) => ({
    organizationId: t.id({
      description: 'Whose role it is, org_…. Left out: a role of the environment.',
    }),
    key: t.string({
      required: true,
      description:
        'What code calls it: 1 to 64 of a to z, 0 to 9, _ and -, with a letter first. It never changes.',
    }),
    displayName: t.string({
      required: true,
      description: 'What people call it, up to 100 characters.',
    }),
    description: t.string({ description: 'What it is for, up to 500 characters.' }),
    extendsRoleId: t.id({
      description:
        'The role whose permissions it inherits, rol_…: one of the environment or of the same organization, not owner.',
    }),
    permissions: t.stringList({
      required: true,
      description:
        'What it adds to those: up to 500 permissions, wildcards such as invoice:*, or *:*.',
    }),
  }),
});

const RoleUpdateInput = builder.inputType('RoleUpdateInput', {
  description: 'What to change of a role. What is left out stays.',
  fields: (t) => ({
    roleId: t.id({ required: true, description: 'The role, rol_….' }),
    displayName: t.string({ description: 'What people call it, up to 100 characters.' }),
    description: t.string({
      description: 'What it is for, up to 500 characters. Null clears it.',
    }),
    extendsRoleId: t.id({
      description: 'The role whose permissions it inherits, rol_…. Null: it inherits none.',
    }),
    permissions: t.stringList({
      description: 'In place of those that it adds: up to 500 permissions and wildcards.',
    }),
    expectedVersion: t.int({
      description: 'Refuse with ConflictError unless the role is at this version.',
    }),
  }),
});

const RoleDeleteInput = builder.inputType('RoleDeleteInput', {
  description: 'Which role to delete.',
  fields: (t) => ({
    roleId: t.id({ required: true, description: 'The role, rol_….' }),
    reassignToRoleId: t.id({
      description:
        'What takes its place with members, invitations, roles that extend it and as a default, rol_…. Left out: it must not be in use.',
    }),
    expectedVersion: t.int({
      description: 'Refuse with ConflictError unless the role is at this version.',
    }),
  }),
});

const RoleDeletePayload = builder.objectRef<{ roleId: string }>('RoleDeletePayload').implement({
  description: 'What RoleDelete deleted.',
  fields: (t) => ({
    deletedRoleId: t.id({
      nullable: false,
      description: 'The id that the role had, rol_….',
      resolve: ({ roleId }) => encodeId('rol', roleId),
    }),
  }),
});

mutation('roleCreate', {
  description:
    'Creates a role, which gives nothing that the caller does not hold. Requires role:manage, for a role of the environment environment:update.',
  input: RoleCreateInput,
  payload: nodePayload('RoleCreate', 'role'),
  errors: [DuplicateError, RoleTooHighError],
  resolve: ({ organizationId, extendsRoleId, ...input }, { roles }) =>
    roles.create({
      ...input,
      organizationId: idInput('org', organizationId, 'organizationId'),
      extendsRoleId: idInput('rol', extendsRoleId, 'extendsRoleId'),
    }),
});

mutation('roleUpdate', {
  description:
    'Changes a role that is not built in, at once for all who have it. What it comes to give the caller must hold. Requires role:manage, for a role of the environment environment:update.',
  input: RoleUpdateInput,
  payload: nodePayload('RoleUpdate', 'role'),
  errors: [RoleCycleError, RoleTooHighError, ConflictError],
  resolve: ({ roleId, extendsRoleId, ...input }, { roles }) =>
    roles.update({
      ...input,
      roleId: idInput('rol', roleId, 'roleId'),
      extendsRoleId: idInput('rol', extendsRoleId, 'extendsRoleId'),
    }),
});

mutation('roleDelete', {
  description:
    'Deletes a role that is not built in. Another takes its place where it is in use, whose permissions the caller must hold. Requires role:manage, for a role of the environment environment:update.',
  input: RoleDeleteInput,
  payload: RoleDeletePayload,
  errors: [RoleInUseError, RoleCycleError, RoleTooHighError, ConflictError],
  resolve: ({ roleId, reassignToRoleId, ...input }, { roles }) =>
    roles.delete({
      ...input,
      roleId: idInput('rol', roleId, 'roleId'),
      reassignToRoleId: idInput('rol', reassignToRoleId, 'reassignToRoleId'),
    }),
});
