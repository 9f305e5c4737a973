import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { inviteMembers } from '../../src/domain/invitation.ts';
import { single } from '../../src/domain/outcome.ts';
import { act, found, fresh, join } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { eventsOf, say, sayUser } from './user-asks.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterEach(async () => expect(await brokenInvariants(world.url)).toEqual([]));

afterAll(() => world.close());

const uuid = (id: string | undefined) => decodeId('usr', id ?? '') ?? '';

const address = () => `${fresh('new')}@example.com`;

it('creates a user with all that is given, and one event', async () => {
  const email = address();
  const user = await sayUser(world, 'userCreate', {
    email: ` ${email.toUpperCase()} `,
    emailVerified: true,
    externalId: 'ext-1',
    profile: {
      name: 'Ada Lovelace ✨',
      givenName: 'Ada',
      familyName: 'Lovelace',
      pictureUrl: 'https://example.com/ada.png',
      locale: 'pt_br',
    },
    metadata: { plan: 'pro' },
    untrustedMetadata: { theme: { dark: true } },
  });
  expect(user).toEqual({
    id: expect.stringMatching(/^usr_/),
    email,
    emailVerified: true,
    externalId: 'ext-1',
    name: 'Ada Lovelace ✨',
    givenName: 'Ada',
    familyName: 'Lovelace',
    pictureUrl: 'https://example.com/ada.png',
    locale: 'pt-BR',
    metadata: { plan: 'pro' },
    untrustedMetadata: { theme: { dark: true } },
    version: 1,
    identities: [],
  });
  expect(await eventsOf(world, uuid(user.id))).toEqual([
    {
      type: 'USER_CREATED',
      cause: 'CREATED',
      organization_id: null,
      actor_kind: 'API_KEY',
      detail: null,
    },
  ]);
});

it('takes null for left out', async () => {
  const input = {
    emailVerified: null,
    externalId: null,
    profile: null,
    metadata: null,
    untrustedMetadata: null,
  };
  expect(await sayUser(world, 'userCreate', { email: address(), ...input })).toMatchObject({
    emailVerified: false,
    externalId: null,
    name: null,
    metadata: {},
  });
  expect(
    await sayUser(world, 'userCreate', { email: address(), profile: { name: null } }),
  ).toMatchObject({ name: null });
});

it('makes a user of somebody who only was invited, and lists them by their name', async () => {
  const organizationId = await found(world);
  const email = address();
  const invited = single(
    await act(world, [organizationId], (tx) =>
      inviteMembers(tx, [{ organizationId, email, name: 'Somebody' }], { isSent: false }),
    ),
  );
  const user = await sayUser(world, 'userCreate', { email, profile: { name: 'Zoë' } });
  expect(uuid(user.id)).toBe(invited.userId);
  const rows = await world.query(
    `SELECT invited_only, membership.name_key, membership.search_text
     FROM "user" JOIN membership ON user_id = "user".id WHERE email = $1`,
    [email],
  );
  expect(rows).toEqual([{ invited_only: false, name_key: 'zoe', search_text: `zoe\n${email}` }]);
  const types = (await eventsOf(world, invited.userId)).map(({ type }) => type);
  expect(types).toEqual(['MEMBERSHIP_STATUS_CHANGED', 'USER_CREATED']);
});

it('refuses what somebody else has, and shows whom to those who may see them', async () => {
  const input = { email: address(), externalId: fresh('ext') };
  const user = await sayUser(world, 'userCreate', input);
  const duplicates = [
    [{ email: input.email.toUpperCase() }, 'DUPLICATE_EMAIL', 'email'],
    [{ email: address(), externalId: input.externalId }, 'DUPLICATE_EXTERNAL_ID', 'externalId'],
  ] as const;
  const blind = await keyWith(world, ['user:create', 'trusted:write']);
  for (const [duplicate, code, field] of duplicates) {
    const refusal = { __typename: 'DuplicateError', code, field };
    expect(await say(world, 'userCreate', duplicate)).toMatchObject({
      ...refusal,
      existing: { id: user.id },
    });
    expect(await say(world, 'userCreate', duplicate, blind)).toMatchObject({
      ...refusal,
      existing: null,
    });
  }
});

