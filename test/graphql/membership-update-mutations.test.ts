import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { addUsers } from '../../src/domain/user.ts';
import { act, found, fresh, join } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { change, eventsOf, mbr, stored } from './change.ts';

let world: TestGateway;
let organizationId: string;

beforeAll(async () => {
  world = await createGateway();
  organizationId = await found(world);
  await join(world, organizationId, { roleKeys: ['owner'] });
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

const update = (input: Record<string, unknown>, credential?: string) =>
  change(world, 'MembershipUpdate', input, credential);

describe('a change', () => {
  it.each(['ACTIVE', 'SUSPENDED', 'PENDING_INVITE', 'REMOVED'] as const)(
    'of a membership that is %s is written with its event',
    async (status) => {
      const member = await join(world, organizationId, { status, metadata: { a: 1, b: 2 } });
      const externalId = fresh('external');
      const result = await update({
        membershipId: mbr(member),
        name: ' Zoë 李 👩‍🚀 ',
        externalId,
        metadata: { b: null, c: [1, { d: 'é' }] },
        untrustedMetadata: { theme: 'dark' },
        isBreakglass: true,
        expectedVersion: 1,
      });
      expect(result).toMatchObject({
        membership: {
          id: mbr(member),
          version: 2,
          status,
          name: 'Zoë 李 👩‍🚀',
          externalId,
          metadata: { a: 1, c: [1, { d: 'é' }] },
          untrustedMetadata: { theme: 'dark' },
          isBreakglass: true,
          emailAddress: member.email,
        },
      });
      expect(await eventsOf(world, member)).toEqual([
        {
          type: 'MEMBERSHIP_UPDATED',
          cause: 'UPDATED',
          userId: member.userId,
          detail: {
            changes: [
              { field: 'name', before: null, after: 'Zoë 李 👩‍🚀' },
              { field: 'externalId', before: null, after: externalId },
              {
                field: 'metadata',
                before: { a: 1, b: 2 },
                after: { a: 1, c: [1, { d: 'é' }] },
              },
              { field: 'untrustedMetadata', before: {}, after: { theme: 'dark' } },
              { field: 'isBreakglass', before: false, after: true },
            ],
          },
        },
      ]);
      expect(await stored(world, member)).toMatchObject({
        nameKey: 'zoe 李 👩‍🚀',
        emailKey: member.email,
        searchText: `zoe 李 👩‍🚀\n${member.email}`,
      });
    },
  );

  it('clears with null, and leaves what is absent', async () => {
    const member = await join(world, organizationId, {
      name: 'Ada',
      externalId: fresh('external'),
      metadata: { a: 1 },
      untrustedMetadata: { b: 2 },
    });
    const cleared = { name: null, externalId: null, metadata: null };
    expect(await update({ membershipId: mbr(member), ...cleared })).toMatchObject({
      membership: {
        version: 2,
        name: null,
        externalId: null,
        metadata: {},
        untrustedMetadata: { b: 2 },
      },
    });
    expect(await stored(world, member)).toMatchObject({ nameKey: '', searchText: member.email });
  });

  it('that changes nothing is no event and no version', async () => {
    const externalId = fresh('external');
    const values = { name: 'Ada', externalId, metadata: { a: 1, b: { c: 1, d: 2 } } };
    const member = await join(world, organizationId, values);
    const same = {
      name: ' Ada ',
      externalId,
      metadata: { b: { d: 2, c: 1 } },
      untrustedMetadata: { absent: null },
      isBreakglass: false,
    };
    const membership = { version: 1, ...values };
    expect(await update({ membershipId: mbr(member), ...same })).toMatchObject({ membership });
    expect(await update({ membershipId: mbr(member) })).toMatchObject({ membership });
    expect(await eventsOf(world, member)).toEqual([]);
  });

  it('of the name stays behind the name of a shared person, also in what lists sort by', async () => {
    const email = `${fresh('named')}@example.com`;
    await act(world, [], (tx) => addUsers(tx, [{ email, name: 'Grace' }], { act: 'create' }));
    const member = await join(world, organizationId, { email });
    expect(await update({ membershipId: mbr(member), name: 'Boss' })).toMatchObject({
      membership: { version: 2, name: 'Grace' },
    });
    expect(await stored(world, member)).toMatchObject({
      nameKey: 'grace',
      searchText: `grace\n${email}`,
    });
    expect(await eventsOf(world, member)).toMatchObject([
      { detail: { changes: [{ field: 'name', before: null, after: 'Boss' }] } },
    ]);
  });
});

describe('what is refused', () => {
  it.each([
    { profile: { givenName: 'Ada' } },
    { profile: { familyName: null } },
    { profile: { pictureUrl: 'https://example.com/a.png' } },
    { profile: { locale: 'en' } },
    { profile: null },
    { emailAddress: 'new@example.com' },
  ])('%j, which is the shared person’s own', async (fields) => {
    const member = await join(world, organizationId);
    expect(await update({ membershipId: mbr(member), name: 'Ada', ...fields })).toEqual({
      code: 'WRONG_IDENTITY_MODEL',
      identityModel: 'SHARED',
    });
    expect((await stored(world, member))?.version).toBe(1);
  });

  it('all that is wrong with the input, at once', async () => {
    const member = await join(world, organizationId, { metadata: { k0: 0 } });
    const result = await update({
      membershipId: mbr(member),
      name: '\u0007',
      externalId: 'x'.repeat(256),
      // With the one that is there, one too many.
      metadata: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`k${n + 1}`, n])),
      untrustedMetadata: { big: 'x'.repeat(5000) },
      isBreakglass: null,
    });
    expect(result).toMatchObject({ code: 'INVALID_INPUT' });
    const { issues } = result as { issues: { path: string[] }[] };
    expect(issues.map(({ path }) => path.join('.')).sort()).toEqual([
      'externalId',
      'isBreakglass',
      'metadata',
      'name',
      'untrustedMetadata',
    ]);
    expect((await stored(world, member))?.version).toBe(1);
  });

  it('a version that it is not at', async () => {
    const member = await join(world, organizationId);
    const input = { membershipId: mbr(member), name: 'Ada', expectedVersion: 2 };
    expect(await update(input)).toEqual({ code: 'CONFLICT', currentVersion: 1 });
    expect(await update({ ...input, expectedVersion: 1 })).toMatchObject({
      membership: { version: 2 },
    });
    expect(await update({ ...input, expectedVersion: 1 })).toEqual({
      code: 'CONFLICT',
      currentVersion: 2,
    });
  });

  it('an external id that another membership of the organization has, not of another one', async () => {
    const externalId = fresh('external');
    const holder = await join(world, organizationId, { externalId, status: 'REMOVED' });
    const member = await join(world, organizationId);
    expect(await update({ membershipId: mbr(member), externalId })).toEqual({
      code: 'DUPLICATE_EXTERNAL_ID',
      field: 'externalId',
      existing: { id: mbr(holder) },
    });
    const elsewhere = await join(world, await found(world));
    expect(await update({ membershipId: mbr(elsewhere), externalId })).toMatchObject({
      membership: { externalId },
    });
  });

  it('ids that are broken, of another kind or of nothing', async () => {
    const issues = [{ path: ['membershipId'], message: expect.stringContaining('mbr_') }];
    for (const membershipId of ['', 'mbr_x', encodeId('org', organizationId)]) {
      expect(await update({ membershipId, name: 'A' })).toEqual({ code: 'INVALID_INPUT', issues });
    }
    const absent = encodeId('mbr', '01980000-0000-7000-8000-0123456789ab');
    expect(await update({ membershipId: absent, name: 'A' })).toEqual({ code: 'NOT_FOUND' });
  });
});

