/** The environment: the deployment's own settings. */
import type { Environment } from '../db/generated/prisma/client.ts';
import { NIL_UUID } from '../domain/id.ts';
import { can } from '../domain/permission.ts';
import { ApiKeyConnection, apiKeyOrder } from './api-key.ts';
import { builder } from './builder.ts';
import { connectionOf, pageArguments, readPage } from './connection.ts';
import type { Context } from './context.ts';
import { Role } from './nodes.ts';
import { PermissionType } from './role.ts';

export const IdentityModel = builder.enumType('IdentityModel', {
  description: 'Where personal data hangs.',
  values: {
    SHARED: { description: 'On the user: one profile for all organizations.' },
    ISOLATED: { description: 'On the membership: each organization has its own profile.' },
  },
});

export const MembershipsPerUser = builder.enumType('MembershipsPerUser', {
  description: 'In how many organizations a person may be at once.',
  values: {
    MANY: { description: 'In any number.' },
    ONE: { description: 'In one; invitations to others can be open.' },
  },
});

export const OrganizationCreation = builder.enumType('OrganizationCreation', {
  description: 'Who may create organizations.',
  values: {
    ANYONE: { description: 'Everybody who signs in, becoming its owner.' },
    KEYS_ONLY: { description: 'Only API keys.' },
  },
});

const OrganizationLabel = builder.objectRef<Environment>('OrganizationLabel').implement({
  description: 'What the product calls its organizations, for example Workspace and Workspaces.',
  fields: (t) => ({
    singular: t.exposeString('organizationLabelSingular', {
      nullable: false,
      description: 'What one is called.',
    }),
    plural: t.exposeString('organizationLabelPlural', {
      nullable: false,
      description: 'What several are called.',
    }),
  }),
});

async function roleOf(id: string, { loaders }: Context) {
  const role = await loaders.roles.byId(id);
  if (role === null) {
    throw new Error('A role of the environment is missing.');
  }
  return role;
}

export const EnvironmentType = builder.prismaObject('Environment', {
  description: 'The deployment. There is one.',
  fields: (t) => ({
    identityModel: t.expose('identityModel', {
      type: IdentityModel,
      nullable: false,
      description: 'Where personal data hangs.',
    }),
    membershipsPerUser: t.expose('membershipsPerUser', {
      type: MembershipsPerUser,
      nullable: false,
      description: 'In how many organizations a person may be at once.',
    }),
    organizationLabel: t.field({
      type: OrganizationLabel,
      nullable: false,
      description: 'What the product calls its organizations.',
      resolve: (environment) => environment,
    }),
    organizationCreation: t.expose('organizationCreation', {
      type: OrganizationCreation,
      nullable: false,
      description: 'Who may create organizations.',
    }),
    invitationLifetime: t.exposeInt('invitationLifetime', {
      nullable: false,
      description: 'How long an invitation can be answered, in seconds: 300 to 2592000.',
    }),
    creatorRole: t.field({
      type: Role,
      nullable: false,
      description: 'The role of whoever creates an organization.',
      resolve: (environment, _args, context) => roleOf(environment.creatorRoleId, context),
    }),
    memberRole: t.field({
      type: Role,
      nullable: false,
      description: 'The role of whoever joins an organization without another.',
      resolve: (environment, _args, context) => roleOf(environment.memberRoleId, context),
    }),
    roles: t.field({
      type: [Role],
      nullable: false,
      description: 'The roles that every organization may assign.',
      resolve: (_environment, _args, { loaders }) => loaders.roles.ofEnvironment(),
    }),
    permissions: t.field({
      type: [PermissionType],
      nullable: false,
      description: 'The permissions that roles and keys may name.',
      resolve: (_environment, _args, { loaders }) => loaders.environment.permissions(),
    }),
    version: t.exposeInt('version', {
      nullable: false,
      description: 'Grows with every change, for expectedVersion.',
    }),
    apiKeys: t.field({
      type: ApiKeyConnection,
      args: { ...pageArguments },
      description: 'The keys of the environment, oldest first. Requires environment:read.',
      resolve: (_environment, args, { loaders }) =>
        connectionOf(loaders.apiKeysOf(NIL_UUID, readPage(args, apiKeyOrder)), apiKeyOrder),
    }),
  }),
});

builder.queryField('environment', (t) =>
  t.field({
    type: EnvironmentType,
    description: 'The deployment. Null for those who may not see it. Requires environment:read.',
    resolve: (_root, _args, { principal, loaders }) =>
      can(principal, 'environment:read') ? loaders.environment.get() : null,
  }),
);
