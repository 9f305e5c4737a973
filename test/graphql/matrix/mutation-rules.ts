/** Every mutation with every part of its input, and who may: one entry for a new one, by the design's table of rights. */
import { type Caller, OF_ENVIRONMENT, type Permission } from './callers.ts';
import type { Names } from './names.ts';
import { type Rule, sees, type Thing } from './rule.ts';
import type { Shared } from './world.ts';

/** What an input is made of. */
export type Given = {
  names: Names;
  /** Names of what the input refers to besides, which could be another organization's. */
  others: Names;
  shared: Shared;
  caller: Caller;
  /** Text that no other input has. */
  fresh: string;
};

/** What comes of it: `done`, be it that the domain refuses it, or the code of the refusal. */
export type Verdict = (caller: Caller, thing: Thing) => string;

export type Case = {
  /** The mutation, and, after a comma, what is particular. */
  name: string;
  input(given: Given): object;
  verdict: Verdict;
  /** Left out: every caller, with each organization. */
  isFor?(caller: Caller, names: Names): boolean;
  /** Whom it is about: Mia, if nobody else. */
  about?(names: Names): string;
  /** It is about nothing of an organization. */
  isOfEnvironment?: true;
};

type Step = (caller: Caller, thing: Thing) => string | null;

/** What keeps somebody who lacks a permission: the thing is not there, or the sign-in, or the permission. */
const needs =
  (permission: Permission, isSeen?: Rule): Step =>
  (caller, thing) => {
    const isOfEnvironment = OF_ENVIRONMENT.some((name) => name === permission);
    const where = isOfEnvironment ? 'environment' : (thing.tenant ?? 'environment');
    if (caller.holds[where].includes(permission)) {
      return null;
    }
    return isSeen !== undefined && !isSeen(caller, thing)
      ? 'NOT_FOUND'
      : ((thing.tenant && caller.refused[thing.tenant]) ?? 'FORBIDDEN');
  };

const needsOfAll =
  (permission: Permission, otherwise = 'FORBIDDEN'): Step =>
  ({ holds }) =>
    holds.environment.includes(permission) ? null : otherwise;

const needsOwner: Step = ({ mayTouchOwners }, { tenant }) =>
  tenant !== undefined && mayTouchOwners.includes(tenant) ? null : 'FORBIDDEN';

/** Nobody grants what they do not hold. */
const grants =
  (permissions: readonly Permission[]): Step =>
  ({ holds }, { tenant }) =>
    permissions.every((name) => holds[tenant ?? 'environment'].includes(name))
      ? null
      : 'ROLE_TOO_HIGH';

const verdict =
  (...steps: Step[]): Verdict =>
  (caller, thing) => {
    for (const step of steps) {
      const refusal = step(caller, thing);
      if (refusal !== null) {
        return refusal;
      }
    }
    return 'done';
  };

const member = sees.membership;
const MEMBER: readonly Permission[] = ['organization:read', 'membership:read', 'role:read'];

const mia = ({ names }: Given) => ({ membershipId: names.mia.mbr });
const boss = ({ names }: Given) => ({ membershipId: names.boss.mbr });
const aboutBoss = ({ boss: { email } }: Names) => email;
const org = ({ names }: Given) => ({ organization: { id: names.org } });

/** The acts on one membership, each on a member and on an owner. */
const moves = (
  [
    [
      'membershipSuspend',
      'membership:suspend',
      { reason: 'Why', until: '2100-01-01T00:00:00.000Z' },
    ],
    ['membershipReinstate', 'membership:suspend', { reason: 'Why' }],
    ['membershipRemove', 'membership:remove', { reason: 'Why' }],
    ['membershipReactivate', 'membership:remove', { reason: 'Why' }],
    ['membershipUpdate', 'membership:update', { name: 'New', untrustedMetadata: { a: 1 } }],
    ['membershipRoleAssign', 'role:assign', { roleKeys: ['member'] }],
    ['membershipRoleUnassign', 'role:assign', { roleKeys: ['member'] }],
  ] as const
).flatMap(([name, permission, rest]): Case[] => [
  {
    name,
    input: (given) => ({ ...mia(given), ...rest }),
    verdict: verdict(needs(permission, member)),
  },
  {
    name: `${name}, of an owner`,
    input: (given) => ({ ...boss(given), ...rest }),
    verdict: verdict(needs(permission, member), needsOwner),
    about: aboutBoss,
  },
]);

