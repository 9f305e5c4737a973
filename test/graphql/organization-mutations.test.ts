import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { ALL_PERMISSIONS } from '../../src/domain/permission.ts';
import { found, fresh, join } from '../domain/world.ts';
import { keyWith, makeTenant } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { change, makeRole, type Result, told, wrong } from './organization-asks.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

const create = (input: Record<string, unknown>, credential?: string | null) =>
  change(world, 'organizationCreate', { displayName: fresh('Created '), ...input }, credential);

const update = (id: string, input: Record<string, unknown>, credential?: string | null) =>
  change(
    world,
    'organizationUpdate',
    { organization: { id: encodeId('org', id) }, ...input },
    credential,
  );

/** The uuid of the organization of a payload. */
function uuidOf(result: Result): string {
  const { id } = result.organization as { id: string };
  return decodeId('org', id) ?? '';
}

async function count(table: string): Promise<number> {
  const [row] = await world.query<{ count: number }>(`SELECT count(*)::int FROM ${table}`);
  return row?.count ?? 0;
}

describe('organizationCreate', () => {
  it('keeps everything that is given', async () => {
    const role = await makeRole(world, fresh('creator'), ['organization:read']);
    const result = await create({
      displayName: '  Ærø 株式会社 ',
      slug: 'aeroe',
      externalId: 'crm-1',
      metadata: { plan: 'pro' },
      logoUrl: 'https://example.com/x.png',
      seatLimit: 3,
      settings: {
        emailInvites: 'RESTRICTED',
        allowedDomains: ['Example.com'],
        authMethods: 'RESTRICTED',
        allowedAuthMethods: ['SSO'],
        mfaPolicy: null,
        creatorRoleId: role.id,
        memberRoleId: encodeId('rol', BUILT_IN_ROLE_IDS.admin),
      },
      ownerEmail: ' Ada@Example.com',
    });
    expect(result).toMatchObject({
      organization: {
        displayName: 'Ærø 株式会社',
        slug: 'aeroe',
        externalId: 'crm-1',
        metadata: { plan: 'pro' },
        logoUrl: 'https://example.com/x.png',
        seats: { limit: 3, used: 1 },
        settings: {
          emailInvites: 'RESTRICTED',
          allowedDomains: ['example.com'],
          allowedAuthMethods: ['SSO'],
          mfaPolicy: 'OPTIONAL',
          creatorRole: { key: expect.stringContaining('creator') },
          memberRole: { key: 'admin' },
        },
      },
      membership: {
        status: 'ACTIVE',
        provisioningMethod: 'CREATOR',
        emailAddress: 'ada@example.com',
        roles: [{ key: expect.stringContaining('creator') }],
        roleAssignments: [{ source: 'DIRECT' }],
      },
    });
    const events = await told(world, uuidOf(result));
    expect(events.map(({ type, cause }) => `${type} ${cause}`)).toEqual([
      'ORGANIZATION_CREATED CREATED',
      'MEMBERSHIP_STATUS_CHANGED CREATED',
    ]);
  });

  it('makes who is named the owner, whom it finds when they are there', async () => {
    const [one, two] = await Promise.all([
      create({ ownerEmail: 'grace@example.com' }),
      create({ ownerEmail: 'GRACE@example.com' }),
    ]);
    expect(one.membership).toMatchObject({ roles: [{ key: 'owner' }] });
    expect(two.membership).toMatchObject({ roles: [{ key: 'owner' }] });
    const users = await world.query(`SELECT FROM "user" WHERE email = 'grace@example.com'`);
    expect(users).toHaveLength(1);
    expect(await create({})).toMatchObject({ membership: null });
  });

  it('leaves nothing behind when it is refused', async () => {
    const before = await Promise.all(['organization', '"user"', 'event'].map(count));
    expect(await create({ seatLimit: 0, ownerEmail: 'nobody@example.com' })).toEqual({
      __typename: 'SeatLimitError',
      code: 'SEAT_LIMIT',
      seatLimit: 0,
    });
    await world.query(`UPDATE environment SET memberships_per_user = 'ONE'`);
    await world.query(`UPDATE membership SET single_user_id = user_id WHERE id = (
      SELECT membership.id FROM membership JOIN "user" ON "user".id = user_id WHERE email = 'grace@example.com' LIMIT 1)`);
    expect(await create({ ownerEmail: 'grace@example.com' })).toMatchObject({
      code: 'SINGLE_MEMBERSHIP',
    });
    await world.query(`UPDATE membership SET single_user_id = NULL`);
    await world.query(`UPDATE environment SET memberships_per_user = 'MANY'`);
    expect(await Promise.all(['organization', '"user"', 'event'].map(count))).toEqual(before);
  });

  it('names everything that is wrong at once', async () => {
    const own = await makeRole(world, fresh('own'), [], await found(world));
    const result = await create({
      displayName: ' ',
      slug: 'www',
      logoUrl: 'ftp://example.com',
      seatLimit: -1,
      metadata: { a: 'x'.repeat(5000) },
      ownerEmail: 'not an address',
      settings: {
        authMethods: 'RESTRICTED',
        allowedDomains: ['localhost'],
        creatorRoleId: own.id,
        memberRoleId: encodeId('rol', BUILT_IN_ROLE_IDS.owner),
      },
    });
    expect(wrong(result).sort()).toEqual([
      'displayName',
      'logoUrl',
      'metadata',
      'ownerEmail',
      'seatLimit',
      'settings.allowedAuthMethods',
      'settings.allowedDomains.0',
      'settings.creatorRoleId',
      'settings.memberRoleId',
      'slug',
    ]);
    expect(wrong(await create({ settings: { memberRoleId: 'rol_x' } }))).toEqual([
      'settings.memberRoleId',
    ]);
    expect(wrong(await create({ ownerEmail: '' }))).toEqual(['ownerEmail']);
  });

  it('shows what has the slug or the external id to those who may see it', async () => {
    const id = await found(world, { slug: 'taken-slug', externalId: 'taken-id' });
    const existing = { id: encodeId('org', id) };
    expect(await create({ slug: 'taken-slug' })).toMatchObject({ field: 'slug', existing });
    const key = await keyWith(world, ['organization:create', 'trusted:write']);
    expect(await create({ slug: 'taken-slug' }, key)).toMatchObject({
      code: 'DUPLICATE_SLUG',
      existing: null,
    });
    expect(await create({ externalId: 'taken-id' }, key)).toMatchObject({
      code: 'DUPLICATE_EXTERNAL_ID',
      field: 'externalId',
      existing: null,
    });
  });

  it('is for keys of the environment, who write no trusted field without the right', async () => {
    const tenant = await makeTenant(world);
    const forbidden = { __typename: 'ForbiddenError', permission: 'organization:create' };
    for (const key of [null, tenant.key, await keyWith(world, ['organization:read'])]) {
      expect(await create({}, key)).toMatchObject(forbidden);
    }
    const creator = await keyWith(world, ['organization:create']);
    expect(await create({}, creator)).toEqual({
      __typename: 'OrganizationCreatePayload',
      organization: null,
      membership: null,
    });
    for (const trusted of [{ seatLimit: null }, { externalId: 'x' }, { metadata: {} }]) {
      expect(await create(trusted, creator)).toMatchObject({ permission: 'trusted:write' });
    }
  });

  it('gives roles by default only to those who hold what they give', async () => {
    const role = await makeRole(world, fresh('biller'), ['invoice:approve', 'membership:read']);
    const settings = { memberRoleId: role.id };
    const key = await keyWith(world, ['organization:create', 'membership:*']);
    expect(await create({ settings }, key)).toMatchObject({
      __typename: 'RoleTooHighError',
      permissions: ['invoice:approve'],
    });
    const other = await keyWith(world, ['organization:create', 'membership:*', 'invoice:*']);
    expect(await create({ settings }, other)).toMatchObject({
      __typename: 'OrganizationCreatePayload',
    });
  });
});