describe('rights', () => {
  it('a change takes membership:update, and who may not see the membership learns nothing', async () => {
    const member = await join(world, organizationId);
    const input = { membershipId: mbr(member), name: 'Ada' };
    const reader = await keyWith(world, ['membership:read'], organizationId);
    expect(await update(input, reader)).toEqual({
      code: 'FORBIDDEN',
      permission: 'membership:update',
    });
    const blind = await keyWith(world, ['organization:read'], organizationId);
    const foreign = await keyWith(world, ['*:*'], await found(world));
    for (const key of [blind, foreign]) {
      expect(await update(input, key)).toEqual({ code: 'NOT_FOUND' });
    }
    expect((await stored(world, member))?.version).toBe(1);
    const writer = await keyWith(world, ['membership:update'], organizationId);
    expect(await update(input, writer)).toEqual({ membership: null });
    expect((await stored(world, member))?.version).toBe(2);
  });

  it('trusted fields are for keys of the environment with trusted:write, also to clear them', async () => {
    const member = await join(world, organizationId);
    const keys = [
      await keyWith(world, ['*:*'], organizationId),
      await keyWith(world, ['membership:*']),
    ];
    for (const key of keys) {
      for (const field of [{ metadata: { a: 1 } }, { metadata: null }, { externalId: null }]) {
        const refused = { code: 'FORBIDDEN', permission: 'trusted:write' };
        expect(await update({ membershipId: mbr(member), ...field }, key)).toEqual(refused);
      }
      const untrustedMetadata = { [fresh('key')]: 1 };
      expect(await update({ membershipId: mbr(member), untrustedMetadata }, key)).toMatchObject({
        membership: { untrustedMetadata },
      });
    }
  });

  it('breakglass, and whatever else of an owner, is for owners', async () => {
    const owner = await join(world, organizationId, { roleKeys: ['owner'] });
    const member = await join(world, organizationId);
    const admin = await keyWith(world, ['membership:*', 'role:*'], organizationId);
    const refused = { code: 'FORBIDDEN', permission: 'membership:update' };
    expect(await update({ membershipId: mbr(member), isBreakglass: false }, admin)).toEqual(
      refused,
    );
    expect(await update({ membershipId: mbr(owner), name: 'Ada' }, admin)).toEqual(refused);
    const full = await keyWith(world, ['*:*'], organizationId);
    expect(await update({ membershipId: mbr(owner), isBreakglass: true }, full)).toMatchObject({
      membership: { isBreakglass: true },
    });
  });
});
