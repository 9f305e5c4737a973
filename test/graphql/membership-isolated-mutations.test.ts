import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { normalizeEmail } from '../../src/domain/email.ts';
import { encodeId } from '../../src/domain/id.ts';
import { BUILT_IN_ROLES } from '../../src/domain/permission.ts';
import { addUsers } from '../../src/domain/user.ts';
import { act, expectConsistent, found, fresh, join } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { change, eventsOf, mbr, setModel, stored } from './change.ts';

const address = () => `${fresh('new')}@example.com`;

describe.each(['MANY', 'ONE'] as const)('in ISOLATED, with %s', (membershipsPerUser) => {
  let world: TestGateway;
  let organizationId: string;

  beforeAll(async () => {
    world = await createGateway();
    await setModel(world, 'ISOLATED', membershipsPerUser);
    organizationId = await found(world);
    await join(world, organizationId, { roleKeys: ['owner'] });
  });

  afterAll(async () => {
    expect(await brokenInvariants(world.url)).toEqual([]);
    await expectConsistent(world);
    await world.close();
  });

  const update = (input: Record<string, unknown>, credential?: string) =>
    change(world, 'MembershipUpdate', input, credential);

  const userOf = async (email: string) => {
    const [user] = await world.query<{
      id: string;
      invited: boolean;
      count: number;
      name: unknown;
    }>(
      'SELECT id, invited_only AS invited, membership_count AS count, name FROM "user" WHERE email = $1',
      [email],
    );
    return user;
  };

  const usersCreated = async (email: string) =>
    world.query(
      `SELECT cause FROM event JOIN "user" ON "user".id = user_id
       WHERE email = $1 AND type = 'USER_CREATED'`,
      [email],
    );

  it('the profile is the organization’s own', async () => {
    const member = await join(world, organizationId);
    const profile = {
      givenName: 'Ada',
      familyName: 'Lovelace',
      pictureUrl: 'https://example.com/ada.png',
      locale: 'en_gb',
    };
    const input = { membershipId: mbr(member), name: 'Ada Lovelace', profile };
    const membership = { version: 2, name: 'Ada Lovelace', ...profile, locale: 'en-GB' };
    expect(await update(input)).toMatchObject({ membership });
    expect(await update(input)).toMatchObject({ membership });
    expect(await userOf(member.email)).toMatchObject({ name: null });
    const clearOne = { membershipId: mbr(member), profile: { familyName: null } };
    expect(await update(clearOne)).toMatchObject({
      membership: { ...membership, version: 3, familyName: null },
    });
    expect(await update({ membershipId: mbr(member), profile: null })).toMatchObject({
      membership: { version: 4, name: 'Ada Lovelace', givenName: null, pictureUrl: null },
    });
    const events = await eventsOf(world, member);
    expect(events.map(({ cause }) => cause)).toEqual(['UPDATED', 'UPDATED', 'UPDATED']);
    expect(events[1]?.detail).toEqual({
      changes: [{ field: 'familyName', before: 'Lovelace', after: null }],
    });
  });

  it('what is wrong with the profile is told where it stands', async () => {
    const member = await join(world, organizationId);
    const profile = { givenName: '', pictureUrl: 'javascript:alert(1)', locale: 'not a tag' };
    const input = { membershipId: mbr(member), profile, emailAddress: null };
    expect(await update(input)).toMatchObject({
      code: 'INVALID_INPUT',
      issues: [
        { path: ['profile', 'givenName'] },
        { path: ['profile', 'pictureUrl'] },
        { path: ['profile', 'locale'] },
        { path: ['emailAddress'] },
      ],
    });
  });

  it.each(['ACTIVE', 'SUSPENDED'] as const)(
    'another address makes a membership that is %s another user’s',
    async (status) => {
      const member = await join(world, organizationId, { status, name: 'Ada' });
      await world.query('UPDATE membership SET email_verified = true WHERE id = $1', [
        member.membershipId,
      ]);
      const spelled = `  ${fresh('New')}@BÜCHER.example `;
      const email = normalizeEmail(spelled) ?? '';
      const input = { membershipId: mbr(member), emailAddress: spelled, expectedVersion: 1 };
      const result = await update(input);
      const user = await userOf(email);
      const userId = user?.id ?? '';
      expect(user).toMatchObject({ invited: false, count: 1, name: null });
      expect(await userOf(member.email)).toMatchObject({ invited: false, count: 0 });
      expect(result).toMatchObject({
        membership: {
          id: mbr(member),
          version: 2,
          status,
          name: 'Ada',
          emailAddress: email,
          emailVerified: false,
          user: { id: encodeId('usr', userId) },
          roleAssignments: [{ source: 'DEFAULT', role: { key: 'member' } }],
        },
      });
      expect(await stored(world, member)).toEqual({
        version: 2,
        nameKey: 'ada',
        emailKey: email,
        searchText: `ada\n${email}`,
        singleUserId: membershipsPerUser === 'ONE' ? userId : null,
      });
      const changes = [{ field: 'emailAddress', before: member.email, after: email }];
      expect(await eventsOf(world, member)).toEqual([
        { type: 'MEMBERSHIP_UPDATED', cause: 'EMAIL_CHANGED', userId, detail: { changes } },
      ]);
      expect(await usersCreated(email)).toEqual([{ cause: 'CREATED' }]);
    },
  );

  it('the address and other fields are one step and two events', async () => {
    const member = await join(world, organizationId);
    const emailAddress = address();
    const input = { membershipId: mbr(member), emailAddress, name: 'Ada', metadata: { a: 1 } };
    expect(await update(input)).toMatchObject({ membership: { version: 2, name: 'Ada' } });
    const userId = (await userOf(emailAddress))?.id;
    expect(await eventsOf(world, member)).toMatchObject([
      { cause: 'EMAIL_CHANGED', userId },
      { cause: 'UPDATED', userId, detail: { changes: [{ field: 'name' }, { field: 'metadata' }] } },
    ]);
    expect(await stored(world, member)).toMatchObject({ searchText: `ada\n${emailAddress}` });
  });

  it('the same address in another spelling changes nothing, whatever the status', async () => {
    for (const status of ['ACTIVE', 'PENDING_INVITE', 'REMOVED'] as const) {
      const member = await join(world, organizationId, { status });
      const emailAddress = ` ${member.email.toUpperCase()} `;
      expect(await update({ membershipId: mbr(member), emailAddress })).toMatchObject({
        membership: { version: 1, emailAddress: member.email },
      });
      expect(await eventsOf(world, member)).toEqual([]);
    }
  });

  it('who only was invited elsewhere becomes a user like any other', async () => {
    const elsewhere = await found(world);
    const invited = await join(world, elsewhere, { status: 'PENDING_INVITE' });
    expect(await userOf(invited.email)).toMatchObject({ invited: true, count: 1 });
    const member = await join(world, organizationId);
    const input = { membershipId: mbr(member), emailAddress: invited.email };
    expect(await update(input)).toMatchObject({
      membership: { user: { id: encodeId('usr', invited.userId) } },
    });
    expect(await userOf(invited.email)).toMatchObject({ invited: false, count: 2 });
    expect(await usersCreated(invited.email)).toEqual([{ cause: 'CREATED' }]);
  });

  it('a user who is there is taken as they are, and other memberships stay', async () => {
    const email = address();
    await act(world, [], (tx) => addUsers(tx, [{ email }], { act: 'create' }));
    const removed = await join(world, await found(world), { email, status: 'REMOVED' });
    const member = await join(world, organizationId);
    const result = await update({ membershipId: mbr(member), emailAddress: email });
    expect(result).toMatchObject({
      membership: { emailAddress: email, user: { id: encodeId('usr', removed.userId) } },
    });
    expect(await usersCreated(email)).toHaveLength(1);
    expect(await userOf(email)).toMatchObject({ count: 1 });
    expect(await stored(world, removed)).toMatchObject({ version: 1, emailKey: email });
  });

  it(`a member of another organization ${membershipsPerUser === 'ONE' ? 'is refused' : 'may be one here too'}`, async () => {
    const other = await join(world, await found(world));
    const member = await join(world, organizationId);
    const result = await update({ membershipId: mbr(member), emailAddress: other.email });
    if (membershipsPerUser === 'ONE') {
      expect(result).toEqual({ code: 'SINGLE_MEMBERSHIP' });
      expect(await stored(world, member)).toMatchObject({ version: 1, emailKey: member.email });
      expect(await userOf(member.email)).toMatchObject({ count: 1 });
    } else {
      expect(result).toMatchObject({ membership: { emailAddress: other.email } });
      expect(await userOf(other.email)).toMatchObject({ count: 2 });
    }
    expect(await stored(world, other)).toMatchObject({ version: 1, emailKey: other.email });
  });

  it('an address that has a row in the organization, a removed one too, is a duplicate', async () => {
    const member = await join(world, organizationId);
    for (const status of ['ACTIVE', 'PENDING_INVITE', 'REMOVED'] as const) {
      const other = await join(world, organizationId, { status });
      const input = { membershipId: mbr(member), emailAddress: other.email, name: 'Ada' };
      const existing = { id: mbr(other) };
      const duplicate = { code: 'DUPLICATE_EMAIL', field: 'emailAddress', existing };
      expect(await update(input)).toEqual(duplicate);
    }
    expect(await stored(world, member)).toMatchObject({ version: 1, nameKey: '' });
    expect(await eventsOf(world, member)).toEqual([]);
  });

  it('only members have an address that changes, and one that is an address', async () => {
    for (const status of ['PENDING_INVITE', 'REMOVED'] as const) {
      const member = await join(world, organizationId, { status });
      const emailAddress = address();
      const input = { membershipId: mbr(member), emailAddress };
      expect(await update(input)).toEqual({ code: 'INVALID_TRANSITION', status });
      expect(await userOf(emailAddress)).toBeUndefined();
    }
    const member = await join(world, organizationId);
    for (const emailAddress of [null, '', 'ada', 'a@b@example.com']) {
      expect(await update({ membershipId: mbr(member), emailAddress })).toMatchObject({
        code: 'INVALID_INPUT',
        issues: [{ path: ['emailAddress'] }],
      });
    }
  });

  it('nobody takes roles by an address that they could not give', async () => {
    const admin = await join(world, organizationId, { roleKeys: ['admin'] });
    const owner = await join(world, organizationId, { roleKeys: ['owner'] });
    const suspended = await join(world, organizationId, {
      roleKeys: ['owner'],
      status: 'SUSPENDED',
    });
    const to = (member: { membershipId: string }, key: string) =>
      update({ membershipId: mbr(member), emailAddress: address() }, key);
    const permissions = ['membership:*', 'organization:read', 'role:read'];
    const low = await keyWith(world, permissions, organizationId);
    expect(await to(admin, low)).toMatchObject({
      code: 'ROLE_TOO_HIGH',
      permissions: expect.arrayContaining(['role:assign']),
    });
    expect(await to(await join(world, organizationId), low)).toMatchObject({ membership: {} });
    const high = await keyWith(world, [...BUILT_IN_ROLES.admin], organizationId);
    expect(await to(admin, high)).toMatchObject({ membership: { version: 2 } });
    for (const member of [owner, suspended]) {
      expect(await to(member, high)).toEqual({
        code: 'FORBIDDEN',
        permission: 'membership:update',
      });
    }
    const blind = ['membership:update', 'membership:read', 'organization:read', 'role:read'];
    expect(await to(admin, await keyWith(world, blind, organizationId))).toEqual({
      code: 'FORBIDDEN',
      permission: 'membership:readDetails',
    });
  });

  it('nobody but an owner gives breakglass away with the address', async () => {
    const member = await join(world, organizationId);
    await update({ membershipId: mbr(member), isBreakglass: true });
    const high = await keyWith(world, [...BUILT_IN_ROLES.admin], organizationId);
    const input = { membershipId: mbr(member), emailAddress: address() };
    expect(await update(input, high)).toMatchObject({
      code: 'FORBIDDEN',
      permission: 'membership:update',
    });
    const owners = await keyWith(world, [...BUILT_IN_ROLES.owner], organizationId);
    expect(await update(input, owners)).toMatchObject({ membership: { isBreakglass: true } });
  });

  it('many at once that want one address: one of an organization gets it', async () => {
    const members = await Promise.all([1, 2, 3, 4].map(() => join(world, organizationId)));
    const others = await Promise.all([1, 2].map(async () => join(world, await found(world))));
    const emailAddress = address();
    const results = await Promise.all(
      [...members, ...others].map((member) => update({ membershipId: mbr(member), emailAddress })),
    );
    const here = results.slice(0, 4).filter((result) => 'membership' in (result as object));
    const all = results.filter((result) => 'membership' in (result as object));
    if (membershipsPerUser === 'ONE') {
      expect(all).toHaveLength(1);
    } else {
      expect([here.length, all.length]).toEqual([1, 3]);
    }
    expect(await userOf(emailAddress)).toMatchObject({ count: all.length });
  });
});
