import { afterAll, beforeAll, expect, it } from 'vitest';
import { retireAccounts } from '../../src/domain/retired-identity.ts';
import { SignInError, signIn } from '../../src/domain/sign-in.ts';
import { act, fresh } from '../domain/world.ts';
import { say } from '../graphql/user-asks.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { digestOf } from './issuers.ts';

let world: PeopleGateway;

beforeAll(async () => {
  world = await createPeopleGateway();
});

afterAll(() => world.close());

type User = { id: string; email: string };

async function who(token: string): Promise<User | null> {
  const { data } = await world.ask<{ viewer: { user: User } }>(
    '{ viewer { user { id email } } }',
    {},
    token,
  );
  return data?.viewer.user ?? null;
}

/** The first whole second that begins after everything so far: that of the tokens from now on. */
async function nextSecond(): Promise<number> {
  const [row] = await world.query<{ second: number }>(
    'SELECT (floor(extract(epoch FROM clock_timestamp())) + 1)::float8 AS second',
  );
  return row?.second ?? 0;
}

const seconds = (ago: number) => Math.floor(Date.now() / 1000) - ago;

type Ending = (user: User, subject: string) => Promise<unknown>;

const endings: [what: string, end: Ending, isDeleted: boolean][] = [
  [
    'userDelete',
    ({ id, email }) => say(world, 'userDelete', { userId: id, confirmEmail: email }),
    true,
  ],
  [
    'identityUnlink',
    ({ id }, subject) =>
      say(world, 'identityUnlink', { userId: id, issuer: world.issuer.issuer, subject }),
    false,
  ],
];

it.each(endings)(
  '%s ends all tokens from before, and none from after',
  async (_, end, isDeleted) => {
    const email = `${fresh('person')}@example.com`;
    const before = await Promise.all(
      [{}, { iat: seconds(300) }, { iat: seconds(29 * 86_400) }, { iat: undefined }].map((claims) =>
        world.tokenOf(email, claims),
      ),
    );
    const user = await who(before[0] ?? '');
    expect(user?.email).toBe(email);
    await end(user ?? { id: '', email }, email);
    const kept = await digestOf(world);
    for (const token of before) {
      expect(await who(token)).toBeNull();
    }
    expect(await digestOf(world)).toEqual(kept);
    const after = await world.tokenOf(email, { iat: await nextSecond() });
    const newcomer = await who(after);
    expect(newcomer?.email).toBe(email);
    expect(newcomer?.id === user?.id).toBe(!isDeleted);
    // What was refused is not let in because the account is somebody's again.
    for (const token of before) {
      expect(await who(token)).toBeNull();
    }
  },
);

it('another account of the user goes on where one was unlinked', async () => {
  const email = `${fresh('person')}@example.com`;
  const [one, two] = await Promise.all(
    ['one', 'two'].map((sub) => world.tokenOf(email, { sub: fresh(sub) })),
  );
  const user = await who(one ?? '');
  expect(await who(two ?? '')).toEqual(user);
  const [first] = await world.query<{ subject: string }>(
    'SELECT subject FROM identity WHERE email = $1 ORDER BY created_at LIMIT 1',
    [email],
  );
  const { subject = '' } = first ?? {};
  const unlink = { userId: user?.id, issuer: world.issuer.issuer, subject };
  expect((await say(world, 'identityUnlink', unlink)).user?.id).toBe(user?.id);
  expect(await who(one ?? '')).toBeNull();
  expect(await who(two ?? '')).toEqual(user);
});

it('an account that is taken away while its token is looked at makes no user', async () => {
  const email = `${fresh('person')}@example.com`;
  const account = {
    issuer: world.issuer.issuer,
    subject: email,
    email,
    speaksForEmail: true,
    authMethod: null,
    organizationId: null,
    profile: { name: null, givenName: null, familyName: null, pictureUrl: null, locale: null },
  };
  await act(world, [], (tx) => retireAccounts(tx, [account]));
  const kept = await digestOf(world);
  const old = new Date(Date.now() - 60_000);
  for (const issuedAt of [old, null]) {
    const late = act(world, [], (tx) => signIn(tx, { ...account, issuedAt }));
    await expect(late).rejects.toThrow(SignInError);
  }
  expect(await digestOf(world)).toEqual(kept);
  await act(world, [], (tx) => signIn(tx, { ...account, issuedAt: new Date(Date.now() + 1000) }));
  expect(await digestOf(world)).not.toEqual(kept);
});

it('a token older than what is remembered does not sign in for the first time', async () => {
  const email = `${fresh('person')}@example.com`;
  const old = await world.tokenOf(email, { iat: seconds(30 * 86_400 + 60) });
  expect(await who(old)).toBeNull();
  expect(await who(await world.tokenOf(email))).toMatchObject({ email });
  // Whoever is known already is not asked to sign in again.
  expect(await who(old)).toMatchObject({ email });
});
