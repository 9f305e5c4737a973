import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { ALL_PERMISSIONS } from '../../src/domain/permission.ts';
import { found, fresh, join } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { mutate } from './membership-moves.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

const address = () => `${fresh('somebody')}@example.com`;

/** Adds somebody to the organization (uuid). */
function create(organizationId: string, input: object = {}, credential?: string, more?: string) {
  return mutate(
    world,
    'membershipCreate',
    {
      organization: { id: encodeId('org', organizationId) },
      user: { email: address() },
      ...input,
    },
    credential,
    more,
  );
}

describe('the organization', () => {
  test('is found by id, by any slug it ever had, and by external id', async () => {
    const slug = fresh('slug');
    const externalId = fresh('Kunde №');
    const id = await found(world, { slug, externalId });
    await world.query(
      'INSERT INTO organization_slug (slug, organization_id, created_at) VALUES ($1, $2, now())',
      [`former-${slug}`, id],
    );
    const ways = [
      { id: encodeId('org', id) },
      { slug },
      { slug: slug.toUpperCase() },
      { slug: `former-${slug}` },
      { externalId },
    ];
    for (const organization of ways) {
      const { membership } = await create(id, { organization });
      expect(membership, JSON.stringify(organization)).toMatchObject({ status: 'ACTIVE' });
    }
    const [count] = await world.query('SELECT active_count FROM organization WHERE id = $1', [id]);
    expect(count).toEqual({ active_count: ways.length });
  });

  test('is none of those', async () => {
    const id = await found(world, { externalId: 'Known' });
    const absent = [
      { id: encodeId('org', crypto.randomUUID()) },
      { slug: 'nobody-has-this' },
      { slug: 'a\0b' },
      { slug: '' },
      { externalId: 'known' },
      { externalId: '\ud800' },
      { externalId: id },
    ];
    for (const organization of absent) {
      const { code } = await create(id, { organization });
      expect(code, JSON.stringify(organization)).toBe('NOT_FOUND');
    }
    for (const broken of [id, encodeId('usr', id), 'org_', '']) {
      expect(await create(id, { organization: { id: broken } })).toMatchObject({
        code: 'INVALID_INPUT',
        issues: [{ path: ['organization', 'id'] }],
      });
    }
  });
});

describe('the user', () => {
  test('is found by id, address or external id, or made of an address', async () => {
    const home = await found(world);
    const known = await join(world, home);
    const externalId = fresh('user ');
    await world.query('UPDATE "user" SET external_id = $1 WHERE id = $2', [
      externalId,
      known.userId,
    ]);
    const ways = [
      { id: encodeId('usr', known.userId) },
      { email: ` ${known.email.toUpperCase()} ` },
      { externalId },
    ];
    for (const user of ways) {
      const { membership } = await create(await found(world), { user });
      expect(membership).toMatchObject({ user: { id: encodeId('usr', known.userId) } });
    }
    const email = address();
    const first = await create(home, { user: { email: email.toUpperCase() } });
    expect(first.membership).toMatchObject({ user: { email } });
    const again = await create(
      home,
      { user: { email } },
      undefined,
      '... on AlreadyMemberError { already: membership { id } }',
    );
    expect(again).toMatchObject({ code: 'ALREADY_MEMBER', already: { id: first.membership?.id } });
    const events = await world.query(
      'SELECT type, cause FROM event WHERE user_id IN (SELECT id FROM "user" WHERE email = $1) ORDER BY position',
      [email],
    );
    expect(events).toEqual([
      { type: 'USER_CREATED', cause: 'CREATED' },
      { type: 'MEMBERSHIP_STATUS_CHANGED', cause: 'ADDED' },
    ]);
  });

  test('is not found by an external id without user:read, there or not', async () => {
    const id = await found(world);
    const known = await join(world, await found(world));
    await world.query('UPDATE "user" SET external_id = $1 WHERE id = $1', [known.userId]);
    const blind = await keyWith(world, ['membership:create']);
    const seeing = await keyWith(world, ['membership:create', 'user:read']);
    const there = { user: { externalId: known.userId } };
    expect((await create(id, there, blind)).code).toBe('NOT_FOUND');
    expect((await create(id, { user: { externalId: 'x' } }, blind)).code).toBe('NOT_FOUND');
    expect((await create(id, { user: { externalId: 'x' } }, seeing)).code).toBe('NOT_FOUND');
    expect((await create(id, there, seeing)).__typename).toBe('MembershipCreatePayload');
    const stranger = { user: { id: encodeId('usr', crypto.randomUUID()) } };
    expect((await create(id, stranger)).code).toBe('NOT_FOUND');
    expect(await create(id, { user: { id: 'usr_x' } })).toMatchObject({
      issues: [{ path: ['user', 'id'] }],
    });
  });

  test('who was invited has accepted by that', async () => {
    const id = await found(world);
    const invited = await join(world, id, { status: 'PENDING_INVITE', roleKeys: ['admin'] });
    const { membership } = await create(id, { user: { email: invited.email } });
    expect(membership).toMatchObject({
      id: encodeId('mbr', invited.membershipId),
      status: 'ACTIVE',
      provisioningMethod: 'ADDED',
      roleAssignments: [{ role: { key: 'member' }, source: 'DEFAULT' }],
    });
    expect(
      await world.query('SELECT status FROM invitation WHERE membership_id = $1', [
        invited.membershipId,
      ]),
    ).toEqual([{ status: 'ACCEPTED' }]);
  });
});