describe('who may change an organization', () => {
  it('depends on what is changed', async () => {
    const id = await found(world);
    const fields = [
      ['organization:update', { displayName: 'A', slug: fresh('s'), logoUrl: null }],
      ['settings:update', { settings: { mfaPolicy: 'REQUIRED' } }],
      ['trusted:write', { seatLimit: 5 }],
      ['trusted:write', { metadata: null }],
      ['trusted:write', { externalId: null }],
    ] as const;
    for (const [permission, input] of fields) {
      const key = await keyWith(world, [permission]);
      expect(await update(id, input, key)).toMatchObject({ organization: null });
      const others = ['organization:update', 'settings:update', 'trusted:write'].filter(
        (name) => name !== permission,
      );
      const lacking = await keyWith(world, ['membership:read', ...others]);
      expect(await update(id, input, lacking)).toMatchObject({ code: 'FORBIDDEN', permission });
      const blind = await keyWith(world, others);
      expect(await update(id, input, blind)).toMatchObject({ code: 'NOT_FOUND' });
    }
    const all = { displayName: 'B', settings: {}, seatLimit: 3 };
    const partly = await keyWith(world, ['organization:*', 'settings:*']);
    expect(await update(id, all, partly)).toMatchObject({ permission: 'trusted:write' });
  });

  it('is the organization itself, but not another, which it cannot tell from none', async () => {
    const [a, b] = [await makeTenant(world), await makeTenant(world)];
    expect(await update(a.id, { displayName: 'Mine', settings: {} }, a.key)).toMatchObject({
      organization: { displayName: 'Mine' },
    });
    expect(await update(a.id, { seatLimit: 1000 }, a.key)).toMatchObject({ code: 'FORBIDDEN' });
    const names = [
      { id: b.ids.org },
      { slug: b.slug },
      { externalId: b.externalId },
      { id: encodeId('org', '01980000-0000-7000-8000-0123456789ab') },
      { slug: 'no-such-slug' },
      { externalId: 'nul \0' },
    ];
    for (const organization of names) {
      for (const input of [{ displayName: 'Theirs' }, { seatLimit: 1 }, { settings: {} }]) {
        const asked = { organization, ...input };
        expect(await change(world, 'organizationUpdate', asked, a.key)).toEqual({
          __typename: 'NotFoundError',
          code: 'NOT_FOUND',
        });
        expect(await change(world, 'organizationUpdate', asked, null)).toMatchObject({
          code: 'NOT_FOUND',
        });
      }
    }
  });

  it('takes roles only from those who hold what they give, where they change', async () => {
    const tenant = await makeTenant(world);
    const role = await makeRole(world, fresh('high'), ['invoice:*'], tenant.id);
    const settings = { memberRoleId: role.id };
    const key = await keyWith(world, ['settings:update', 'organization:read'], tenant.id);
    expect(await update(tenant.id, { settings }, key)).toMatchObject({
      code: 'ROLE_TOO_HIGH',
      permissions: ['invoice:*'],
    });
    const holder = await keyWith(world, [ALL_PERMISSIONS], tenant.id);
    expect(await update(tenant.id, { settings }, holder)).toMatchObject({
      organization: { settings: { memberRole: { key: expect.stringContaining('high') } } },
    });
    const again = { settings: { ...settings, mfaPolicy: 'REQUIRED' } };
    expect(await update(tenant.id, again, key)).toMatchObject({
      organization: { settings: { mfaPolicy: 'REQUIRED' } },
    });
    const joined = await join(world, tenant.id);
    const held = await world.query('SELECT role_id FROM role_assignment WHERE membership_id = $1', [
      joined.membershipId,
    ]);
    expect(held).toEqual([{ role_id: role.uuid }]);
  });
});
