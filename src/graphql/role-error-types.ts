/** What changes of roles and permissions can refuse. */
import {
  PermissionInUseError,
  RoleCycleError,
  RoleInUseError,
  RoleTooHighError,
} from '../domain/errors.ts';
import { builder } from './builder.ts';
import { interfaces } from './error-interface.ts';

builder.objectType(RoleTooHighError, {
  name: 'RoleTooHighError',
  description: 'Nobody grants what they do not hold.',
  interfaces,
  fields: (t) => ({
    permissions: t.exposeStringList('permissions', {
      nullable: false,
      description: 'The permissions and wildcards that the caller lacks.',
    }),
  }),
});

builder.objectType(RoleInUseError, {
  name: 'RoleInUseError',
  description: 'The role is in use, and nothing was named to take its place.',
  interfaces,
  fields: (t) => ({
    memberships: t.int({
      nullable: false,
      description: 'How many memberships hold it.',
      resolve: ({ use }) => use.memberships,
    }),
    invitations: t.int({
      nullable: false,
      description: 'How many open invitations offer it.',
      resolve: ({ use }) => use.invitations,
    }),
    roles: t.int({
      nullable: false,
      description: 'How many roles extend it.',
      resolve: ({ use }) => use.roles,
    }),
    defaults: t.int({
      nullable: false,
      description: 'For how many organizations, and the environment, it is a default.',
      resolve: ({ use }) => use.defaults,
    }),
  }),
});

builder.objectType(RoleCycleError, {
  name: 'RoleCycleError',
  description: 'The role would extend itself.',
  interfaces,
});

builder.objectType(PermissionInUseError, {
  name: 'PermissionInUseError',
  description: 'Roles or keys name the permission.',
  interfaces,
  fields: (t) => ({
    roles: t.exposeInt('roles', { nullable: false, description: 'How many roles.' }),
    apiKeys: t.exposeInt('apiKeys', { nullable: false, description: 'How many keys.' }),
  }),
});
