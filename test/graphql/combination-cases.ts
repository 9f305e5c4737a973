/** Every mutation, with what comes of it in each combination of identity model and memberships per user. */
import { invitationCases } from './combination-invitation-cases.ts';
import { ownCases } from './combination-own-cases.ts';
import {
  add,
  addressOf,
  type Case,
  change,
  create,
  type Expected,
  MANY_ONLY,
  userOf,
} from './combination-world.ts';

const SHARED_ONLY: Expected = ['done', 'done', 'WRONG_IDENTITY_MODEL', 'WRONG_IDENTITY_MODEL'];
const ISOLATED_ONLY: Expected = ['WRONG_IDENTITY_MODEL', 'WRONG_IDENTITY_MODEL', 'done', 'done'];

/** In order: each case finds what those before it left. */
export const cases: Case[] = [
  ...ownCases,
  [
    'organizationCreate',
    'done',
    create('organizationCreate', 'organization', 'A', { displayName: 'A' }),
  ],
  [
    'organizationCreate, the second',
    'done',
    create('organizationCreate', 'organization', 'B', { displayName: 'B' }),
  ],
  [
    'organizationUpdate',
    'done',
    (world) =>
      world.send('organizationUpdate', { organization: { id: world.ids.A }, displayName: 'Alpha' }),
  ],
  ['userCreate', 'done', create('userCreate', 'user', 'zoe', { email: 'zoe@example.com' })],
  [
    'userCreate with a profile',
    SHARED_ONLY,
    (world) => world.send('userCreate', { email: 'p@example.com', profile: { name: 'P' } }),
  ],
  [
    'userCreate with a verified address',
    SHARED_ONLY,
    (world) => world.send('userCreate', { email: 'v@example.com', emailVerified: true }),
  ],
  [
    'userUpdate of the profile',
    SHARED_ONLY,
    (world) => world.send('userUpdate', { user: { id: world.ids.zoe }, profile: { name: 'Zoe' } }),
  ],
  [
    'userUpdate of the address',
    SHARED_ONLY,
    (world) => world.send('userUpdate', { user: { id: world.ids.zoe }, email: 'zoe2@example.com' }),
  ],
  [
    'userUpdate of metadata',
    'done',
    (world) =>
      world.send('userUpdate', { user: { id: world.ids.zoe }, untrustedMetadata: { a: 1 } }),
  ],
  [
    'identityLink',
    'done',
    (world) =>
      world.send('identityLink', { userId: world.ids.zoe, issuer: 'https://i', subject: 's' }),
  ],
  [
    'identityUnlink',
    'done',
    (world) =>
      world.send('identityUnlink', { userId: world.ids.zoe, issuer: 'https://i', subject: 's' }),
  ],
  [
    'permissionCreate',
    'done',
    (world) => world.send('permissionCreate', { name: 'invoice:approve' }),
  ],
  [
    'permissionUpdate',
    'done',
    (world) => world.send('permissionUpdate', { name: 'invoice:approve', description: 'Approve.' }),
  ],
  [
    'roleCreate',
    'done',
    create('roleCreate', 'role', 'approver', (world) => ({
      organizationId: world.ids.A,
      key: 'approver',
      displayName: 'Approver',
      permissions: ['invoice:approve'],
    })),
  ],
  [
    'roleUpdate',
    'done',
    (world) => world.send('roleUpdate', { roleId: world.ids.approver, displayName: 'Approves' }),
  ],
  [
    'apiKeyCreate',
    'done',
    create('apiKeyCreate', 'apiKey', 'key', { name: 'Key', permissions: ['environment:read'] }),
  ],
  ['apiKeyRevoke', 'done', (world) => world.send('apiKeyRevoke', { apiKeyId: world.ids.key })],
  [
    'membershipCreate',
    'done',
    add('A', 'ann@example.com', 'ann', { roleKeys: ['owner'], name: 'Ann of A' }),
  ],
  ['membershipCreate, somebody else', 'done', add('A', 'bob@example.com', 'bob')],
  ['membershipCreate, once more', 'ALREADY_MEMBER', add('A', 'BOB@example.com', 'nobody')],
  ['membershipCreate in a second organization', MANY_ONLY, add('B', 'bob@example.com', 'bob in B')],
  [
    'environmentUpdate to the same',
    'done',
    (world) => world.send('environmentUpdate', { organizationCreation: 'KEYS_ONLY' }),
  ],
  [
    'environmentUpdate of the model',
    'MEMBERSHIPS_EXIST',
    async (world) => {
      const { data } = await world.ask<{ environment: { identityModel: string } }>(
        '{ environment { identityModel } }',
      );
      const other = data?.environment.identityModel === 'SHARED' ? 'ISOLATED' : 'SHARED';
      return world.send('environmentUpdate', { identityModel: other });
    },
  ],
  [
    'environmentUpdate of the cardinality',
    'MEMBERSHIPS_EXIST',
    async (world) => {
      const { data } = await world.ask<{ environment: { membershipsPerUser: string } }>(
        '{ environment { membershipsPerUser } }',
      );
      const other = data?.environment.membershipsPerUser === 'MANY' ? 'ONE' : 'MANY';
      return world.send('environmentUpdate', { membershipsPerUser: other });
    },
  ],
  ['membershipUpdate of the name', 'done', change('membershipUpdate', 'bob', { name: 'Bob of A' })],
  [
    'membershipUpdate of metadata',
    'done',
    change('membershipUpdate', 'bob', { metadata: { plan: 'x' } }),
  ],
  [
    'membershipUpdate of the profile',
    ISOLATED_ONLY,
    change('membershipUpdate', 'bob', { profile: { givenName: 'Bob' } }),
  ],
  [
    'membershipUpdate of the address',
    ISOLATED_ONLY,
    change('membershipUpdate', 'bob', { emailAddress: 'bob2@example.com' }),
  ],
  [
    'membershipUpdate to an address of the organization',
    ['WRONG_IDENTITY_MODEL', 'WRONG_IDENTITY_MODEL', 'DUPLICATE_EMAIL', 'DUPLICATE_EMAIL'],
    change('membershipUpdate', 'bob', { emailAddress: 'ann@example.com' }),
  ],
  ['membershipCreate of somebody for B', 'done', add('B', 'carl@example.com', 'carl')],
  [
    'membershipUpdate to an address of another organization',
    ['WRONG_IDENTITY_MODEL', 'WRONG_IDENTITY_MODEL', 'done', 'SINGLE_MEMBERSHIP'],
    change('membershipUpdate', 'bob', { emailAddress: 'carl@example.com' }),
  ],
  [
    'membershipRoleAssign',
    'done',
    change('membershipRoleAssign', 'bob', { roleKeys: ['admin', 'approver'] }),
  ],
  [
    'membershipRoleUnassign',
    'done',
    change('membershipRoleUnassign', 'bob', { roleKeys: ['admin'] }),
  ],
  ['membershipSuspend', 'done', change('membershipSuspend', 'bob')],
  ['membershipReinstate', 'done', change('membershipReinstate', 'bob')],
  ['membershipRemove', 'done', change('membershipRemove', 'bob')],
  ['membershipReactivate', 'done', change('membershipReactivate', 'bob')],
  ['membershipCreate of somebody who leaves', 'done', add('A', 'dan@example.com', 'dan')],
  ['membershipRemove, so that they can go elsewhere', 'done', change('membershipRemove', 'dan')],
  [
    'membershipCreate of who was removed elsewhere',
    'done',
    add('B', 'dan@example.com', 'dan in B'),
  ],
  [
    'membershipReactivate of who belongs elsewhere now',
    MANY_ONLY,
    change('membershipReactivate', 'dan'),
  ],
  ['membershipSuspend does not free a person', 'done', change('membershipSuspend', 'carl')],
  [
    'membershipCreate of who is suspended elsewhere',
    ['done', 'SINGLE_MEMBERSHIP', 'ALREADY_MEMBER', 'SINGLE_MEMBERSHIP'],
    add('A', 'carl@example.com', 'carl in A'),
  ],
  [
    'ownershipTransfer',
    'done',
    (world) =>
      world.send('ownershipTransfer', {
        fromMembershipId: world.ids.ann,
        toMembershipId: world.ids.bob,
      }),
  ],
  [
    'organizationCreate for an owner who belongs elsewhere',
    MANY_ONLY,
    (world) =>
      world.send('organizationCreate', { displayName: 'C', ownerEmail: 'ann@example.com' }),
  ],
  [
    'membershipRoleAssign, once more',
    'done',
    change('membershipRoleAssign', 'bob', { roleKeys: ['approver'] }),
  ],
  ...invitationCases,
  [
    'roleDelete',
    'ROLE_IN_USE',
    (world) => world.send('roleDelete', { roleId: world.ids.approver }),
  ],
  [
    'membershipDelete of the last owner',
    'LAST_OWNER',
    async (world) =>
      world.send('membershipDelete', {
        membershipId: world.ids.bob,
        confirmEmail: await addressOf(world, 'bob'),
      }),
  ],
  [
    'membershipDelete',
    'done',
    (world) =>
      world.send('membershipDelete', {
        membershipId: world.ids.ann,
        confirmEmail: 'ann@example.com',
      }),
  ],
  [
    'roleDelete with another in its place',
    'done',
    async (world) => {
      const { data } = await world.ask<{ environment: { roles: { id: string; key: string }[] } }>(
        '{ environment { roles { id key } } }',
      );
      const member = data?.environment.roles.find(({ key }) => key === 'member');
      return world.send('roleDelete', { roleId: world.ids.approver, reassignToRoleId: member?.id });
    },
  ],
  [
    'permissionDelete',
    'done',
    (world) => world.send('permissionDelete', { name: 'invoice:approve' }),
  ],
  [
    'userDelete of the last owner',
    'LAST_OWNER',
    async (world) =>
      world.send('userDelete', {
        userId: await userOf(world, 'bob'),
        confirmEmail: await addressOf(world, 'bob'),
      }),
  ],
  [
    'userDelete',
    'done',
    async (world) =>
      world.send('userDelete', {
        userId: await userOf(world, 'dan in B'),
        confirmEmail: 'dan@example.com',
      }),
  ],
  [
    'organizationDelete',
    'done',
    (world) => world.send('organizationDelete', { organizationId: world.ids.A, confirmSlug: 'a' }),
  ],
];
