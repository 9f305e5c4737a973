import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { inviteMembers } from '../../src/domain/invitation.ts';
import { single } from '../../src/domain/outcome.ts';
import { act, found, fresh, join } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { eventsOf, say, sayUser, type UserFields } from './user-asks.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterEach(async () => expect(await brokenInvariants(world.url)).toEqual([]));

afterAll(() => world.close());

const address = () => `${fresh('ada')}@example.com`;

const uuid = (id: string) => decodeId('usr', id) ?? '';

/** A user with everything. */
function create(): Promise<UserFields> {
  return sayUser(world, 'userCreate', {
    email: address(),
    emailVerified: true,
    externalId: fresh('ext'),
    profile: {
      name: 'Ada Lovelace',
      givenName: 'Ada',
      familyName: 'Lovelace',
      pictureUrl: 'https://example.com/a.png',
      locale: 'en',
    },
    metadata: { plan: 'pro', seats: 3 },
    untrustedMetadata: { theme: 'dark' },
  });
}

/** What has happened to a user since they were created, in short. */
async function updatesOf(user: UserFields) {
  const events = await eventsOf(world, uuid(user.id));
  return events
    .filter(({ type }) => type === 'USER_UPDATED')
    .map(({ cause, detail }) => ({ cause, changes: detail?.changes }));
}

const cleared = { name: null, givenName: null, familyName: null, pictureUrl: null, locale: null };

it('changes what is given and leaves the rest', async () => {
  const user = await create();
  const profile = { name: 'Ada King', locale: 'en_gb' };
  const updated = await sayUser(world, 'userUpdate', { user: { id: user.id }, profile });
  expect(updated).toEqual({ ...user, name: 'Ada King', locale: 'en-GB', version: 2 });
  expect(await updatesOf(user)).toEqual([
    {
      cause: 'UPDATED',
      changes: [
        { field: 'name', before: 'Ada Lovelace', after: 'Ada King' },
        { field: 'locale', before: 'en', after: 'en-GB' },
      ],
    },
  ]);
});

it('clears what is null, and merges metadata by their keys', async () => {
  const user = await create();
  const by = { user: { id: user.id } };
  expect(
    await sayUser(world, 'userUpdate', {
      ...by,
      externalId: null,
      profile: { ...cleared, familyName: 'King' },
      metadata: { seats: null, region: 'eu' },
      untrustedMetadata: null,
    }),
  ).toEqual({
    ...user,
    ...cleared,
    familyName: 'King',
    externalId: null,
    metadata: { plan: 'pro', region: 'eu' },
    untrustedMetadata: {},
    version: 2,
  });
  const emptied = await sayUser(world, 'userUpdate', { ...by, profile: null });
  expect(emptied).toMatchObject({ ...cleared, version: 3 });
});

it('does nothing when nothing is new', async () => {
  const user = await create();
  const { email, externalId, metadata } = user;
  const same = {
    email: email.toUpperCase(),
    externalId,
    metadata: { ...metadata, unknown: null },
    profile: { name: ' Ada Lovelace ' },
  };
  expect(await sayUser(world, 'userUpdate', { user: { id: user.id }, ...same })).toEqual(user);
  expect(await sayUser(world, 'userUpdate', { user: { id: user.id } })).toEqual(user);
  expect(await updatesOf(user)).toEqual([]);
});

it('finds the user by id, by address and by external id', async () => {
  const user = await create();
  const ways = [
    { id: user.id },
    { email: ` ${user.email.toUpperCase()}` },
    { externalId: user.externalId },
  ];
  for (const [index, by] of ways.entries()) {
    const input = { user: by, untrustedMetadata: { index } };
    expect(await sayUser(world, 'userUpdate', input)).toMatchObject({ version: index + 2 });
  }
});

it.each([
  [{ id: encodeId('usr', '01890000-0000-7000-8000-000000000000') }, 'NOT_FOUND'],
  [{ email: 'nobody@example.com' }, 'NOT_FOUND'],
  [{ externalId: 'nobody' }, 'NOT_FOUND'],
  [{ id: 'usr_' }, ['user', 'id']],
  [{ id: encodeId('org', '01890000-0000-7000-8000-000000000000') }, ['user', 'id']],
  [{ email: 'nobody' }, ['user', 'email']],
  [{ externalId: 'a\u0000b' }, ['user', 'externalId']],
])('of %j says %j', async (user, expected) => {
  const { code, issues } = await say(world, 'userUpdate', { user, profile: { name: 'X' } });
  expect(code === 'INVALID_INPUT' ? issues?.[0]?.path : code).toEqual(expected);
});

it('says everything that is wrong at once, and changes nothing', async () => {
  const user = await create();
  const { issues } = await say(world, 'userUpdate', {
    user: { id: user.id },
    email: null,
    emailVerified: null,
    externalId: 'x'.repeat(256),
    profile: { name: '', locale: '!' },
    metadata: Object.fromEntries(Array.from({ length: 19 }, (_, n) => [`key${n}`, n])),
  });
  expect(issues?.map(({ path }) => path.join('.'))).toEqual([
    'email',
    'emailVerified',
    'externalId',
    'profile.name',
    'profile.locale',
    'metadata',
  ]);
  expect(await sayUser(world, 'userUpdate', { user: { id: user.id } })).toEqual(user);
});

