import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { encodeId } from '../../src/domain/id.ts';
import { BUILT_IN_ROLES } from '../../src/domain/permission.ts';
import { found, join } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { change, eventsOf, mbr, setModel, stored } from './change.ts';

const OWNER = { id: BUILT_IN_ROLE_IDS.owner, key: 'owner', source: 'DIRECT' };
const ADMIN = { id: BUILT_IN_ROLE_IDS.admin, key: 'admin', source: 'DIRECT' };

const shown = (...keys: string[]) => keys.map((key) => ({ source: 'DIRECT', role: { key } }));

describe.each([
  ['SHARED', 'MANY'],
  ['ISOLATED', 'ONE'],
] as const)('in %s, with %s', (identityModel, membershipsPerUser) => {
  let world: TestGateway;

  beforeAll(async () => {
    world = await createGateway();
    await setModel(world, identityModel, membershipsPerUser);
  });

  afterAll(async () => {
    expect(await brokenInvariants(world.url)).toEqual([]);
    await world.close();
  });

  const transfer = (
    from: { membershipId: string },
    to: { membershipId: string },
    more: { key?: string; expectedVersion?: number } = {},
  ) => {
    const { key, expectedVersion } = more;
    const input = { fromMembershipId: mbr(from), toMembershipId: mbr(to), expectedVersion };
    return change(world, 'OwnershipTransfer', input, key);
  };

  const makeOrganization = async () => {
    const organizationId = await found(world);
    return {
      organizationId,
      owner: await join(world, organizationId, { roleKeys: ['owner'] }),
      member: await join(world, organizationId),
    };
  };

  it('the member becomes an owner and the owner an admin, each with an event', async () => {
    const { owner, member } = await makeOrganization();
    const { userId } = member;
    expect(await transfer(owner, member, { expectedVersion: 1 })).toMatchObject({
      fromMembership: { id: mbr(owner), version: 2, roleAssignments: shown('admin') },
      toMembership: {
        id: mbr(member),
        version: 2,
        roleAssignments: [...shown('owner'), { source: 'DEFAULT', role: { key: 'member' } }],
      },
    });
    const type = 'MEMBERSHIP_ROLES_CHANGED';
    const cause = 'TRANSFERRED';
    expect(await eventsOf(world, member)).toEqual([
      {
        type: 'OWNERSHIP_TRANSFERRED',
        cause,
        userId,
        detail: { fromMembershipId: owner.membershipId },
      },
      { type, cause, userId, detail: { added: [OWNER], removed: [] } },
    ]);
    expect(await eventsOf(world, owner)).toEqual([
      { type, cause, userId: owner.userId, detail: { added: [ADMIN], removed: [OWNER] } },
    ]);
  });

  it('who is an owner already stays one, and who is an admin already stays one', async () => {
    const { organizationId, member } = await makeOrganization();
    const owner = await join(world, organizationId, { roleKeys: ['owner', 'admin'] });
    const other = await join(world, organizationId, { roleKeys: ['owner'] });
    expect(await transfer(owner, other)).toMatchObject({
      fromMembership: { version: 2, roleAssignments: shown('admin') },
      toMembership: { version: 1, roleAssignments: shown('owner') },
    });
    expect(await eventsOf(world, other)).toMatchObject([{ type: 'OWNERSHIP_TRANSFERRED' }]);
    expect(await eventsOf(world, owner)).toMatchObject([
      { detail: { added: [], removed: [OWNER] } },
    ]);
    expect(await eventsOf(world, member)).toEqual([]);
  });

  it('only owners do it, and for others it depends on what they see', async () => {
    const { organizationId, owner, member } = await makeOrganization();
    const forbidden = { code: 'FORBIDDEN', permission: 'organization:delete' };
    for (const permissions of [
      [...BUILT_IN_ROLES.admin],
      ['membership:read'],
      ['organization:delete', 'role:assign'],
    ]) {
      const key = await keyWith(world, permissions, organizationId);
      expect(await transfer(owner, member, { key })).toEqual(forbidden);
    }
    const foreign = await keyWith(world, ['*:*'], (await makeOrganization()).organizationId);
    const blind = await keyWith(world, ['organization:read'], organizationId);
    for (const key of [foreign, blind]) {
      expect(await transfer(owner, member, { key })).toEqual({ code: 'NOT_FOUND' });
    }
    expect(await stored(world, owner)).toMatchObject({ version: 1 });
    const key = await keyWith(world, [...BUILT_IN_ROLES.owner], organizationId);
    expect(await transfer(owner, member, { key })).toMatchObject({ toMembership: { version: 2 } });
  });

  it('the new owner is another active member of the same organization', async () => {
    const { organizationId, owner } = await makeOrganization();
    expect(await transfer(owner, owner)).toMatchObject({
      code: 'INVALID_INPUT',
      issues: [{ path: ['toMembershipId'] }],
    });
    for (const status of ['SUSPENDED', 'PENDING_INVITE', 'REMOVED'] as const) {
      const to = await join(world, organizationId, { status });
      expect(await transfer(owner, to)).toEqual({ code: 'INVALID_TRANSITION', status });
    }
    const { member: elsewhere } = await makeOrganization();
    expect(await transfer(owner, elsewhere)).toEqual({ code: 'NOT_FOUND' });
    const absent = { membershipId: '01980000-0000-7000-8000-0123456789ab' };
    expect(await transfer(owner, absent)).toEqual({ code: 'NOT_FOUND' });
    expect(await transfer(absent, owner)).toEqual({ code: 'NOT_FOUND' });
    expect(await stored(world, owner)).toMatchObject({ version: 1 });
  });

  it('only an owner hands over, at the version that was expected', async () => {
    const { organizationId, owner, member } = await makeOrganization();
    const former = await join(world, organizationId, { roleKeys: ['owner'], status: 'SUSPENDED' });
    const other = await join(world, organizationId);
    for (const from of [other, former]) {
      expect(await transfer(from, member)).toMatchObject({
        code: 'INVALID_INPUT',
        issues: [{ path: ['fromMembershipId'] }],
      });
    }
    expect(await transfer(owner, member, { expectedVersion: 2 })).toEqual({
      code: 'CONFLICT',
      currentVersion: 1,
    });
    const input = { fromMembershipId: mbr(owner), toMembershipId: encodeId('org', organizationId) };
    expect(await change(world, 'OwnershipTransfer', input)).toMatchObject({
      code: 'INVALID_INPUT',
      issues: [{ path: ['toMembershipId'] }],
    });
  });

  it('at once to two members, it goes to one of them', async () => {
    const { organizationId, owner, member } = await makeOrganization();
    const other = await join(world, organizationId);
    const results = await Promise.all([member, other].map((to) => transfer(owner, to)));
    expect(results).toContainEqual(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(results).toContainEqual(expect.objectContaining({ toMembership: expect.anything() }));
    const owners = await world.query(
      `SELECT FROM role_assignment WHERE organization_id = $1 AND role_id = $2`,
      [organizationId, BUILT_IN_ROLE_IDS.owner],
    );
    expect(owners).toHaveLength(1);
  });
});
