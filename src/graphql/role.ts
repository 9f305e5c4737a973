/** Roles, permissions and role assignments. */
import type { Permission } from '../db/generated/prisma/client.ts';
import { seesOrganization } from '../domain/visibility.ts';
import type { AssignmentRow } from '../loaders/membership.ts';
import { Actor, actorOf } from './actor.ts';
import { builder } from './builder.ts';
import { ifSeen } from './guard.ts';
import { Organization, Role } from './nodes.ts';

builder.prismaObjectFields(Role, (t) => ({
  key: t.exposeString('key', {
    nullable: false,
    description: 'What code calls the role, unique in its scope, for example admin.',
  }),
  displayName: t.exposeString('displayName', {
    nullable: false,
    description: 'What people call the role.',
  }),
  description: t.exposeString('description', {
    description: 'What the role is for. Null when nobody wrote it down.',
  }),
  organization: t.field({
    type: Organization,
    description:
      'The organization whose role it is. Null for a role of the environment, and for those who may not see it.',
    resolve: async ({ organizationId }, _args, { principal, loaders }) =>
      organizationId === null
        ? null
        : ifSeen(principal, seesOrganization, await loaders.organizations.byId(organizationId)),
  }),
  extends: t.field({
    type: Role,
    description: 'The role whose permissions it inherits. Null when it inherits none.',
    resolve: (role, _args, { loaders }) =>
      role.extendsRoleId === null ? null : loaders.roles.byId(role.extendsRoleId),
  }),
  permissions: t.exposeStringList('permissions', {
    nullable: false,
    description: 'The permissions and wildcards that it adds to those it inherits.',
  }),
  effectivePermissions: t.stringList({
    nullable: false,
    description:
      'All permissions and wildcards that it gives, inherited ones included. Owners and admins hold everything of the application.',
    resolve: (role, _args, { loaders }) => loaders.roles.effectivePermissionsOf(role.id),
  }),
  isBuiltIn: t.exposeBoolean('isBuiltIn', {
    nullable: false,
    description: 'Whether it is one of the roles that come with Gatehouse and cannot be changed.',
  }),
  version: t.exposeInt('version', {
    nullable: false,
    description: 'Grows with every change, for expectedVersion.',
  }),
}));

export const PermissionType = builder.objectRef<Permission>('Permission').implement({
  description: 'Something that can be permitted: Gatehouse’s own or the application’s.',
  fields: (t) => ({
    name: t.exposeString('name', {
      nullable: false,
      description: 'The name, resource:action, for example invoice:approve.',
    }),
    description: t.exposeString('description', {
      description: 'What it opens. Null when nobody wrote it down.',
    }),
    isBuiltIn: t.exposeBoolean('isBuiltIn', {
      nullable: false,
      description: 'Whether it is one of Gatehouse’s own.',
    }),
  }),
});

export const RoleSource = builder.enumType('RoleSource', {
  description: 'How a membership came to a role.',
  values: {
    DIRECT: { description: 'Somebody assigned it.' },
    DEFAULT: { description: 'Everybody who joins without another role gets it.' },
    INVITATION: { description: 'The invitation offered it.' },
    EMAIL_DOMAIN: { description: 'It came with the domain of the address.' },
    SSO_CONNECTION: { description: 'It came with the single sign-on.' },
    GROUP: { description: 'It came with a group of the directory.' },
  },
});

export const RoleAssignment = builder.objectRef<AssignmentRow>('RoleAssignment').implement({
  description: 'A role that a membership holds, from one source.',
  fields: (t) => ({
    role: t.field({
      type: Role,
      nullable: false,
      description: 'The role.',
      resolve: (assignment) => assignment,
    }),
    source: t.field({
      type: RoleSource,
      nullable: false,
      description: 'How the membership came to it.',
      resolve: (assignment) => assignment.source,
    }),
    grantedBy: t.field({
      type: Actor,
      description: 'Who granted it. Null when that is hidden or erased.',
      resolve: (assignment, _args, context) =>
        actorOf(context, assignment.grantedByKind, assignment.grantedById),
    }),
    grantedAt: t.expose('grantedAt', {
      type: 'DateTime',
      nullable: false,
      description: 'When it was granted.',
    }),
  }),
});
