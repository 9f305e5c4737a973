import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { countEvents, givenBy, makeRole, send } from './role-world.ts';

const admin = encodeId('rol', BUILT_IN_ROLE_IDS.admin);
const member = encodeId('rol', BUILT_IN_ROLE_IDS.member);
const nowhere = encodeId('rol', '01980000-0000-7000-8000-0123456789ab');

let world: TestGateway;
let here: string;
let hereId: string;
let thereId: string;

beforeAll(async () => {
  world = await createGateway();
  here = await found(world);
  hereId = encodeId('org', here);
  thereId = encodeId('org', await found(world));
  for (const name of ['invoice:read', 'invoice:approve', 'report:read']) {
    await send(world, 'permissionCreate', { name });
  }
});

afterAll(() => world.close());

function role(input: Record<string, unknown> = {}) {
  return { key: fresh('role'), displayName: 'A role', permissions: [], ...input };
}

describe('who may change roles', () => {
  const acts = ['roleUpdate', 'roleDelete'];

  it.each([
    ['its own organization', 'role:manage', 'RoleCreatePayload'],
    ['its own organization', 'organization:read', 'ForbiddenError'],
    ['its own organization', 'role:read', 'NotFoundError'],
    ['another organization', 'role:manage', 'NotFoundError'],
    ['another organization', '*:*', 'NotFoundError'],
    ['the environment', 'role:manage', 'ForbiddenError'],
    ['the environment', '*:*', 'ForbiddenError'],
  ])('a key makes roles of %s with %s: %s', async (place, permission, expected) => {
    const key = await keyWith(world, [permission], here);
    const places: Record<string, string> = {
      'its own organization': hereId,
      'another organization': thereId,
    };
    const input = role({ organizationId: places[place] });
    expect((await send(world, 'roleCreate', input, key)).__typename).toBe(expected);
  });

  it.each([
    ['of the environment', { of: undefined }],
    ['of an organization that is not there', { of: encodeId('org', BUILT_IN_ROLE_IDS.admin) }],
  ])('nobody without credentials makes roles %s', async (_where, { of }) => {
    const result = await send(world, 'roleCreate', role({ organizationId: of }), null);
    expect(result.__typename).toBe(of === undefined ? 'ForbiddenError' : 'NotFoundError');
  });

  it('hides the roles of others as if they were not there', async () => {
    const foreign = await makeRole(world, { organizationId: thereId });
    const own = await makeRole(world, { organizationId: hereId });
    const environments = await makeRole(world);
    const all = await keyWith(world, ['*:*'], here);
    const blind = await keyWith(world, ['membership:read'], here);
    const readers = [
      await keyWith(world, ['role:read'], here),
      await keyWith(world, ['role:read']),
      await keyWith(world, ['environment:read']),
    ];
    const before = await countEvents(world);
    for (const act of acts) {
      const said = async (roleId: string, key: string | null) =>
        (await send(world, act, { roleId }, key)).__typename;
      expect(await said(foreign, all)).toBe('NotFoundError');
      expect(await said(nowhere, all)).toBe('NotFoundError');
      expect(await send(world, act, { roleId: foreign }, all)).toEqual(
        await send(world, act, { roleId: nowhere }, all),
      );
      expect(await said(environments, all)).toBe('ForbiddenError');
      for (const roleId of [own, environments, admin, nowhere]) {
        expect(await said(roleId, blind)).toBe('NotFoundError');
        expect(await said(roleId, null)).toBe('NotFoundError');
      }
      for (const key of readers) {
        expect(await said(own, key)).toBe('ForbiddenError');
        expect(await said(environments, key)).toBe('ForbiddenError');
      }
      expect((await send(world, act, { roleId: 'rol_x' })).__typename).toBe('InputError');
    }
    expect(await countEvents(world)).toBe(before);
  });

  it('needs environment:update for the environment, role:manage for organizations', async () => {
    const environment = await keyWith(world, ['environment:update']);
    const manager = await keyWith(world, ['role:manage']);
    const said = async (key: string, organizationId?: string) =>
      (await send(world, 'roleCreate', role({ organizationId }), key)).__typename;
    expect(await said(environment)).toBe('RoleCreatePayload');
    expect(await said(environment, hereId)).toBe('NotFoundError');
    expect(await said(manager, hereId)).toBe('RoleCreatePayload');
    expect(await said(manager)).toBe('ForbiddenError');
    const gone = encodeId('org', BUILT_IN_ROLE_IDS.admin);
    expect(await said(manager, gone)).toBe('NotFoundError');
  });
});

