import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { found, fresh } from '../domain/world.ts';
import { bearer, post } from '../http/wire.ts';
import { startTwoGateways, type TwoGateways } from '../races/two-gateways.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createIssuer, type TestIssuer } from '../support/issuer.ts';

let one: TestIssuer;
let two: TestIssuer;
let world: TwoGateways;

beforeAll(async () => {
  const settings = { linkingDomains: '*' };
  one = await createIssuer({ settings: { ...settings, provider: 'One' } });
  two = await createIssuer({ settings: { ...settings, provider: 'Two' } });
  const issuers = JSON.stringify([one.entry, two.entry]);
  world = await startTwoGateways({ GATEHOUSE_TRUSTED_ISSUERS: issuers });
});

afterEach(async () => expect(await brokenInvariants(world.url)).toEqual([]));

afterAll(async () => {
  await world?.close();
  await Promise.all([one.close(), two.close()]);
});

const VIEWER = '{ viewer { user { id email } } }';

type Seen = { status: number; userId: string | undefined };

/** Who a gateway says the bearer of the token is. */
async function look(gateway: number, token: string): Promise<Seen> {
  const url = world.urls[gateway % 2] ?? '';
  const { status, body } = await post(url, { query: VIEWER }, bearer(token));
  return { status, userId: JSON.parse(body).data?.viewer.user?.id };
}

function tokenOf(issuer: TestIssuer, email: string): Promise<string> {
  return issuer.token({ sub: email, email, email_verified: true });
}

/** What the database has of an address: its users, their accounts, and the causes of the events about them. */
async function kept(email: string) {
  const users = await world.query<{ id: string }>('SELECT id FROM "user" WHERE email = $1', [
    email,
  ]);
  const ids = users.map(({ id }) => id);
  const accounts = await world.query('SELECT issuer FROM identity WHERE user_id = ANY($1)', [ids]);
  const events = await world.query<{ type: string; times: number }>(
    'SELECT type, count(*)::int AS times FROM event WHERE user_id = ANY($1) GROUP BY type',
    [ids],
  );
  const counts = Object.fromEntries(events.map(({ type, times }) => [type, times]));
  return { ids, accounts: accounts.length, events: counts };
}

/** The same work so many times, one after the other. */
async function rounds(times: number, work: (round: number) => Promise<void>): Promise<void> {
  for (let round = 0; round < times; round += 1) {
    await work(round);
  }
}

it('makes one user of a person who comes fifty times at once', async () => {
  const email = `${fresh('crowd')}@example.com`;
  const token = await tokenOf(one, email);
  const seen = await Promise.all(Array.from({ length: 50 }, (_, index) => look(index, token)));
  expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([200]));
  const { ids, ...rest } = await kept(email);
  expect(ids).toHaveLength(1);
  expect(new Set(seen.map(({ userId }) => userId))).toEqual(
    new Set([encodeId('usr', ids[0] ?? '')]),
  );
  expect(rest).toEqual({ accounts: 1, events: { USER_CREATED: 1, IDENTITY_LINKED: 1 } });
});

it('makes one user with two accounts of a person who comes by two providers at once', () =>
  rounds(10, async () => {
    const email = `${fresh('both')}@example.com`;
    const tokens = await Promise.all([one, two].map((issuer) => tokenOf(issuer, email)));
    const seen = await Promise.all([...tokens, ...tokens].map((token, at) => look(at >> 1, token)));
    const { ids, ...rest } = await kept(email);
    const user = { status: 200, userId: encodeId('usr', ids[0] ?? '') };
    expect(seen).toEqual([user, user, user, user]);
    expect(ids).toHaveLength(1);
    expect(rest).toEqual({ accounts: 2, events: { USER_CREATED: 1, IDENTITY_LINKED: 2 } });
  }));

it('joins whom a key creates or adds at the same moment, or is found by it', async () => {
  const organizationId = encodeId('org', await found(world));
  await rounds(10, async (round) => {
    const email = `${fresh('meanwhile')}@example.com`;
    const token = await tokenOf(one, email);
    const adds = round % 2 === 0;
    const [seen, answer] = await Promise.all([
      look(0, token),
      adds
        ? world.mutate(1, 'membershipCreate', {
            organization: { id: organizationId },
            user: { email },
          })
        : world.mutate(1, 'userCreate', { email }),
      look(1, token),
    ]);
    const allowed = adds ? ['MembershipCreatePayload'] : ['UserCreatePayload', 'DuplicateError'];
    expect(allowed).toContain(answer.__typename);
    const { ids, accounts, events } = await kept(email);
    expect(seen).toEqual({ status: 200, userId: encodeId('usr', ids[0] ?? '') });
    expect({ users: ids.length, accounts }).toEqual({ users: 1, accounts: 1 });
    expect(events).toMatchObject({ USER_CREATED: 1, IDENTITY_LINKED: 1 });
  });
});

it.each([
  { who: 'who never signed in, is a newcomer or gone', hasSignedIn: false },
  { who: 'who has signed in, is gone', hasSignedIn: true },
])('while their user is deleted a person, $who', ({ hasSignedIn }) =>
  rounds(10, async () => {
    const email = `${fresh('leaving')}@example.com`;
    const payload = '... on UserCreatePayload { user { id } }';
    const { user } = await world.mutate(0, 'userCreate', { email }, payload);
    const { id } = user as { id: string };
    const token = await tokenOf(one, email);
    if (hasSignedIn) {
      expect(await look(1, token)).toEqual({ status: 200, userId: id });
    }
    const [first, deletion, second] = await Promise.all([
      look(0, token),
      world.mutate(1, 'userDelete', { userId: id, confirmEmail: email }),
      look(1, token),
    ]);
    expect(deletion.__typename).toBe('UserDeletePayload');
    const { ids, accounts } = await kept(email);
    expect(ids).toHaveLength(accounts);
    expect(ids).not.toContain(decodeId('usr', id));
    for (const { status } of [first, second]) {
      expect([200, 401]).toContain(status);
    }
    if (hasSignedIn) {
      expect(ids).toEqual([]);
      expect(await look(0, token)).toMatchObject({ status: 401 });
    }
  }),
);
