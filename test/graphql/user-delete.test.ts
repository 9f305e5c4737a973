import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Acts } from '../../src/domain/acts.ts';
import { encodeId } from '../../src/domain/id.ts';
import { inviteMembers } from '../../src/domain/invitation.ts';
import { addMembers, suspendMembers } from '../../src/domain/membership.ts';
import { addOrganizations } from '../../src/domain/organization.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import { act, expectConsistent, found, fresh, join } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { eventsOf, say } from './user-asks.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterEach(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await expectConsistent(world);
});

afterAll(() => world.close());

const usr = (userId: string) => encodeId('usr', userId);

/** Every row of every table, as text. */
async function dump(): Promise<string> {
  const tables = await world.query<{ name: string }>(
    `SELECT format('%I', table_name) AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  expect(tables.length).toBeGreaterThan(12);
  const rows = await Promise.all(
    tables.map(({ name }) =>
      world.query<{ text: string | null }>(
        `SELECT string_agg(row_to_json(row)::text, chr(10)) AS text FROM ${name} AS row`,
      ),
    ),
  );
  return rows.flatMap((those) => those.map(({ text }) => text ?? '')).join('\n');
}

/** What is left of a user and their memberships. */
function remains(userId: string) {
  return world.query(
    `SELECT id FROM "user" WHERE id = $1 UNION ALL SELECT id FROM membership WHERE user_id = $1
     UNION ALL SELECT id FROM identity WHERE user_id = $1
     UNION ALL SELECT event_id FROM event_detail WHERE user_id = $1`,
    [userId],
  );
}

it('leaves nothing of a person but ids, types, times and causes', async () => {
  const [first, second, third] = [await found(world), await found(world), await found(world)];
  const secrets = {
    address: 'secretaddress',
    former: 'formeraddress',
    name: 'Secretname',
    given: 'Secretgiven',
    nickname: 'Secretnickname',
    reason: 'Secretreason',
    external: 'secretexternal',
    memberExternal: 'secretmemberexternal',
    bag: 'secretbag',
    memberBag: 'secretmemberbag',
    subject: 'secretsubject',
    account: 'secretaccount',
    message: 'Secretmessage',
  };
  const { userId, membershipId, email } = await join(world, first, {
    email: `${secrets.former}@example.com`,
    name: secrets.nickname,
    externalId: secrets.memberExternal,
    metadata: { note: secrets.memberBag },
  });
  await join(world, second, { email, status: 'REMOVED' });
  await act(world, [third], (tx) =>
    inviteMembers(tx, [{ organizationId: third, email, message: secrets.message }], {
      isSent: false,
    }),
  );
  const suspension = { membershipId, reason: secrets.reason };
  await act(world, [first], (tx) => suspendMembers(tx, [suspension]));
  await say(world, 'userUpdate', {
    user: { id: usr(userId) },
    email: `${secrets.address}@example.com`,
    externalId: secrets.external,
    profile: { name: secrets.name, givenName: secrets.given },
    untrustedMetadata: { note: secrets.bag },
  });
  await say(world, 'identityLink', {
    userId: usr(userId),
    issuer: 'https://issuer.example',
    subject: secrets.subject,
    email: `${secrets.account}@example.com`,
  });
  const before = (await dump()).toLowerCase();
  for (const secret of Object.values(secrets)) {
    expect(before).toContain(secret.toLowerCase());
  }
  const past = (await eventsOf(world, userId)).length;

  const confirmEmail = ` ${secrets.address.toUpperCase()}@Example.com`;
  expect(await say(world, 'userDelete', { userId: usr(userId), confirmEmail })).toEqual({
    __typename: 'UserDeletePayload',
    deletedUserId: usr(userId),
  });
  const after = (await dump()).toLowerCase();
  for (const secret of Object.values(secrets)) {
    expect(after).not.toContain(secret.toLowerCase());
  }
  expect(await remains(userId)).toEqual([]);
  const events = await eventsOf(world, userId);
  expect(events.every(({ detail }) => detail === null)).toBe(true);
  expect(events.slice(past).map(({ organization_id: _, ...event }) => event)).toEqual([
    ...Array(3).fill({
      type: 'MEMBERSHIP_DELETED',
      cause: 'DELETED',
      actor_kind: 'API_KEY',
      detail: null,
    }),
    { type: 'USER_DELETED', cause: 'DELETED', actor_kind: 'API_KEY', detail: null },
  ]);
  const deletions = events.slice(past, -1).map((event) => event.organization_id);
  expect(deletions.sort()).toEqual([first, second, third].sort());
  expect(await say(world, 'userDelete', { userId: usr(userId), confirmEmail })).toMatchObject({
    code: 'NOT_FOUND',
  });
});

it('forgets the deadline that it settles on the way', async () => {
  const organizationId = await found(world);
  const { userId, membershipId, email } = await join(world, organizationId);
  const until = new Date(Date.now() + 60_000);
  await act(world, [organizationId], (tx) => suspendMembers(tx, [{ membershipId, until }]));
  await world.query(
    "UPDATE membership SET status_deadline = now() - interval '1 second' WHERE id = $1",
    [membershipId],
  );
  const { __typename } = await say(world, 'userDelete', {
    userId: usr(userId),
    confirmEmail: email,
  });
  expect(__typename).toBe('UserDeletePayload');
  const events = await eventsOf(world, userId);
  expect(events.map(({ cause, detail }) => [cause, detail])).toContainEqual([
    'SUSPENSION_ENDED',
    null,
  ]);
  expect(await remains(userId)).toEqual([]);
});

it("forgets the address in what tells that a membership became another user's", async () => {
  const organizationId = await found(world);
  const email = `${fresh('former')}@example.com`;
  await act(world, [organizationId], (tx) =>
    inviteMembers(tx, [{ organizationId, email }], { isSent: false }),
  );
  const former = await join(world, organizationId, { email });
  const next = await join(world, await found(world));
  const { membershipId } = former;
  await act(world, [organizationId], async (tx) => {
    await tx.db.membership.update({
      where: { id: membershipId },
      data: { userId: next.userId, emailKey: next.email, searchText: next.email },
    });
    await tx.db.$executeRaw`
      UPDATE "user" SET membership_count = CASE id WHEN ${next.userId}::uuid THEN 2 ELSE 0 END
      WHERE id IN (${former.userId}::uuid, ${next.userId}::uuid)`;
    const told = { organizationId, membershipId, userId: next.userId };
    const changes = [{ field: 'emailAddress', before: former.email, after: next.email }];
    tx.append({ type: 'MEMBERSHIP_UPDATED', cause: 'EMAIL_CHANGED', ...told, detail: { changes } });
    tx.append({ type: 'MEMBERSHIP_UPDATED', cause: 'UPDATED', ...told, detail: { kept: true } });
  });
  expect(await dump()).toContain(former.email);
  const input = { userId: usr(former.userId), confirmEmail: former.email };
  expect((await say(world, 'userDelete', input)).__typename).toBe('UserDeletePayload');
  expect(await dump()).not.toContain(former.email);
  const about = await eventsOf(world, next.userId);
  expect(about.map(({ detail }) => detail).slice(-2)).toEqual([null, { kept: true }]);
  const memberships = await world.query('SELECT FROM membership WHERE user_id = $1', [next.userId]);
  expect(memberships).toHaveLength(2);
});

it('asks for the address, and for the version if one is given', async () => {
  const { userId, email } = await join(world, await found(world));
  const input = { userId: usr(userId), confirmEmail: email };
  for (const confirmEmail of ['', 'nobody', `x${email}`, `${email}, ${email}`]) {
    const said = await say(world, 'userDelete', { ...input, confirmEmail });
    expect(said.issues?.map(({ path }) => path)).toEqual([['confirmEmail']]);
  }
  expect(await say(world, 'userDelete', { ...input, expectedVersion: 7 })).toMatchObject({
    code: 'CONFLICT',
    currentVersion: 1,
  });
  expect(await remains(userId)).not.toEqual([]);
  expect(await say(world, 'userDelete', { ...input, expectedVersion: 1 })).toMatchObject({
    deletedUserId: usr(userId),
  });
});

it('needs user:delete, and hides users from those who may not see them', async () => {
  const organizationId = await found(world);
  const { userId, email } = await join(world, organizationId);
  const input = { userId: usr(userId), confirmEmail: email };
  const cases: [string | null, string][] = [
    [null, 'NOT_FOUND'],
    [await keyWith(world, ['*:*'], await found(world)), 'NOT_FOUND'],
    [await keyWith(world, ['user:update', 'role:*']), 'NOT_FOUND'],
    [await keyWith(world, ['*:*'], organizationId), 'FORBIDDEN'],
    [await keyWith(world, ['user:update', 'membership:*']), 'FORBIDDEN'],
    [await keyWith(world, ['user:read', 'user:update']), 'FORBIDDEN'],
    // The confirmation would tell it whose address is right.
    [await keyWith(world, ['user:delete']), 'FORBIDDEN'],
  ];
  for (const [credential, code] of cases) {
    expect((await say(world, 'userDelete', input, credential)).code).toBe(code);
  }
  for (const id of [encodeId('org', userId), 'usr_x', '']) {
    const { issues } = await say(world, 'userDelete', { ...input, userId: id });
    expect(issues?.map(({ path }) => path)).toEqual([['userId']]);
  }
  expect(await remains(userId)).not.toEqual([]);
  const key = await keyWith(world, ['user:delete', 'user:read']);
  expect((await say(world, 'userDelete', input, key)).__typename).toBe('UserDeletePayload');
});

it('names every organization that would lose its last owner, and deletes nothing', async () => {
  const [sole, alsoSole, shared, plain] = await Promise.all([1, 2, 3, 4].map(() => found(world)));
  const roleKeys = ['owner'];
  const { userId, email } = await join(world, sole ?? '', { roleKeys });
  await join(world, alsoSole ?? '', { email, roleKeys });
  await join(world, shared ?? '', { email, roleKeys });
  await join(world, shared ?? '', { roleKeys });
  await join(world, plain ?? '', { email });
  const input = { userId: usr(userId), confirmEmail: email };
  const refusal = await say(world, 'userDelete', input);
  expect(refusal.code).toBe('LAST_OWNER');
  expect(refusal.organizations?.map(({ id }) => id).sort()).toEqual(
    [sole, alsoSole].map((id) => encodeId('org', id ?? '')).sort(),
  );
  const memberships = await world.query('SELECT FROM membership WHERE user_id = $1', [userId]);
  expect(memberships).toHaveLength(4);
  await join(world, sole ?? '', { roleKeys });
  await join(world, alsoSole ?? '', { roleKeys });
  expect(await say(world, 'userDelete', input)).toMatchObject({ deletedUserId: usr(userId) });
});

it('deletes a user with 200 memberships', async () => {
  const email = `${fresh('busy')}@example.com`;
  const names = Array.from({ length: 200 }, () => ({ displayName: fresh('Organization ') }));
  const created = await act(world, [], (tx) => addOrganizations(tx, names, { act: 'create' }));
  const organizations = created.flatMap((row) => (row.outcome === 'created' ? [row.id] : []));
  expect(organizations).toHaveLength(200);
  const rows = organizations.map((organizationId) => ({ organizationId, email }));
  await act(world, organizations, (tx) => addMembers(tx, rows, { act: 'import' }));
  const [user] = await world.query<{ id: string }>('SELECT id FROM "user" WHERE email = $1', [
    email,
  ]);
  const userId = user?.id ?? '';
  expect(
    await say(world, 'userDelete', { userId: usr(userId), confirmEmail: email }),
  ).toMatchObject({ deletedUserId: usr(userId) });
  expect(await remains(userId)).toEqual([]);
  const events = await eventsOf(world, userId);
  expect(events.filter(({ type }) => type === 'MEMBERSHIP_DELETED')).toHaveLength(200);
});

it('starts over with the organization that the user joined after it had looked', async () => {
  const [first, second] = [await found(world), await found(world)];
  const { userId, email } = await join(world, first);
  const locked: string[][] = [];
  const runner: typeof world.runner = {
    ...world.runner,
    async inTurn(names, work, giveUp) {
      locked.push(names);
      if (locked.length === 1) {
        await join(world, second, { email });
      }
      return await world.runner.inTurn(names, work, giveUp);
    },
  };
  const acts = new Acts({ runner, principal: SYSTEM, requestId: 'test' });
  await acts.users.delete({ userId, confirmEmail: email });
  expect(locked).toEqual([[first], [first, second].sort()]);
  expect(await remains(userId)).toEqual([]);
});
