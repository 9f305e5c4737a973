import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { found, fresh, join } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { complaints, countEvents, givenBy, latestEvents, makeRole, send } from './role-world.ts';

const admin = encodeId('rol', BUILT_IN_ROLE_IDS.admin);
const owner = encodeId('rol', BUILT_IN_ROLE_IDS.owner);
const nowhere = encodeId('rol', '01980000-0000-7000-8000-0123456789ab');

let world: TestGateway;
let here: string;
let there: string;
let hereId: string;

beforeAll(async () => {
  world = await createGateway();
  here = await found(world);
  there = await found(world);
  hereId = encodeId('org', here);
  for (const name of ['invoice:read', 'invoice:approve', 'report:read']) {
    await send(world, 'permissionCreate', { name });
  }
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

function role(input: Record<string, unknown> = {}) {
  return { key: fresh('role'), displayName: 'A role', permissions: [], ...input };
}

describe('roleCreate', () => {
  it.each([true, false])('makes a role, of an organization: %s', async (ofOrganization) => {
    const input = role({
      organizationId: ofOrganization ? hereId : undefined,
      displayName: '  Büro 🗂️  ',
      description: 'Line one.\nLine two.',
      extendsRoleId: encodeId('rol', BUILT_IN_ROLE_IDS.member),
      permissions: ['report:read', 'invoice:*', 'report:read', 'membership:*'],
    });
    const made = await send(world, 'roleCreate', input);
    expect(made).toEqual({
      __typename: 'RoleCreatePayload',
      role: {
        id: expect.stringMatching(/^rol_/),
        key: input.key,
        displayName: 'Büro 🗂️',
        description: 'Line one.\nLine two.',
        permissions: ['report:read', 'invoice:*', 'membership:*'],
        effectivePermissions: [
          ...['invoice:*', 'membership:*', 'membership:read', 'organization:read'],
          ...['report:read', 'role:read'],
        ],
        version: 1,
      },
    });
    const [event] = await latestEvents(world, 1);
    const { id } = made.role as { id: string };
    expect(event).toMatchObject({
      type: 'ROLE_CREATED',
      cause: 'CREATED',
      organization_id: ofOrganization ? here : null,
      role_id: decodeId('rol', id),
      actor_kind: 'API_KEY',
    });
    expect(event?.detail?.changes).toContainEqual({
      field: 'extendsRoleId',
      before: null,
      after: encodeId('rol', BUILT_IN_ROLE_IDS.member),
    });
  });

  it('reports all that is wrong at once, and changes nothing', async () => {
    const before = await countEvents(world);
    const wrong = role({
      organizationId: hereId,
      key: 'Über',
      displayName: 'a\0',
      description: 'x'.repeat(501),
      extendsRoleId: nowhere,
      permissions: ['invoice:approve', 'everything', 'nothing:known', 'nothing:*', 'a\0:b'],
    });
    expect(complaints(await send(world, 'roleCreate', wrong))).toEqual([
      ...['key', 'displayName', 'description', 'extendsRoleId'],
      ...['permissions.1', 'permissions.2', 'permissions.3', 'permissions.4'],
    ]);
    expect(await countEvents(world)).toBe(before);
  });

  it.each([
    ['', 'key', { key: '' }],
    ['1a', 'key', { key: '1a' }],
    ['a line', 'key', { key: 'a\n' }],
    ['65 characters', 'key', { key: 'a'.repeat(65) }],
    ['no name', 'displayName', { displayName: ' ' }],
    ['a long name', 'displayName', { displayName: '😀'.repeat(101) }],
    ['501 permissions', 'permissions', { permissions: Array(501).fill('invoice:read') }],
    ['user:read', 'permissions.0', { permissions: ['user:read'] }],
    ['trusted:write', 'permissions.0', { permissions: ['trusted:write'] }],
    ['membership:create', 'permissions.0', { permissions: ['membership:create'] }],
    ['environment:*', 'permissions.0', { permissions: ['environment:*'] }],
    ['user:*', 'permissions.1', { permissions: ['*:*', 'user:*'] }],
    ['trusted:*', 'permissions.0', { permissions: ['trusted:*'] }],
    ['the owner role', 'extendsRoleId', { extendsRoleId: owner }],
    ['a key', 'extendsRoleId', { extendsRoleId: 'key_01h45ytscbebyvny4gc8cr8ma2' }],
    ['a broken id', 'organizationId', { organizationId: 'org_x' }],
  ])('refuses %s', async (_what, path, input) => {
    expect(complaints(await send(world, 'roleCreate', role(input)))).toEqual([path]);
  });

  it('takes the longest of everything', async () => {
    const longest = role({
      key: `z${'_'.repeat(63)}`,
      displayName: '😀'.repeat(100),
      description: 'é'.repeat(500),
      permissions: ['*:*'],
    });
    expect(await send(world, 'roleCreate', longest)).toMatchObject({ role: longest });
  });

  it('keeps keys unique in their scope, and those of built-in roles out of organizations', async () => {
    const input = role({ organizationId: hereId });
    const id = await makeRole(world, input);
    expect(await send(world, 'roleCreate', input)).toMatchObject({
      code: 'DUPLICATE_KEY',
      field: 'key',
      existing: { id },
    });
    const blind = await keyWith(world, ['role:manage'], here);
    expect(await send(world, 'roleCreate', input, blind)).toMatchObject({
      code: 'DUPLICATE_KEY',
      existing: null,
    });
    await makeRole(world, { ...input, organizationId: encodeId('org', there) });
    await makeRole(world, { ...input, organizationId: undefined });
    expect(await send(world, 'roleCreate', role({ key: 'admin' }))).toMatchObject({
      code: 'DUPLICATE_KEY',
      existing: { id: admin },
    });
    const builtIn = role({ organizationId: hereId, key: 'admin' });
    expect(complaints(await send(world, 'roleCreate', builtIn))).toEqual(['key']);
    await makeRole(world, { organizationId: hereId, key: 'constructor' });
  });

  it('inherits from the environment and the same organization only', async () => {
    const foreign = await makeRole(world, { organizationId: encodeId('org', there) });
    const [unknown, refused, environments] = await Promise.all([
      send(world, 'roleCreate', role({ organizationId: hereId, extendsRoleId: nowhere })),
      send(world, 'roleCreate', role({ organizationId: hereId, extendsRoleId: foreign })),
      send(world, 'roleCreate', role({ extendsRoleId: foreign })),
    ]);
    expect(complaints(refused)).toEqual(['extendsRoleId']);
    expect(refused).toEqual(unknown);
    expect(environments).toEqual(unknown);
  });

  it('lets ten roles extend in a row', async () => {
    let last = await makeRole(world, { organizationId: hereId });
    const first = last;
    for (let length = 2; length <= 10; length += 1) {
      last = await makeRole(world, { organizationId: hereId, extendsRoleId: last });
    }
    const eleventh = role({ organizationId: hereId, extendsRoleId: last });
    expect(complaints(await send(world, 'roleCreate', eleventh))).toEqual(['extendsRoleId']);
    const above = await makeRole(world, { organizationId: hereId });
    const update = { roleId: first, extendsRoleId: above };
    expect(complaints(await send(world, 'roleUpdate', update))).toEqual(['extendsRoleId']);
  });
});

describe('roleUpdate', () => {
  it('changes what is given and clears what is null', async () => {
    const roleId = await makeRole(world, {
      organizationId: hereId,
      description: 'Before.',
      extendsRoleId: admin,
      permissions: ['invoice:read', 'report:read'],
    });
    const changed = await send(world, 'roleUpdate', {
      roleId,
      description: null,
      extendsRoleId: null,
      permissions: ['invoice:approve'],
      expectedVersion: 1,
    });
    expect(changed).toEqual({
      __typename: 'RoleUpdatePayload',
      role: {
        id: roleId,
        displayName: 'A role',
        description: null,
        permissions: ['invoice:approve'],
        effectivePermissions: ['invoice:approve'],
        version: 2,
      },
    });
    expect(await latestEvents(world, 1)).toMatchObject([
      {
        type: 'ROLE_UPDATED',
        cause: 'UPDATED',
        organization_id: here,
        role_id: decodeId('rol', roleId),
        detail: {
          changes: [
            { field: 'description', before: 'Before.', after: null },
            {
              field: 'permissions',
              before: ['invoice:read', 'report:read'],
              after: ['invoice:approve'],
            },
            { field: 'extendsRoleId', before: admin, after: null },
          ],
        },
      },
    ]);
    const late = { roleId, displayName: 'Late', expectedVersion: 1 };
    expect(await send(world, 'roleUpdate', late)).toMatchObject({ currentVersion: 2 });
  });

  it('is nothing when nothing changes', async () => {
    const permissions = ['invoice:read', 'report:read'];
    const roleId = await makeRole(world, { organizationId: hereId, permissions });
    const before = await countEvents(world);
    for (const same of [
      {},
      { displayName: ' A role ', description: null, extendsRoleId: null },
      { permissions: [...permissions].reverse() },
    ]) {
      const answer = await send(world, 'roleUpdate', { roleId, ...same });
      expect(answer).toMatchObject({ role: { permissions, version: 1 } });
    }
    expect(await countEvents(world)).toBe(before);
  });

  it('reaches those who have the role or one that extends it, with one event', async () => {
    const roleId = await makeRole(world, { organizationId: hereId, permissions: ['report:read'] });
    const child = await makeRole(world, { organizationId: hereId, extendsRoleId: roleId });
    const { membershipId } = await join(world, here, { roleIds: [decodeId('rol', child) ?? ''] });
    const before = await countEvents(world);
    await send(world, 'roleUpdate', { roleId, permissions: ['invoice:*'] });
    expect(await countEvents(world)).toBe(before + 1);
    expect(await givenBy(world, child)).toEqual(['invoice:*']);
    const { data } = await world.ask(
      'query ($id: ID!) { membership(by: { id: $id }) { permissions } }',
      { id: encodeId('mbr', membershipId) },
    );
    expect(data).toEqual({ membership: { permissions: ['invoice:*'] } });
  });

  it('goes in no circle', async () => {
    const first = await makeRole(world, { organizationId: hereId });
    const second = await makeRole(world, { organizationId: hereId, extendsRoleId: first });
    const third = await makeRole(world, { organizationId: hereId, extendsRoleId: second });
    for (const extendsRoleId of [first, second, third]) {
      const result = await send(world, 'roleUpdate', { roleId: first, extendsRoleId });
      expect(result).toMatchObject({ code: 'ROLE_CYCLE' });
    }
  });

  it('reports all that is wrong at once', async () => {
    const roleId = await makeRole(world, { organizationId: hereId });
    const wrong = { displayName: null, description: ' ', extendsRoleId: owner, permissions: null };
    expect(complaints(await send(world, 'roleUpdate', { roleId, ...wrong })).sort()).toEqual([
      ...['description', 'displayName', 'extendsRoleId', 'permissions'],
    ]);
    const more = { roleId, permissions: ['user:read'] };
    expect(complaints(await send(world, 'roleUpdate', more))).toEqual(['permissions.0']);
  });

  it('lets a wildcard stay whose last permission is gone', async () => {
    await send(world, 'permissionCreate', { name: 'gone:soon' });
    const roleId = await makeRole(world, { organizationId: hereId, permissions: ['gone:*'] });
    await send(world, 'permissionDelete', { name: 'gone:soon' });
    const permissions = ['gone:*', 'invoice:read'];
    expect(await send(world, 'roleUpdate', { roleId, permissions })).toMatchObject({
      role: { permissions },
    });
    const again = role({ permissions: ['gone:*'] });
    expect(complaints(await send(world, 'roleCreate', again))).toEqual(['permissions.0']);
  });

  it.each(Object.entries(BUILT_IN_ROLE_IDS))('leaves %s as it is', async (_key, id) => {
    const roleId = encodeId('rol', id);
    for (const name of ['roleUpdate', 'roleDelete']) {
      expect(await send(world, name, { roleId })).toMatchObject({
        code: 'FORBIDDEN',
        message: 'The built-in roles cannot be changed.',
      });
    }
  });
});
