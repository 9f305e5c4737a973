import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { bearer, post } from '../http/wire.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { complaints, countEvents, latestEvents, type Result, send } from './role-world.ts';

const nowhere = 'key_01h45ytscbebyvny4gc8cr8ma2';

let world: TestGateway;
let here: string;
let hereId: string;
let thereId: string;

beforeAll(async () => {
  world = await createGateway();
  here = await found(world);
  hereId = encodeId('org', here);
  thereId = encodeId('org', await found(world));
  await send(world, 'permissionCreate', { name: 'invoice:approve' });
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

type Made = { id: string; secret: string };

function input(more: Record<string, unknown> = {}) {
  return { name: 'Backend', permissions: ['membership:read'], ...more };
}

function madeBy(result: Result): Made {
  const { apiKey, secret } = result as { apiKey?: { id: string }; secret?: string };
  return { id: apiKey?.id ?? '', secret: secret ?? '' };
}

async function make(more: Record<string, unknown> = {}): Promise<Made> {
  return madeBy(await send(world, 'apiKeyCreate', input(more)));
}

async function statusOf(secret: string): Promise<number> {
  const reply = await post(world.gateway.url, { query: '{ viewer { kind } }' }, bearer(secret));
  return reply.status;
}

describe('apiKeyCreate', () => {
  it.each([true, false])('makes a key that works, of an organization: %s', async (bound) => {
    const expiresAt = '2999-12-31T23:59:59.999Z';
    const permissions = ['invoice:*', 'membership:read', 'invoice:approve', 'invoice:*'];
    const made = await send(world, 'apiKeyCreate', {
      name: ' Büro 🗝️ ',
      permissions,
      expiresAt,
      organizationId: bound ? hereId : null,
    });
    expect(made).toEqual({
      __typename: 'ApiKeyCreatePayload',
      secret: expect.stringMatching(/^ghk_[A-Za-z0-9_-]{43}$/),
      apiKey: {
        id: expect.stringMatching(/^key_/),
        name: 'Büro 🗝️',
        permissions: ['invoice:*', 'membership:read', 'invoice:approve'],
        expiresAt,
        organization: bound ? { id: hereId } : null,
      },
    });
    const { id, secret } = madeBy(made);
    const { data } = await world.ask('{ viewer { apiKey { id } } }', {}, secret);
    expect(data).toEqual({ viewer: { apiKey: { id } } });
    expect(await latestEvents(world, 1)).toMatchObject([
      { type: 'API_KEY_CREATED', cause: 'CREATED', organization_id: bound ? here : null },
    ]);
    const rows = await world.query<{ row: string }>(
      `SELECT row_to_json(event)::text || coalesce(row_to_json(event_detail)::text, '') AS row
       FROM event LEFT JOIN event_detail ON event_id = event.id
       UNION ALL SELECT row_to_json(api_key)::text FROM api_key`,
    );
    expect(rows.filter(({ row }) => row.includes(secret.slice(4)))).toEqual([]);
  });

  it.each([
    ['no name', ['name'], { name: ' ' }],
    ['a long name', ['name'], { name: 'x'.repeat(101) }],
    ['no permission', ['permissions'], { permissions: [] }],
    ['501 permissions', ['permissions'], { permissions: Array(501).fill('role:read') }],
    ['the past', ['expiresAt'], { expiresAt: '2020-01-01T00:00:00Z' }],
    [
      'unknown permissions',
      ['permissions.1', 'permissions.2', 'permissions.3', 'permissions.4'],
      { permissions: ['*:*', 'nothing:read', 'nothing:*', 'everything', 'a\0:b'] },
    ],
    ['all at once', ['permissions', 'name', 'expiresAt'], { name: '', permissions: [] }],
  ])('refuses %s', async (what, paths, more) => {
    const before = await countEvents(world);
    const wrong = what === 'all at once' ? { ...more, expiresAt: '2020-01-01T00:00:00Z' } : more;
    expect(complaints(await send(world, 'apiKeyCreate', input(wrong))).sort()).toEqual(
      [...paths].sort(),
    );
    expect(await countEvents(world)).toBe(before);
  });

  it.each(['user:read', 'trusted:write', 'membership:create', 'environment:*', 'user:*'])(
    'gives %s to keys of the environment only',
    async (name) => {
      const permissions = [name];
      expect((await send(world, 'apiKeyCreate', input({ permissions }))).__typename).toBe(
        'ApiKeyCreatePayload',
      );
      const bound = input({ permissions, organizationId: hereId });
      expect(complaints(await send(world, 'apiKeyCreate', bound))).toEqual(['permissions.0']);
    },
  );

  it('gives nothing that the caller does not hold', async () => {
    const few = ['apikey:manage', 'environment:update', 'invoice:approve'];
    const bound = await keyWith(world, ['apikey:manage', 'invoice:approve'], here);
    const free = await keyWith(world, few);
    for (const [key, organizationId] of [
      [bound, hereId],
      [free, hereId],
      [free, undefined],
    ] as const) {
      for (const permissions of [['*:*'], ['invoice:*'], ['membership:read'], ['apikey:*']]) {
        const result = await send(
          world,
          'apiKeyCreate',
          input({ organizationId, permissions: ['invoice:approve', ...permissions] }),
          key,
        );
        expect(result).toMatchObject({ code: 'ROLE_TOO_HIGH', permissions });
      }
      const permissions = ['invoice:approve', 'apikey:manage'];
      const fine = await send(world, 'apiKeyCreate', input({ organizationId, permissions }), key);
      expect(fine.__typename).toBe('ApiKeyCreatePayload');
      expect(fine.secret).toMatch(/^ghk_/);
    }
  });

  it('lets a key of an organization reach nothing beyond it, whatever it holds', async () => {
    const { secret } = await make({ organizationId: hereId, permissions: ['*:*'] });
    const child = madeBy(
      await send(
        world,
        'apiKeyCreate',
        input({ organizationId: hereId, permissions: ['*:*'] }),
        secret,
      ),
    );
    for (const key of [secret, child.secret]) {
      const said = async (organizationId?: string) =>
        (await send(world, 'apiKeyCreate', input({ organizationId }), key)).__typename;
      expect(await said(thereId)).toBe('NotFoundError');
      expect(await said()).toBe('ForbiddenError');
      expect(await said(hereId)).toBe('ApiKeyCreatePayload');
    }
  });

  it('needs apikey:manage there, or environment:update', async () => {
    const said = async (key: string | null, organizationId?: string) =>
      (await send(world, 'apiKeyCreate', input({ organizationId }), key)).__typename;
    const manager = await keyWith(world, ['apikey:manage', 'membership:read']);
    const updater = await keyWith(world, ['environment:update', 'membership:read']);
    const reader = await keyWith(world, ['membership:read'], here);
    expect(await said(manager, hereId)).toBe('ApiKeyCreatePayload');
    expect(await said(manager)).toBe('ForbiddenError');
    expect(await said(updater)).toBe('ApiKeyCreatePayload');
    expect(await said(updater, hereId)).toBe('ForbiddenError');
    expect(await said(reader, hereId)).toBe('ForbiddenError');
    expect(await said(reader, thereId)).toBe('NotFoundError');
    expect(await said(null, hereId)).toBe('NotFoundError');
    expect(await said(null)).toBe('ForbiddenError');
    const absent = 'org_01h45ytscbebyvny4gc8cr8ma2';
    expect(await said(manager, absent)).toBe('NotFoundError');
    expect(await said(manager, 'org_x')).toBe('InputError');
  });
});

describe('apiKeyRevoke', () => {
  it.each([true, false])('ends a key at once, of an organization: %s', async (bound) => {
    const { id, secret } = await make({ organizationId: bound ? hereId : null });
    expect(await statusOf(secret)).toBe(200);
    const revoked = await send(world, 'apiKeyRevoke', { apiKeyId: id });
    expect(revoked).toEqual({
      __typename: 'ApiKeyRevokePayload',
      apiKey: { id, revokedAt: expect.any(String) },
    });
    expect(await statusOf(secret)).toBe(401);
    expect(await latestEvents(world, 1)).toMatchObject([
      { type: 'API_KEY_REVOKED', cause: 'REVOKED', organization_id: bound ? here : null },
    ]);
    const before = await countEvents(world);
    expect(await send(world, 'apiKeyRevoke', { apiKeyId: id })).toEqual(revoked);
    expect(await countEvents(world)).toBe(before);
  });

  it('is for a key itself, whatever it may do', async () => {
    for (const organizationId of [hereId, null]) {
      const { id, secret } = await make({ organizationId });
      expect(await send(world, 'apiKeyRevoke', { apiKeyId: id }, secret)).toEqual({
        __typename: 'ApiKeyRevokePayload',
        apiKey: null,
      });
      expect(await statusOf(secret)).toBe(401);
    }
  });

  it('is for those who manage the keys of the organization, or update the environment', async () => {
    const [own, foreign, free] = [
      await make({ organizationId: hereId }),
      await make({ organizationId: thereId }),
      await make(),
    ];
    const bound = await keyWith(world, ['*:*'], here);
    const said = async (key: string | null, { id }: { id: string }) =>
      (await send(world, 'apiKeyRevoke', { apiKeyId: id }, key)).__typename;
    const before = await countEvents(world);
    for (const hidden of [foreign, free, { id: nowhere }]) {
      expect(await said(bound, hidden)).toBe('NotFoundError');
      expect(await said(null, hidden)).toBe('NotFoundError');
    }
    expect(await said(bound, { id: 'key_x' })).toBe('InputError');
    expect(await countEvents(world)).toBe(before);
    const member = await keyWith(world, ['membership:read'], here);
    expect(await said(member, own)).toBe('NotFoundError');
    const reader = await keyWith(world, ['environment:read']);
    const manager = await keyWith(world, ['apikey:manage']);
    const updater = await keyWith(world, ['environment:update']);
    expect(await said(reader, own)).toBe('ForbiddenError');
    expect(await said(reader, free)).toBe('ForbiddenError');
    expect(await said(manager, free)).toBe('NotFoundError');
    expect(await said(updater, own)).toBe('NotFoundError');
    for (const { secret } of [own, foreign, free]) {
      expect(await statusOf(secret)).toBe(200);
    }
    expect(await said(bound, own)).toBe('ApiKeyRevokePayload');
    expect(await said(manager, foreign)).toBe('ApiKeyRevokePayload');
    expect(await said(updater, free)).toBe('ApiKeyRevokePayload');
  });
});