describe('the fields', () => {
  const fields = {
    name: 'Zoë 👩🏽‍🚀 O’Neill',
    externalId: 'Mitglied 7',
    metadata: { plan: 'gold', nested: { list: [1, null, 'ü'] } },
    untrustedMetadata: { colour: 'türkis' },
    joinedAt: '2019-05-04T03:02:01.000Z',
  };

  test('are kept as they were given', async () => {
    const id = await found(world);
    const { membership } = await create(id, { ...fields, roleKeys: ['admin', 'member', 'admin'] });
    expect(membership).toMatchObject({
      ...fields,
      provisioningMethod: 'ADDED',
      version: 1,
      roleAssignments: [
        { role: { key: 'admin' }, source: 'DIRECT' },
        { role: { key: 'member' }, source: 'DIRECT' },
      ],
    });
  });

  test('that are trusted need trusted:write, given as null too', async () => {
    const id = await found(world);
    const key = await keyWith(world, ['membership:*', 'organization:*']);
    for (const input of [
      { metadata: {} },
      { metadata: null },
      { externalId: 'E' },
      { externalId: null },
    ]) {
      const result = await create(id, input, key, '... on ForbiddenError { permission }');
      expect(result, JSON.stringify(input)).toMatchObject({
        code: 'FORBIDDEN',
        permission: 'trusted:write',
      });
    }
    const { untrustedMetadata, name } = fields;
    const allowed = await create(id, { untrustedMetadata, name, roleKeys: [] }, key);
    expect(allowed.membership).toMatchObject({ untrustedMetadata, name });
  });

  test('that are wrong are told all at once, where they stand', async () => {
    const result = await create(await found(world), {
      user: { email: 'not an address' },
      name: ' ',
      externalId: 'x'.repeat(256),
      metadata: { big: 'x'.repeat(5000) },
      untrustedMetadata: { 'a\0': 1 },
      joinedAt: '2999-01-01T00:00:00Z',
      roleKeys: ['member'],
      roleIds: [encodeId('rol', crypto.randomUUID())],
    });
    expect(result.code).toBe('INVALID_INPUT');
    expect(result.issues?.map(({ path }) => path.join('.')).sort()).toEqual([
      'externalId',
      'joinedAt',
      'metadata',
      'name',
      'roleIds',
      'untrustedMetadata',
      'user.email',
    ]);
    expect(await create(await found(world), { user: { externalId: ' ' } })).toMatchObject({
      issues: [{ path: ['user', 'externalId'] }],
    });
  });

  test('an external id that another has is named, with whose it is', async () => {
    const id = await found(world);
    const holder = await join(world, id, { externalId: 'E' });
    const more = '... on DuplicateError { field existing { id } }';
    expect(await create(id, { externalId: 'E' }, undefined, more)).toMatchObject({
      code: 'DUPLICATE_EXTERNAL_ID',
      field: 'externalId',
      existing: { id: encodeId('mbr', holder.membershipId) },
    });
    expect((await create(await found(world), { externalId: 'E' })).code).toBeUndefined();
  });
});

test('seats that are taken', async () => {
  const id = await found(world, { seatLimit: 2 });
  await join(world, id, { status: 'PENDING_INVITE' });
  const results = await Promise.all(Array.from({ length: 5 }, () => create(id)));
  expect(results.map(({ code }) => code ?? 'added').sort()).toEqual([
    ...Array(4).fill('SEAT_LIMIT'),
    'added',
  ]);
});

test('one person added five times at once is one member', async () => {
  const id = await found(world);
  const user = { email: address() };
  const results = await Promise.all(Array.from({ length: 5 }, () => create(id, { user })));
  expect(results.map(({ code }) => code ?? 'added').sort()).toEqual([
    ...Array(4).fill('ALREADY_MEMBER'),
    'added',
  ]);
});

test('an organization key adds nobody, whatever it holds', async () => {
  const id = await found(world);
  const key = await keyWith(world, [ALL_PERMISSIONS], id);
  const more = '... on ForbiddenError { permission }';
  expect(await create(id, {}, key, more)).toMatchObject({ permission: 'membership:create' });
  expect((await create(await found(world), {}, key)).code).toBe('NOT_FOUND');
});
