/** The mutations of memberships: every part of their inputs, and who may. */
import type { Names } from './names.ts';
import { sees } from './rule.ts';
import {
  type Case,
  type Given,
  grants,
  MEMBER,
  needs,
  needsOfAll,
  needsOwner,
  org,
  verdict,
} from './verdict.ts';

const member = sees.membership;

const mia = ({ names }: Given) => ({ membershipId: names.mia.mbr });
const boss = ({ names }: Given) => ({ membershipId: names.boss.mbr });
const aboutBoss = ({ boss: { email } }: Names) => email;

/** The acts on one membership, each on a member and on an owner. */
const moves = (
  [
    [
      'membershipSuspend',
      'membership:suspend',
      { reason: 'Why', until: '2100-01-01T00:00:00.000Z' },
    ],
    ['membershipReinstate', 'membership:suspend', { reason: 'Why' }],
    ['membershipRemove', 'membership:remove', { reason: 'Why', revokeInvitations: true }],
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

export const ofMemberships: Case[] = [
  // Before the moves, by which an owner who comes back is none.
  {
    name: 'ownershipTransfer',
    input: ({ names, others }) => ({
      fromMembershipId: names.boss.mbr,
      toMembershipId: others.mia.mbr,
    }),
    verdict: verdict(needs('organization:delete', member), needsOwner),
    about: aboutBoss,
  },
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
    name: 'membershipLeave',
    input: (given) => ({ ...mia(given), reason: 'Why' }),
    // Nobody leaves for somebody else, whatever they hold.
    verdict: verdict(needs('membership:remove', member), () => 'FORBIDDEN'),
  },
  {
    name: 'membershipLeave, of their own',
    input: ({ caller, names }) => ({ membershipId: caller.own[names.tenant ?? 'A']?.id }),
    isFor: ({ own }, { tenant }) => tenant !== undefined && own[tenant] !== undefined,
    // However they signed in: nobody is kept.
    verdict: ({ own }, { tenant = 'A' }) =>
      own[tenant]?.isActive === true ? 'done' : 'INVALID_TRANSITION',
    about: (_, { email }) => email ?? '',
  },
  ...[
    { name: 'membershipLeave, beyond the sign-in', more: {} },
    { name: 'membershipUpdate, beyond the sign-in', more: { name: 'New' } },
  ].map(
    ({ name, more }): Case => ({
      name,
      input: ({ caller, names }) => ({
        membershipId: caller.beyond[names.tenant ?? 'A'],
        ...more,
      }),
      isFor: ({ beyond }, { tenant }) => tenant !== undefined && beyond[tenant] !== undefined,
      verdict: () => 'NOT_FOUND',
    }),
  ),
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
];