const ofMemberships: Case[] = [
  ...moves,
  {
    name: 'membershipCreate',
    input: (given) => ({
      ...org(given),
      user: { email: `${given.fresh}@new.example` },
      name: 'New',
      untrustedMetadata: { a: 1 },
      joinedAt: '2026-01-01T00:00:00.000Z',
    }),
    verdict: verdict(needs('membership:create', sees.organization)),
  },
  {
    name: 'membershipCreate, with roles',
    input: (given) => ({
      organization: { slug: given.names.slug },
      user: { email: `${given.fresh}@new.example` },
      roleKeys: ['owner'],
    }),
    verdict: verdict(
      needs('membership:create', sees.organization),
      grants(['organization:delete', 'apikey:manage']),
    ),
  },
  {
    name: 'membershipCreate, with roles by id of a user by id',
    input: ({ names, others }) => ({
      organization: { externalId: names.externalId },
      user: { id: others.mia.usr },
      roleIds: [others.role],
    }),
    verdict: verdict(needs('membership:create', sees.organization), grants(MEMBER)),
  },
  {
    name: 'membershipCreate, of a user by external id',
    input: (given) => ({ ...org(given), user: { externalId: given.others.ada.userExternalId } }),
    verdict: verdict(
      needs('membership:create', sees.organization),
      needsOfAll('user:read', 'NOT_FOUND'),
    ),
  },
  ...[{ metadata: { a: 1 } }, { externalId: 'x' }].flatMap((trusted): Case[] => [
    {
      name: `membershipCreate, with ${Object.keys(trusted)}`,
      input: (given) => ({ ...org(given), user: { id: given.others.mia.usr }, ...trusted }),
      verdict: verdict(needs('membership:create', sees.organization), needsOfAll('trusted:write')),
    },
    {
      name: `membershipUpdate, of ${Object.keys(trusted)}`,
      input: (given) => ({ ...mia(given), ...trusted }),
      verdict: verdict(needs('membership:update', member), needsOfAll('trusted:write')),
    },
  ]),
  {
    name: 'membershipUpdate, of breakglass',
    input: (given) => ({ ...mia(given), isBreakglass: false }),
    verdict: verdict(needs('membership:update', member), needsOwner),
  },
  {
    name: 'membershipUpdate, of the address',
    input: (given) => ({ ...mia(given), emailAddress: given.others.ada.email }),
    verdict: verdict(needs('membership:update', member), needs('membership:readDetails', member)),
  },
  {
    name: 'membershipUpdate, of the profile',
    input: (given) => ({
      ...mia(given),
      profile: {
        givenName: 'New',
        familyName: 'New',
        locale: 'en',
        pictureUrl: 'https://x.example',
      },
    }),
    verdict: verdict(needs('membership:update', member)),
  },
  {
    name: 'membershipUpdate, of their own name',
    input: ({ caller, names }) => ({
      membershipId: caller.own[names.tenant ?? 'A']?.id,
      name: 'New',
      untrustedMetadata: { a: 1 },
    }),
    isFor: ({ own }, { tenant }) => tenant !== undefined && own[tenant] !== undefined,
    verdict: (caller, { tenant = 'A' }) =>
      caller.own[tenant]?.isActive === true && caller.refused[tenant] === undefined
        ? 'done'
        : (caller.refused[tenant] ?? 'FORBIDDEN'),
  },
  {
    name: 'membershipUpdate, of their own metadata',
    input: ({ caller, names }) => ({
      membershipId: caller.own[names.tenant ?? 'A']?.id,
      metadata: { a: 1 },
    }),
    isFor: ({ own }, { tenant }) => tenant !== undefined && own[tenant] !== undefined,
    verdict: verdict(
      needs('membership:update', () => true),
      needsOfAll('trusted:write'),
    ),
  },
  {
    name: 'membershipRemove, of their own',
    input: ({ caller, names }) => ({ membershipId: caller.own[names.tenant ?? 'A']?.id }),
    isFor: ({ own }, { tenant }) => tenant !== undefined && own[tenant] !== undefined,
    verdict: verdict(needs('membership:remove', () => true)),
  },
  {
    name: 'membershipRoleAssign, to themselves',
    input: ({ caller, names }) => ({
      membershipId: caller.own[names.tenant ?? 'A']?.id,
      roleKeys: ['admin'],
    }),
    isFor: ({ own }, { tenant }) => tenant !== undefined && own[tenant] !== undefined,
    verdict: verdict(
      needs('role:assign', () => true),
      grants(['apikey:manage', 'settings:update']),
    ),
  },
  {
    name: 'membershipDelete',
    input: (given) => ({ ...mia(given), confirmEmail: given.others.mia.email }),
    verdict: verdict(needs('membership:remove', member), needs('membership:readDetails', member)),
  },
  {
    name: 'membershipDelete, of an owner',
    input: (given) => ({ ...boss(given), confirmEmail: given.others.boss.email }),
    verdict: verdict(
      needs('membership:remove', member),
      needs('membership:readDetails', member),
      needsOwner,
    ),
    about: aboutBoss,
  },
  {
    name: 'membershipReactivate, with roles',
    input: ({ names }) => ({ membershipId: names.gone.mbr, roleKeys: ['owner'] }),
    verdict: verdict(
      needs('membership:remove', member),
      grants(['organization:delete', 'apikey:manage']),
    ),
    about: ({ gone }) => gone.email,
  },
  {
    name: 'membershipReactivate, with roles by id',
    input: ({ names, others }) => ({ membershipId: names.gone.mbr, roleIds: [others.role] }),
    verdict: verdict(needs('membership:remove', member), grants(MEMBER)),
    about: ({ gone }) => gone.email,
  },
  {
    name: 'membershipRoleAssign, of the owner role',
    input: (given) => ({ ...mia(given), roleKeys: ['owner'] }),
    verdict: verdict(
      needs('role:assign', member),
      grants(['organization:delete', 'apikey:manage']),
      needsOwner,
    ),
  },
  {
    name: 'membershipRoleAssign, by id',
    input: (given) => ({ ...mia(given), roleIds: [given.others.role] }),
    verdict: verdict(needs('role:assign', member), grants(MEMBER)),
  },
  {
    name: 'membershipRoleUnassign, by id',
    input: (given) => ({ ...mia(given), roleIds: [given.others.role] }),
    verdict: verdict(needs('role:assign', member)),
  },
  {
    name: 'ownershipTransfer',
    input: ({ names, others }) => ({
      fromMembershipId: names.boss.mbr,
      toMembershipId: others.mia.mbr,
    }),
    verdict: verdict(needs('organization:delete', member), needsOwner),
    about: aboutBoss,
  },
];

