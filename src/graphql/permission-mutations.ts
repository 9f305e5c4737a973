/** Changes of the application's own permissions. */
import { DuplicateError, PermissionInUseError } from '../domain/errors.ts';
import { can } from '../domain/permission.ts';
import { builder } from './builder.ts';
import { mutation } from './mutation.ts';
import { PermissionType } from './role.ts';

type Named = { name: string };

const PermissionCreateInput = builder.inputType('PermissionCreateInput', {
  description: 'A new permission of the application.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description:
        'The name, resource:action, for example invoice:approve. Resources of Gatehouse itself are reserved.',
    }),
    description: t.string({ description: 'What it opens, up to 500 characters.' }),
  }),
});

const PermissionUpdateInput = builder.inputType('PermissionUpdateInput', {
  description: 'What to change of a permission. What is left out stays.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name of the permission.' }),
    description: t.string({
      description: 'What it opens, up to 500 characters. Null clears it.',
    }),
  }),
});

const PermissionDeleteInput = builder.inputType('PermissionDeleteInput', {
  description: 'Which permission to delete.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name of the permission.' }),
  }),
});

function permissionPayload(act: string) {
  return builder.objectRef<Named>(`${act}Payload`).implement({
    description: `What ${act} changed.`,
    fields: (t) => ({
      permission: t.field({
        type: PermissionType,
        description: 'The permission as it is now. Null for those who may not see it.',
        resolve: async ({ name }, _args, { principal, loaders }) =>
          can(principal, 'environment:read')
            ? ((await loaders.environment.permissions()).find((found) => found.name === name) ??
              null)
            : null,
      }),
    }),
  });
}

const PermissionDeletePayload = builder.objectRef<Named>('PermissionDeletePayload').implement({
  description: 'What PermissionDelete deleted.',
  fields: (t) => ({
    deletedPermissionName: t.exposeString('name', {
      nullable: false,
      description: 'The name that the permission had.',
    }),
  }),
});

mutation('permissionCreate', {
  description:
    'Adds a permission of the application, for roles and keys to name. Requires environment:update.',
  input: PermissionCreateInput,
  payload: permissionPayload('PermissionCreate'),
  errors: [DuplicateError],
  resolve: (input, { permissions }) => permissions.create(input),
});

mutation('permissionUpdate', {
  description:
    'Changes the description of a permission of the application. Requires environment:update.',
  input: PermissionUpdateInput,
  payload: permissionPayload('PermissionUpdate'),
  resolve: (input, { permissions }) => permissions.update(input),
});

mutation('permissionDelete', {
  description:
    'Deletes a permission of the application that no role and no key names. Requires environment:update.',
  input: PermissionDeleteInput,
  payload: PermissionDeletePayload,
  errors: [PermissionInUseError],
  resolve: (input, { permissions }) => permissions.delete(input),
});
