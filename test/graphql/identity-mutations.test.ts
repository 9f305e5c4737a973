import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { found, fresh } from '../domain/world.ts';
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

const issuer = 'https://accounts.example';

async function create(): Promise<string> {
  const { id } = await sayUser(world, 'userCreate', { email: `${fresh('user')}@example.com` });
  return id;
}

/** What has happened to the accounts of a user, in short. */
async function happened(userId: string) {
  const events = await eventsOf(world, decodeId('usr', userId) ?? '');
  return events.slice(1).map(({ type, cause, detail }) => ({ type, cause, detail }));
}

it('links accounts and takes them away, each with its event', async () => {
  const userId = await create();
  const subject = ` ${fresh('subject')} `;
  const account = { issuer, subject: subject.trim() };
  const linked = await sayUser(world, 'identityLink', {
    userId,
    issuer,
    subject,
    email: 'Ada@Example.COM',
    authMethod: 'GOOGLE',
  });
  expect(linked).toMatchObject({
    version: 2,
    identities: [{ ...account, email: 'ada@example.com', authMethod: 'GOOGLE' }],
  });
  const other = { issuer: 'https://other.example', subject: account.subject };
  expect(await sayUser(world, 'identityLink', { userId, ...other })).toMatchObject({
    version: 3,
    identities: [account, { ...other, email: null, authMethod: null }],
  });
  expect(await sayUser(world, 'identityUnlink', { userId, ...account })).toMatchObject({
    version: 4,
    identities: [other],
  });
  expect(await happened(userId)).toEqual([
    { type: 'IDENTITY_LINKED', cause: 'LINKED', detail: { issuer } },
    { type: 'IDENTITY_LINKED', cause: 'LINKED', detail: { issuer: other.issuer } },
    { type: 'IDENTITY_UNLINKED', cause: 'UNLINKED', detail: { issuer } },
  ]);
});

it('leaves an account that is linked to the user already', async () => {
  const userId = await create();
  const account = { userId, issuer, subject: fresh('subject') };
  const linked = await sayUser(world, 'identityLink', { ...account, email: 'a@example.com' });
  const again = { ...account, email: 'b@example.com', authMethod: 'SSO' };
  expect(await sayUser(world, 'identityLink', again)).toEqual(linked);
  expect(await happened(userId)).toHaveLength(1);
});

it('refuses an account of somebody else, and shows whose to those who may see them', async () => {
  const [owner, other] = [await create(), await create()];
  const account = { issuer, subject: fresh('subject') };
  await sayUser(world, 'identityLink', { userId: owner, ...account });
  const refusal = { code: 'DUPLICATE_KEY', field: 'subject' };
  const input = { userId: other, ...account };
  expect(await say(world, 'identityLink', input)).toMatchObject({
    ...refusal,
    existing: { id: owner },
  });
  const blind = await keyWith(world, ['user:update']);
  expect(await say(world, 'identityLink', input, blind)).toMatchObject({
    ...refusal,
    existing: null,
  });
  expect(await say(world, 'identityUnlink', input)).toMatchObject({ code: 'NOT_FOUND' });
  expect(await happened(other)).toEqual([]);
});

it('keeps the case of what issuers call their accounts', async () => {
  const subject = fresh('Subject');
  const [one, two] = [await create(), await create()];
  await sayUser(world, 'identityLink', { userId: one, issuer, subject });
  await sayUser(world, 'identityLink', { userId: two, issuer, subject: subject.toLowerCase() });
});

it('links an account to one of those who ask for it at once', async () => {
  const users = await Promise.all(Array.from({ length: 8 }, create));
  const account = { issuer, subject: fresh('subject') };
  const answers = await Promise.all(
    users.map((userId) => say(world, 'identityLink', { userId, ...account })),
  );
  const codes = answers.map(({ __typename, code }) => code ?? __typename).sort();
  expect(codes).toEqual([...Array(7).fill('DUPLICATE_KEY'), 'IdentityLinkPayload']);
});

it('links 50 accounts to a user and no more, also at once', async () => {
  const userId = await create();
  await world.query(
    `INSERT INTO identity (id, user_id, issuer, subject, created_at)
     SELECT gen_random_uuid(), $1, 'https://many.example', number::text, now() FROM generate_series(1, 47) AS number`,
    [decodeId('usr', userId)],
  );
  const subjects = Array.from({ length: 8 }, () => fresh('subject'));
  const answers = await Promise.all(
    subjects.map((subject) => say(world, 'identityLink', { userId, issuer, subject })),
  );
  const linked = answers.filter(({ __typename }) => __typename === 'IdentityLinkPayload');
  expect(linked).toHaveLength(3);
  const refusals = answers.filter(({ code }) => code === 'INVALID_INPUT');
  expect(refusals.map(({ issues }) => issues?.[0]?.path)).toEqual(Array(5).fill(['userId']));
  const again = { userId, issuer: 'https://many.example', subject: '1' };
  expect((await say(world, 'identityLink', again)).__typename).toBe('IdentityLinkPayload');
});

it('says everything that is wrong at once', async () => {
  const userId = await create();
  const wrong = { userId, issuer: ' ', subject: 'x'.repeat(256) };
  const link = await say(world, 'identityLink', { ...wrong, email: 'nobody' });
  expect(link.issues?.map(({ path }) => path)).toEqual([['issuer'], ['subject'], ['email']]);
  const unlink = await say(world, 'identityUnlink', { ...wrong, subject: 'a\u0000' });
  expect(unlink.issues?.map(({ path }) => path)).toEqual([['issuer'], ['subject']]);
});

it.each(['identityLink', 'identityUnlink'] as const)(
  '%s knows ids, versions and rights',
  async (name) => {
    const userId = await create();
    const account = { issuer, subject: fresh('subject') };
    await sayUser(world, 'identityLink', { userId, ...account });
    for (const id of ['usr_', encodeId('org', decodeId('usr', userId) ?? '')]) {
      const { issues } = await say(world, name, { userId: id, ...account });
      expect(issues?.map(({ path }) => path)).toEqual([['userId']]);
    }
    const nobody = encodeId('usr', '01890000-0000-7000-8000-000000000000');
    expect((await say(world, name, { userId: nobody, ...account })).code).toBe('NOT_FOUND');
    expect(await say(world, name, { userId, ...account, expectedVersion: 1 })).toMatchObject({
      code: 'CONFLICT',
      currentVersion: 2,
    });
    const cases: [string | null, string][] = [
      [null, 'NOT_FOUND'],
      [await keyWith(world, ['*:*'], await found(world)), 'NOT_FOUND'],
      [await keyWith(world, ['user:delete']), 'NOT_FOUND'],
      [await keyWith(world, ['user:read', 'user:delete']), 'FORBIDDEN'],
    ];
    for (const [credential, code] of cases) {
      expect((await say(world, name, { userId, ...account }, credential)).code).toBe(code);
    }
    expect(await happened(userId)).toHaveLength(1);
    const key = await keyWith(world, ['user:update']);
    const { __typename, user } = await say(
      world,
      name,
      { userId, ...account, expectedVersion: 2 },
      key,
    );
    expect([__typename.endsWith('Payload'), user]).toEqual([true, null]);
  },
);
