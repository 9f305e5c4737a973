/** The mutations of the environment, of roles and of keys: every part of their inputs, and who may. */
import { sees } from './rule.ts';
import { type Case, grants, MEMBER, needs, needsOfAll, verdict } from './verdict.ts';

const organization = sees.organization;
const environment = verdict(needsOfAll('environment:update'));
const roleOfOrganization = verdict(needs('role:manage', sees.ownRole));
const roleOfEnvironment = verdict(needs('environment:update', sees.sharedRole));
const applicationPermission = verdict(needs('environment:update', sees.environment));

export const ofEnvironment: Case[] = [
  {
    name: 'environmentUpdate',
    input: ({ shared }) => ({
      organizationLabel: { singular: 'Team', plural: 'Teams' },
      organizationCreation: 'ANYONE',
      invitationLifetime: 400,
      creatorRoleId: shared.role,
      memberRoleId: shared.role,
    }),
    verdict: environment,
    isOfEnvironment: true,
  },
  {
    name: 'environmentUpdate, of what members make impossible',
    input: () => ({ identityModel: 'ISOLATED', membershipsPerUser: 'ONE' }),
    verdict: environment,
    isOfEnvironment: true,
  },
  {
    name: 'permissionCreate',
    input: ({ fresh }) => ({ name: `thing${fresh}:do`, description: 'New.' }),
    verdict: environment,
    isOfEnvironment: true,
  },
  {
    name: 'permissionUpdate',
    input: ({ shared }) => ({ name: shared.permission, description: 'New.' }),
    verdict: applicationPermission,
    isOfEnvironment: true,
  },
  {
    name: 'permissionDelete',
    input: ({ shared }) => ({ name: shared.permission }),
    verdict: applicationPermission,
    isOfEnvironment: true,
  },
  {
    name: 'roleCreate',
    input: ({ fresh }) => ({ key: fresh, displayName: 'New', permissions: [], description: 'New' }),
    verdict: environment,
    isOfEnvironment: true,
  },
  {
    name: 'roleCreate, of an organization',
    input: ({ names, fresh }) => ({
      organizationId: names.org,
      key: fresh,
      displayName: 'New',
      permissions: [],
    }),
    verdict: verdict(needs('role:manage', organization)),
  },
  {
    name: 'roleCreate, that gives',
    input: ({ names, others, fresh }) => ({
      organizationId: names.org,
      key: fresh,
      displayName: 'New',
      extendsRoleId: others.role,
      permissions: ['organization:delete'],
    }),
    verdict: verdict(
      needs('role:manage', organization),
      grants(['organization:delete', ...MEMBER]),
    ),
  },
  {
    name: 'roleUpdate',
    input: ({ names }) => ({ roleId: names.role, displayName: 'New', description: 'New' }),
    verdict: roleOfOrganization,
  },
  {
    name: 'roleUpdate, to what it gives',
    input: ({ names, shared }) => ({
      roleId: names.role,
      extendsRoleId: shared.role,
      permissions: ['organization:delete'],
    }),
    verdict: verdict(needs('role:manage', sees.ownRole), grants(['organization:delete'])),
  },
  {
    name: 'roleUpdate, of the environment',
    input: ({ shared }) => ({ roleId: shared.role, displayName: 'New' }),
    verdict: roleOfEnvironment,
    isOfEnvironment: true,
  },
  {
    name: 'roleDelete',
    input: ({ names, shared }) => ({ roleId: names.role, reassignToRoleId: shared.role }),
    verdict: roleOfOrganization,
  },
  {
    name: 'roleDelete, of the environment',
    input: ({ shared }) => ({ roleId: shared.role }),
    verdict: roleOfEnvironment,
    isOfEnvironment: true,
  },
  {
    name: 'apiKeyCreate',
    input: () => ({ name: 'New', permissions: ['*:*'], expiresAt: '2100-01-01T00:00:00.000Z' }),
    verdict: (caller, thing) =>
      environment(caller, thing) === 'done' && caller.holds.environment.length < 24
        ? 'ROLE_TOO_HIGH'
        : environment(caller, thing),
    isOfEnvironment: true,
  },
  {
    name: 'apiKeyCreate, of an organization',
    input: ({ names }) => ({
      organizationId: names.org,
      name: 'New',
      permissions: ['apikey:manage'],
    }),
    verdict: verdict(needs('apikey:manage', organization)),
  },
  {
    name: 'apiKeyCreate, that may more',
    input: ({ names }) => ({
      organizationId: names.org,
      name: 'New',
      permissions: ['organization:delete'],
    }),
    verdict: verdict(needs('apikey:manage', organization), grants(['organization:delete'])),
  },
  {
    name: 'apiKeyRevoke',
    input: ({ shared }) => ({ apiKeyId: shared.key }),
    verdict: verdict(needs('environment:update', sees.sharedKey)),
    isOfEnvironment: true,
  },
  {
    name: 'apiKeyRevoke, of an organization',
    input: ({ names }) => ({ apiKeyId: names.key }),
    verdict: verdict(needs('apikey:manage', sees.ownKey)),
  },
];