const organization = sees.organization;

const ofOrganizations: Case[] = [
  {
    name: 'organizationCreate',
    input: ({ fresh }) => ({
      displayName: fresh,
      slug: fresh,
      logoUrl: 'https://x.example',
      settings: { mfaPolicy: 'OPTIONAL' },
    }),
    verdict: ({ kind, isWhole, holds }) =>
      (kind === 'person' && isWhole) || holds.environment.includes('organization:create')
        ? 'done'
        : 'FORBIDDEN',
    isOfEnvironment: true,
  },
  {
    name: 'organizationCreate, for an owner',
    input: ({ fresh }) => ({ displayName: fresh, ownerEmail: `${fresh}@new.example` }),
    verdict: verdict(needsOfAll('organization:create')),
    isOfEnvironment: true,
  },
  ...[{ externalId: true }, { metadata: { a: 1 } }, { seatLimit: 9 }].flatMap((trusted): Case[] => [
    {
      name: `organizationCreate, with ${Object.keys(trusted)}`,
      input: ({ fresh }) => ({
        displayName: fresh,
        ...trusted,
        ...('externalId' in trusted && { externalId: fresh }),
      }),
      verdict: ({ kind, isWhole, holds }) =>
        ((kind === 'person' && isWhole) || holds.environment.includes('organization:create')) &&
        holds.environment.includes('trusted:write')
          ? 'done'
          : 'FORBIDDEN',
      isOfEnvironment: true,
    },
    {
      name: `organizationUpdate, of ${Object.keys(trusted)}`,
      input: (given) => ({
        ...org(given),
        ...trusted,
        ...('externalId' in trusted && { externalId: given.fresh }),
      }),
      verdict: verdict(needs('trusted:write', organization)),
    },
  ]),
  {
    name: 'organizationUpdate',
    input: (given) => ({ ...org(given), displayName: 'New', logoUrl: 'https://x.example/y' }),
    verdict: verdict(needs('organization:update', organization)),
  },
  {
    name: 'organizationUpdate, of the slug',
    input: ({ names, fresh }) => ({ organization: { slug: names.slug }, slug: fresh }),
    verdict: verdict(needs('organization:update', organization)),
  },
  {
    name: 'organizationUpdate, of settings',
    input: ({ names, others }) => ({
      organization: { externalId: names.externalId },
      settings: {
        allowedAuthMethods: ['GOOGLE', 'SSO'],
        allowedDomains: ['example.com'],
        authMethods: 'RESTRICTED',
        emailInvites: 'NOT_ALLOWED',
        emailJitProvisioning: 'NOT_ALLOWED',
        mfaPolicy: 'OPTIONAL',
        creatorRoleId: others.role,
        memberRoleId: others.role,
      },
    }),
    verdict: verdict(needs('settings:update', organization)),
  },
  {
    name: 'organizationDelete',
    input: ({ names, others }) => ({ organizationId: names.org, confirmSlug: others.slug }),
    verdict: verdict(needs('organization:delete', organization)),
  },
];

