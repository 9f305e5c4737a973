import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../src/domain/permission.ts';
import { found } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { complaints, countEvents, latestEvents, makeRole, send } from './role-world.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(() => world.close());

const resources = [...new Set(PERMISSIONS.map(({ name }) => name.split(':')[0]))];

describe('permissionCreate', () => {
  it('makes a permission', async () => {
    const input = { name: 'invoice:approve', description: ' Gives ✅.\nFor good. ' };
    expect(await send(world, 'permissionCreate', input)).toEqual({
      __typename: 'PermissionCreatePayload',
      permission: {
        name: 'invoice:approve',
        description: 'Gives ✅.\nFor good.',
        isBuiltIn: false,
      },
    });
    expect(await latestEvents(world, 1)).toMatchObject([
      {
        type: 'PERMISSION_CREATED',
        cause: 'CREATED',
        organization_id: null,
        detail: {
          name: 'invoice:approve',
          changes: [{ field: 'description', before: null, after: 'Gives ✅.\nFor good.' }],
        },
      },
    ]);
    expect(await send(world, 'permissionCreate', input)).toMatchObject({
      code: 'DUPLICATE_KEY',
      field: 'name',
      existing: null,
    });
  });

  it('makes one of many that come at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 5 }, () => send(world, 'permissionCreate', { name: 'race:once' })),
    );
    expect(results.map((result) => result.__typename).sort()).toEqual([
      ...Array(4).fill('DuplicateError'),
      'PermissionCreatePayload',
    ]);
  });

  it.each([
    ...['', 'invoice', 'invoice:', ':approve', 'invoice:*', '*:*', 'a:b:c', '1a:b', 'a:1b'],
    ...['in voice:approve', 'invoice:approve\n', 'invoice:appr\0ve', 'rechnung:prüfen'],
    ...[`${'a'.repeat(64)}:b`, `a:${'b'.repeat(64)}`],
  ])('refuses the name %j', async (name) => {
    expect(complaints(await send(world, 'permissionCreate', { name }))).toEqual(['name']);
  });

  it.each([...resources, 'Membership'])('refuses the resource %s', async (resource) => {
    const name = `${resource}:own`;
    expect(complaints(await send(world, 'permissionCreate', { name }))).toEqual(['name']);
  });

  it('takes the longest, and reports all that is wrong at once', async () => {
    const name = `${'a'.repeat(63)}:${'b'.repeat(63)}`;
    const description = '😀'.repeat(500);
    expect(await send(world, 'permissionCreate', { name, description })).toMatchObject({
      permission: { name, description },
    });
    const wrong = { name: 'x', description: 'x'.repeat(501) };
    expect(complaints(await send(world, 'permissionCreate', wrong)).sort()).toEqual([
      'description',
      'name',
    ]);
  });
});

describe('permissionUpdate', () => {
  it('changes the description, clears it with null, and leaves it', async () => {
    const name = 'report:read';
    await send(world, 'permissionCreate', { name, description: 'Before.' });
    const update = (input: Record<string, unknown>) =>
      send(world, 'permissionUpdate', { name, ...input });
    const before = await countEvents(world);
    expect(await update({})).toMatchObject({ permission: { description: 'Before.' } });
    expect(await update({ description: 'Before.' })).toMatchObject({ permission: { name } });
    expect(await countEvents(world)).toBe(before);
    expect(await update({ description: 'After.' })).toMatchObject({
      permission: { description: 'After.' },
    });
    expect(await update({ description: null })).toMatchObject({
      permission: { description: null },
    });
    expect(await latestEvents(world, 2)).toMatchObject(
      [
        { before: 'After.', after: null },
        { before: 'Before.', after: 'After.' },
      ].map((change) => ({
        type: 'PERMISSION_UPDATED',
        cause: 'UPDATED',
        detail: { name, changes: [{ field: 'description', ...change }] },
      })),
    );
    expect(complaints(await update({ description: ' ' }))).toEqual(['description']);
  });

  it('hides what it does from those who may not see it', async () => {
    const writer = await keyWith(world, ['environment:update']);
    const input = { name: 'invoice:approve', description: 'Written blindly.' };
    expect(await send(world, 'permissionUpdate', input, writer)).toEqual({
      __typename: 'PermissionUpdatePayload',
      permission: null,
    });
  });
});

describe('permissionDelete', () => {
  it('deletes what nothing names, and wildcards do not name it', async () => {
    const name = 'unused:read';
    await send(world, 'permissionCreate', { name });
    await makeRole(world, { permissions: ['unused:*', '*:*'] });
    expect(await send(world, 'permissionDelete', { name })).toEqual({
      __typename: 'PermissionDeletePayload',
      deletedPermissionName: name,
    });
    expect(await latestEvents(world, 1)).toMatchObject([
      { type: 'PERMISSION_DELETED', cause: 'DELETED', organization_id: null, detail: { name } },
    ]);
    expect((await send(world, 'permissionDelete', { name })).__typename).toBe('NotFoundError');
  });

  it('refuses what roles and working keys name', async () => {
    const name = 'used:read';
    await send(world, 'permissionCreate', { name });
    const organizationId = await found(world);
    const secret = await keyWith(world, [name], organizationId);
    const refused = (roles: number, apiKeys: number) =>
      expect(send(world, 'permissionDelete', { name })).resolves.toMatchObject({
        code: 'PERMISSION_IN_USE',
        roles,
        apiKeys,
      });
    await refused(0, 1);
    const roleId = await makeRole(world, { permissions: [name, '*:*'] });
    await refused(1, 1);
    const { data } = await world.ask<{ viewer: { apiKey: { id: string } | null } }>(
      '{ viewer { apiKey { id } } }',
      {},
      secret,
    );
    await send(world, 'apiKeyRevoke', { apiKeyId: data?.viewer.apiKey?.id });
    await refused(1, 0);
    await send(world, 'roleDelete', { roleId });
    expect((await send(world, 'permissionDelete', { name })).__typename).toBe(
      'PermissionDeletePayload',
    );
  });
});

describe('of Gatehouse itself', () => {
  it.each(['permissionUpdate', 'permissionDelete'])('none is for %s', async (act) => {
    const before = await countEvents(world);
    for (const { name } of PERMISSIONS) {
      expect(await send(world, act, { name })).toMatchObject({
        code: 'FORBIDDEN',
        message: "Gatehouse's own permissions cannot be changed.",
      });
    }
    expect(await countEvents(world)).toBe(before);
  });
});

describe('who may', () => {
  it.each(['permissionCreate', 'permissionUpdate', 'permissionDelete'])('%s', async (act) => {
    const name = 'guarded:read';
    await send(world, 'permissionCreate', { name });
    const before = await countEvents(world);
    const organizationId = await found(world);
    const hidden = act === 'permissionCreate' ? 'ForbiddenError' : 'NotFoundError';
    const said = async (key: string | null, wanted = name) =>
      (await send(world, act, { name: wanted }, key)).__typename;
    for (const key of [
      null,
      await keyWith(world, ['*:*'], organizationId),
      await keyWith(world, ['user:read']),
    ]) {
      expect(await said(key)).toBe(hidden);
      expect(await said(key, 'absent:read')).toBe(hidden);
    }
    expect(await said(await keyWith(world, ['environment:read']))).toBe('ForbiddenError');
    expect(await countEvents(world)).toBe(before);
  });
});
