import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh, join } from '../domain/world.ts';
import { mutate } from '../graphql/membership-moves.ts';
import { type Result, send } from '../graphql/role-world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';

let world: PeopleGateway;
let org: string;
/** TypeIDs of roles of the organization by what they give. */
let roles: Record<'approver' | 'deleter' | 'heir', string>;
/** Tokens: `manager` has a role with role:*, apikey:*, settings:update and what members have, and nothing else. */
let people: Record<'owner' | 'admin' | 'member' | 'manager', string>;
/** A member without a role to speak of. */
let somebody: string;
let ownMembership: string;

beforeAll(async () => {
  world = await createPeopleGateway();
  await send(world, 'permissionCreate', { name: 'invoice:approve' });
  await send(world, 'permissionCreate', { name: 'invoice:pay' });
  const id = await found(world);
  org = encodeId('org', id);
  const role = async (key: string, permissions: string[], extendsRoleId?: string) => {
    const input = { organizationId: org, key, displayName: key, permissions, extendsRoleId };
    const made = await send(world, 'roleCreate', input);
    return Reflect.get(Object(made.role), 'id') as string;
  };
  const approver = await role('approver', ['invoice:approve']);
  roles = {
    approver,
    deleter: await role('deleter', ['organization:delete']),
    heir: await role('heir', [], approver),
  };
  const own = ['role:read', 'role:assign', 'role:manage', 'apikey:manage', 'settings:update'];
  await role('manager', [...own, 'organization:read', 'membership:read']);
  const tokenFor = async (key: string) => {
    const { email } = await join(world, id, { roleKeys: [key] });
    return await world.tokenOf(email);
  };
  const manager = await join(world, id, { roleKeys: ['manager'] });
  ownMembership = encodeId('mbr', manager.membershipId);
  people = {
    manager: await world.tokenOf(manager.email),
    owner: await tokenFor('owner'),
    admin: await tokenFor('admin'),
    member: await tokenFor('member'),
  };
  somebody = encodeId('mbr', (await join(world, id)).membershipId);
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

const inOrganization = () => ({ organizationId: org, key: fresh('made'), displayName: 'Made' });

const update = async (settings: object, token: string): Promise<Result> => {
  const { data } = await world.ask<{ result: Result }>(
    `mutation ($input: OrganizationUpdateInput!) { result: organizationUpdate(input: $input) {
      __typename ... on Error { code } ... on RoleTooHighError { permissions } } }`,
    { input: { organization: { id: org }, settings } },
    token,
  );
  return data?.result ?? { __typename: 'nothing' };
};

const assign = (roleIds: string[], token: string, membershipId = somebody) =>
  mutate(
    world,
    'membershipRoleAssign',
    { membershipId, roleIds },
    token,
    '... on RoleTooHighError { permissions }',
  );

/** All ways to hand on invoice:approve. */
const ways: [what: string, grant: (token: string) => Promise<Result>][] = [
  ['a role to somebody', (token) => assign([roles.approver], token)],
  ['a role that inherits it', (token) => assign([roles.heir], token)],
  [
    'a new role',
    (token) =>
      send(world, 'roleCreate', { ...inOrganization(), permissions: ['invoice:approve'] }, token),
  ],
  [
    'a new role by inheritance',
    (token) =>
      send(
        world,
        'roleCreate',
        { ...inOrganization(), permissions: [], extendsRoleId: roles.approver },
        token,
      ),
  ],
  [
    'a role by a change',
    async (token) => {
      const roleId = await emptyRole();
      return send(world, 'roleUpdate', { roleId, permissions: ['invoice:approve'] }, token);
    },
  ],
  [
    'a role by another parent',
    async (token) => {
      const roleId = await emptyRole();
      return send(world, 'roleUpdate', { roleId, extendsRoleId: roles.approver }, token);
    },
  ],
  [
    'a key',
    (token) =>
      send(
        world,
        'apiKeyCreate',
        { name: 'A key', organizationId: org, permissions: ['invoice:approve'] },
        token,
      ),
  ],
  ['the default role', (token) => update({ memberRoleId: roles.approver }, token)],
  ['the creator’s role', (token) => update({ creatorRoleId: roles.heir }, token)],
];

async function emptyRole(): Promise<string> {
  const made = await send(world, 'roleCreate', { ...inOrganization(), permissions: [] });
  return Reflect.get(Object(made.role), 'id') as string;
}

const clearDefaults = () => update({ memberRoleId: null, creatorRoleId: null }, world.key);

describe('what the application permits is handed on as', () => {
  it.each(ways)('%s by owners and admins, and by nobody who does not hold it', async (_, grant) => {
    for (const token of [people.owner, people.admin]) {
      await clearDefaults();
      await mutate(world, 'membershipRoleUnassign', {
        membershipId: somebody,
        roleIds: [roles.approver, roles.heir],
      });
      expect((await grant(token)).__typename).toMatch(/Payload$/);
    }
    await clearDefaults();
    await mutate(world, 'membershipRoleUnassign', {
      membershipId: somebody,
      roleIds: [roles.approver, roles.heir],
    });
    expect(await grant(people.manager)).toMatchObject({
      code: 'ROLE_TOO_HIGH',
      permissions: ['invoice:approve'],
    });
    expect(await grant(people.member)).toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('nobody grants beyond what they hold:', () => {
  it('all of the application is not one permission of it, and everything is not the organization’s', async () => {
    const key = (permissions: string[], token: string) =>
      send(world, 'apiKeyCreate', { name: 'A key', organizationId: org, permissions }, token);
    expect((await key(['invoice:*'], people.admin)).__typename).toBe('ApiKeyCreatePayload');
    for (const permissions of [['*:*'], ['organization:*'], ['organization:delete']]) {
      expect(await key(permissions, people.admin)).toMatchObject({
        code: 'ROLE_TOO_HIGH',
        permissions,
      });
    }
    expect(await key(['*:*'], people.owner)).toMatchObject({ code: 'ROLE_TOO_HIGH' });
    expect(await key(['membership:create'], people.owner)).toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('an admin makes nobody an owner, deletes nothing by a role, and touches no owner', async () => {
    expect(await assign([roles.deleter], people.admin)).toMatchObject({ code: 'ROLE_TOO_HIGH' });
    const owner = await mutate(
      world,
      'membershipRoleAssign',
      { membershipId: somebody, roleKeys: ['owner'] },
      people.admin,
    );
    expect(['ROLE_TOO_HIGH', 'FORBIDDEN']).toContain(owner.code);
    expect((await assign([roles.deleter], people.owner)).__typename).toMatch(/Payload$/);
  });

  it('who manages roles does not raise themselves', async () => {
    expect(await assign([roles.approver], people.manager, ownMembership)).toMatchObject({
      code: 'ROLE_TOO_HIGH',
    });
    const admin = { membershipId: ownMembership, roleKeys: ['admin'] };
    expect(await mutate(world, 'membershipRoleAssign', admin, people.manager)).toMatchObject({
      code: 'ROLE_TOO_HIGH',
    });
    const transfer = { fromMembershipId: ownMembership, toMembershipId: somebody };
    expect(await handOver(transfer, people.manager)).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('ownership is handed over by an owner alone', async () => {
    const id = await found(world);
    const [owner, admin] = [
      await join(world, id, { roleKeys: ['owner'] }),
      await join(world, id, { roleKeys: ['admin'] }),
    ];
    const transfer = {
      fromMembershipId: encodeId('mbr', owner.membershipId),
      toMembershipId: encodeId('mbr', admin.membershipId),
    };
    const byAdmin = await handOver(transfer, await world.tokenOf(admin.email));
    expect(byAdmin).toMatchObject({ code: 'FORBIDDEN' });
    expect(await handOver(transfer, people.owner)).toMatchObject({ code: 'NOT_FOUND' });
    const byOwner = await handOver(transfer, await world.tokenOf(owner.email));
    expect(byOwner.__typename).toBe('OwnershipTransferPayload');
    const again = await handOver(transfer, await world.tokenOf(owner.email));
    expect(again).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('adding members is for keys of the environment', async () => {
    const input = { organization: { id: org }, user: { email: `${fresh('new')}@example.com` } };
    const added = await mutate(world, 'membershipCreate', input, people.owner);
    expect(added).toMatchObject({ code: 'FORBIDDEN' });
  });
});

async function handOver(input: object, token: string): Promise<Result> {
  const { data } = await world.ask<{ result: Result }>(
    `mutation ($input: OwnershipTransferInput!) { result: ownershipTransfer(input: $input) {
      __typename ... on Error { code } } }`,
    { input },
    token,
  );
  return data?.result ?? { __typename: 'nothing' };
}