const update = (name: string, more: object, ...steps: Step[]): Case => ({
  name,
  input: ({ names }) => ({ user: { id: names.mia.usr }, ...more }),
  verdict: verdict(needsUser('user:update'), ...steps),
});

/** Users are of no organization: what is seen of them is. */
function needsUser(permission: Permission): Step {
  return (caller, thing) =>
    caller.holds.environment.includes(permission)
      ? null
      : sees.user(caller, thing)
        ? 'FORBIDDEN'
        : 'NOT_FOUND';
}

const ofUsers: Case[] = [
  {
    name: 'userCreate',
    input: ({ fresh }) => ({
      email: `${fresh}@new.example`,
      emailVerified: true,
      untrustedMetadata: { a: 1 },
      profile: { name: 'New' },
    }),
    verdict: verdict(needsOfAll('user:create')),
    isOfEnvironment: true,
  },
  {
    name: 'userCreate, with trusted fields',
    input: ({ fresh }) => ({
      email: `${fresh}@new.example`,
      externalId: fresh,
      metadata: { a: 1 },
    }),
    verdict: verdict(needsOfAll('user:create'), needsOfAll('trusted:write')),
    isOfEnvironment: true,
  },
  update('userUpdate', {
    profile: {
      name: 'N',
      givenName: 'N',
      familyName: 'N',
      locale: 'en',
      pictureUrl: 'https://x.example',
    },
    untrustedMetadata: { a: 1 },
  }),
  update('userUpdate, of the address', { email: 'new@new.example' }),
  update('userUpdate, of whether it is verified', { emailVerified: true }),
  update('userUpdate, of metadata', { metadata: { a: 1 } }, needsOfAll('trusted:write')),
  update('userUpdate, of the external id', { externalId: 'new' }, needsOfAll('trusted:write')),
  ...(['email', 'externalId'] as const).map(
    (by): Case => ({
      name: `userUpdate, by ${by}`,
      input: ({ names }) => ({
        user:
          by === 'email' ? { email: names.ada.email } : { externalId: names.ada.userExternalId },
        untrustedMetadata: { a: 1 },
      }),
      verdict: (caller) =>
        caller.holds.environment.includes('user:read')
          ? caller.holds.environment.includes('user:update')
            ? 'done'
            : 'FORBIDDEN'
          : caller.holds.environment.includes('user:update')
            ? 'FORBIDDEN'
            : 'NOT_FOUND',
    }),
  ),
  {
    name: 'userDelete',
    input: ({ names, others }) => ({ userId: names.mia.usr, confirmEmail: others.mia.email }),
    verdict: verdict(needsUser('user:delete'), needsOfAll('user:read')),
  },
  {
    name: 'identityLink',
    input: ({ names, fresh }) => ({
      userId: names.mia.usr,
      issuer: 'https://i.example',
      subject: fresh,
      email: 'x@new.example',
      authMethod: 'GOOGLE',
    }),
    verdict: verdict(needsUser('user:update')),
  },
  {
    name: 'identityUnlink',
    input: ({ names, others }) => ({ userId: names.ada.usr, ...others.account }),
    verdict: verdict(needsUser('user:update')),
    about: ({ ada }) => ada.email,
  },
];

const environment = verdict(needsOfAll('environment:update'));
const roleOfOrganization = verdict(needs('role:manage', sees.ownRole));
const roleOfEnvironment = verdict(needs('environment:update', sees.sharedRole));
const applicationPermission = verdict(needs('environment:update', sees.environment));

const ofEnvironment: Case[] = [
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

export const cases: Case[] = [...ofEnvironment, ...ofOrganizations, ...ofUsers, ...ofMemberships];