describe('nobody gives what they do not hold', () => {
  let key: string;

  beforeAll(async () => {
    key = await keyWith(world, ['role:manage', 'invoice:*', 'organization:read'], here);
  });

  it.each([
    ['permissions', { permissions: ['invoice:approve', 'report:read'] }, ['report:read']],
    ['a wildcard above them', { permissions: ['*:*'] }, ['*:*']],
    ['a wildcard of another resource', { permissions: ['organization:*'] }, ['organization:*']],
    [
      'what is inherited',
      { extendsRoleId: member, permissions: ['invoice:read'] },
      ['membership:read', 'role:read'],
    ],
  ])('not by a new role: %s', async (_what, input, permissions) => {
    const result = await send(world, 'roleCreate', role({ organizationId: hereId, ...input }), key);
    expect(result).toMatchObject({ code: 'ROLE_TOO_HIGH', permissions });
  });

  it('but all that they hold', async () => {
    const permissions = ['invoice:*', 'invoice:approve', 'role:manage'];
    const input = role({ organizationId: hereId, permissions });
    expect((await send(world, 'roleCreate', input, key)).__typename).toBe('RoleCreatePayload');
  });

  it('not by an update', async () => {
    const roleId = await makeRole(world, { organizationId: hereId, permissions: ['invoice:read'] });
    const high = await makeRole(world, { organizationId: hereId, permissions: ['report:read'] });
    const between = await makeRole(world, { organizationId: hereId, extendsRoleId: high });
    for (const update of [
      { permissions: ['report:read'] },
      { extendsRoleId: high },
      { extendsRoleId: between },
    ]) {
      const refused = await send(world, 'roleUpdate', { roleId, ...update }, key);
      expect(refused).toMatchObject({ code: 'ROLE_TOO_HIGH', permissions: ['report:read'] });
    }
    const wide = await send(world, 'roleUpdate', { roleId, permissions: ['*:*'] }, key);
    expect(wide).toMatchObject({ code: 'ROLE_TOO_HIGH', permissions: ['*:*'] });
    expect(await givenBy(world, roleId)).toEqual(['invoice:read']);
    const fine = await send(world, 'roleUpdate', { roleId, permissions: ['invoice:*'] }, key);
    expect(fine.__typename).toBe('RoleUpdatePayload');
    expect(await givenBy(world, roleId)).toEqual(['invoice:*']);
  });

  it('though what a role gives already may stay, shrink and move', async () => {
    const high = await makeRole(world, { organizationId: hereId, permissions: ['membership:*'] });
    const roleId = await makeRole(world, {
      organizationId: hereId,
      extendsRoleId: high,
      permissions: ['report:read', 'membership:read'],
    });
    for (const update of [
      { displayName: 'Renamed' },
      { permissions: ['report:read', 'invoice:read'] },
      { permissions: ['report:read', 'membership:suspend'] },
      { extendsRoleId: null, permissions: ['membership:suspend'] },
    ]) {
      const result = await send(world, 'roleUpdate', { roleId, ...update }, key);
      expect(result.__typename).toBe('RoleUpdatePayload');
    }
    const back = await send(world, 'roleUpdate', { roleId, permissions: ['report:read'] }, key);
    expect(back).toMatchObject({ code: 'ROLE_TOO_HIGH', permissions: ['report:read'] });
  });

  it('not by letting a higher role take the place of a lower', async () => {
    const low = await makeRole(world, { organizationId: hereId, permissions: ['invoice:read'] });
    const high = await makeRole(world, { organizationId: hereId, extendsRoleId: admin });
    for (const reassignToRoleId of [high, admin]) {
      const result = await send(world, 'roleDelete', { roleId: low, reassignToRoleId }, key);
      expect(result).toMatchObject({ code: 'ROLE_TOO_HIGH' });
    }
    expect((await send(world, 'roleDelete', { roleId: high }, key)).__typename).toBe(
      'RoleDeletePayload',
    );
  });

  it('in the environment neither', async () => {
    const few = await keyWith(world, ['environment:update', 'invoice:read']);
    const high = await makeRole(world, { permissions: ['report:read'] });
    const low = await makeRole(world);
    const results = [
      await send(world, 'roleCreate', role({ permissions: ['*:*'] }), few),
      await send(world, 'roleCreate', role({ extendsRoleId: high }), few),
      await send(world, 'roleUpdate', { roleId: low, permissions: ['invoice:*'] }, few),
      await send(world, 'roleUpdate', { roleId: low, extendsRoleId: high }, few),
      await send(world, 'roleDelete', { roleId: low, reassignToRoleId: high }, few),
    ];
    expect(results.map(({ code }) => code)).toEqual(Array(5).fill('ROLE_TOO_HIGH'));
    const fine = await send(world, 'roleCreate', role({ permissions: ['invoice:read'] }), few);
    expect(fine).toEqual({ __typename: 'RoleCreatePayload', role: null });
  });
});