it('says everything that is wrong at once, with its path', async () => {
  const { issues } = await say(world, 'userCreate', {
    email: 'nobody',
    externalId: ' ',
    profile: {
      name: 'x'.repeat(201),
      givenName: 'a\u0000',
      familyName: '\n',
      pictureUrl: 'javascript:alert(1)',
      locale: 'no tag',
    },
    metadata: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`key${n}`, n])),
    untrustedMetadata: { text: 'x'.repeat(5000) },
  });
  expect(issues?.map(({ path }) => path.join('.'))).toEqual([
    'email',
    'externalId',
    'profile.name',
    'profile.givenName',
    'profile.familyName',
    'profile.pictureUrl',
    'profile.locale',
    'metadata',
    'untrustedMetadata',
  ]);
});

it('makes one user when many ask at once', async () => {
  const email = address();
  const said = await Promise.all(
    Array.from({ length: 12 }, () => say(world, 'userCreate', { email })),
  );
  const codes = said.map(({ __typename, code }) => code ?? __typename).sort();
  expect(codes).toEqual([...Array(11).fill('DUPLICATE_EMAIL'), 'UserCreatePayload']);
});

describe('rights', () => {
  it('needs user:create, of the environment', async () => {
    const organizationId = await found(world);
    const credentials = [
      null,
      await keyWith(world, ['user:read', 'user:update', 'user:delete', 'trusted:write']),
      await keyWith(world, ['*:*'], organizationId),
    ];
    for (const credential of credentials) {
      expect(await say(world, 'userCreate', { email: address() }, credential)).toMatchObject({
        code: 'FORBIDDEN',
        permission: 'user:create',
      });
    }
    const key = await keyWith(world, ['user:create']);
    expect(await say(world, 'userCreate', { email: address() }, key)).toEqual({
      __typename: 'UserCreatePayload',
      user: null,
    });
  });

  it.each([
    { externalId: 'mine' },
    { externalId: null },
    { metadata: { plan: 'free' } },
    { metadata: null },
  ])('needs trusted:write for %j', async (trusted) => {
    const key = await keyWith(world, ['user:*']);
    const email = address();
    expect(await say(world, 'userCreate', { email, ...trusted }, key)).toMatchObject({
      code: 'FORBIDDEN',
      permission: 'trusted:write',
    });
    expect(await world.query('SELECT FROM "user" WHERE email = $1', [email])).toEqual([]);
  });
});

describe('where organizations keep the profiles', () => {
  beforeAll(() => world.query("UPDATE environment SET identity_model = 'ISOLATED'"));
  afterAll(() => world.query("UPDATE environment SET identity_model = 'SHARED'"));

  it('creates users without one', async () => {
    for (const misplaced of [
      { emailVerified: true },
      ...['name', 'givenName', 'familyName'].map((field) => ({ profile: { [field]: 'Ada' } })),
      { profile: { pictureUrl: 'https://example.com/a.png' } },
      { profile: { locale: 'en' } },
    ]) {
      const email = address();
      expect(await say(world, 'userCreate', { email, ...misplaced })).toMatchObject({
        code: 'WRONG_IDENTITY_MODEL',
        identityModel: 'ISOLATED',
      });
    }
    const input = { email: address(), emailVerified: false, profile: { name: null } };
    expect(
      await sayUser(world, 'userCreate', { ...input, externalId: fresh('ext') }),
    ).toMatchObject({ email: input.email, name: null });
  });

  it('leaves members of that address as they are', async () => {
    const organizationId = await found(world);
    const { userId, email } = await join(world, organizationId, { name: 'Theirs' });
    expect(await say(world, 'userCreate', { email })).toMatchObject({
      code: 'DUPLICATE_EMAIL',
      existing: { id: encodeId('usr', userId) },
    });
  });
});