it('refuses what somebody else has, who only was invited too', async () => {
  const [user, other] = [await create(), await create()];
  const organizationId = await found(world);
  const email = address();
  const invited = single(
    await act(world, [organizationId], (tx) =>
      inviteMembers(tx, [{ organizationId, email }], { isSent: false }),
    ),
  );
  const duplicates = [
    [{ email: other.email }, 'DUPLICATE_EMAIL', 'email', other.id],
    [{ email }, 'DUPLICATE_EMAIL', 'email', encodeId('usr', invited.userId)],
    [
      { externalId: other.externalId, email: address() },
      'DUPLICATE_EXTERNAL_ID',
      'externalId',
      other.id,
    ],
  ] as const;
  for (const [input, code, field, id] of duplicates) {
    expect(await say(world, 'userUpdate', { user: { id: user.id }, ...input })).toMatchObject({
      code,
      field,
      existing: { id },
    });
  }
  const { version } = await sayUser(world, 'userUpdate', { user: { id: user.id } });
  expect(version).toBe(1);
});

it('changes only the version that was expected', async () => {
  const user = await create();
  const change = (expectedVersion: number, name: string) =>
    say(world, 'userUpdate', { user: { id: user.id }, profile: { name }, expectedVersion });
  expect(await change(1, 'Second')).toMatchObject({ user: { version: 2 } });
  expect(await change(1, 'Third')).toMatchObject({ code: 'CONFLICT', currentVersion: 2 });
  for (let version = 2; version < 7; version += 1) {
    const said = await Promise.all(
      Array.from({ length: 8 }, () => change(version, fresh('Name '))),
    );
    const codes = said.map(({ __typename, code }) => code ?? __typename).sort();
    expect(codes).toEqual([...Array(7).fill('CONFLICT'), 'UserUpdatePayload']);
  }
});

it('changes somebody who only was invited, and does not list them for it', async () => {
  const organizationId = await found(world);
  const { userId, email } = await join(world, organizationId, { status: 'PENDING_INVITE' });
  const updated = await sayUser(world, 'userUpdate', { user: { email }, profile: { name: 'Bo' } });
  expect(updated).toMatchObject({ id: encodeId('usr', userId), name: 'Bo', version: 2 });
  expect(await world.query('SELECT invited_only FROM "user" WHERE id = $1', [userId])).toEqual([
    { invited_only: true },
  ]);
});

describe('rights', () => {
  it('hides users from those who may neither read nor change them', async () => {
    const user = await create();
    const organizationId = await found(world);
    const name = { profile: { name: 'Mallory' } };
    const cases: [string | null, string][] = [
      [null, 'NOT_FOUND'],
      [await keyWith(world, ['user:create', 'user:delete', 'trusted:write']), 'NOT_FOUND'],
      [await keyWith(world, ['*:*'], organizationId), 'NOT_FOUND'],
      [await keyWith(world, ['user:read']), 'FORBIDDEN'],
    ];
    for (const [credential, code] of cases) {
      for (const by of [
        { id: user.id },
        { email: user.email },
        { externalId: user.externalId },
        { email: 'nobody@example.com' },
      ]) {
        expect((await say(world, 'userUpdate', { user: by, ...name }, credential)).code).toBe(code);
      }
    }
    expect(await sayUser(world, 'userUpdate', { user: { id: user.id } })).toEqual(user);
  });

  it('lets a key change users that it may not read by id, and tells it nothing of other names', async () => {
    const user = await create();
    const key = await keyWith(world, ['user:update']);
    const change = (by: object, input: object) =>
      say(world, 'userUpdate', { user: by, ...input }, key);
    expect(await change({ id: user.id }, { untrustedMetadata: { a: 1 } })).toEqual({
      __typename: 'UserUpdatePayload',
      user: null,
    });
    const others = [
      { email: user.email },
      { externalId: user.externalId },
      { email: 'nobody@example.com' },
    ];
    for (const by of others) {
      for (const expectedVersion of [undefined, 99]) {
        const input = { untrustedMetadata: {}, expectedVersion };
        expect(await change(by, input)).toMatchObject({
          code: 'FORBIDDEN',
          permission: 'user:read',
        });
      }
    }
    for (const trusted of [{ externalId: null }, { metadata: {} }, { metadata: null }]) {
      expect(await change({ id: user.id }, trusted)).toMatchObject({
        code: 'FORBIDDEN',
        permission: 'trusted:write',
      });
    }
  });
});

describe('where organizations keep the profiles', () => {
  beforeAll(() => world.query("UPDATE environment SET identity_model = 'ISOLATED'"));
  afterAll(() => world.query("UPDATE environment SET identity_model = 'SHARED'"));

  it('changes neither profile nor address, and the rest as ever', async () => {
    const email = address();
    const user = await sayUser(world, 'userCreate', { email });
    for (const misplaced of [
      { email: address() },
      { emailVerified: false },
      { profile: { name: 'Ada' } },
      { profile: { locale: null } },
      { profile: null },
    ]) {
      expect(await say(world, 'userUpdate', { user: { id: user.id }, ...misplaced })).toMatchObject(
        { code: 'WRONG_IDENTITY_MODEL', identityModel: 'ISOLATED' },
      );
    }
    const externalId = fresh('ext');
    expect(
      await sayUser(world, 'userUpdate', { user: { email }, externalId, metadata: { a: 1 } }),
    ).toEqual({ ...user, externalId, metadata: { a: 1 }, version: 2 });
  });
});
