import { afterAll, beforeAll, expect, it } from 'vitest';
import { act, found, fresh, join } from '../domain/world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createIssuersGateway, type IssuerName, type IssuersGateway } from './issuers.ts';

let world: IssuersGateway;

beforeAll(async () => {
  world = await createIssuersGateway();
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

const VIEWER = `{ viewer { user {
  memberships { nodes { primaryIdentityProvider version } }
  identities { issuer email authMethod lastUsedAt }
} } }`;

type Identity = {
  issuer: string;
  email: string;
  authMethod: string | null;
  lastUsedAt: string | null;
};

type Seen = {
  memberships: { nodes: { primaryIdentityProvider: string | null; version: number }[] };
  identities: Identity[] | null;
};

async function come(issuer: IssuerName, email: string, claims = {}): Promise<Seen> {
  const token = await world.tokenOf(issuer, email, claims);
  const { data } = await world.ask<{ viewer: { user: Seen } }>(VIEWER, {}, token);
  if (!data) {
    throw new Error('Nobody is there.');
  }
  return data.viewer.user;
}

const providersOf = ({ memberships }: Seen) =>
  memberships.nodes.map(({ primaryIdentityProvider }) => primaryIdentityProvider);

/** The changes that the events of a membership tell. */
async function changesOf(membershipId: string): Promise<object[]> {
  const rows = await world.query<{ actor_kind: string; detail: { changes: object[] } }>(
    `SELECT actor_kind, detail FROM event JOIN event_detail ON event_id = event.id
     WHERE event.membership_id = $1 AND type = 'MEMBERSHIP_UPDATED' ORDER BY sequence`,
    [membershipId],
  );
  return rows.flatMap(({ actor_kind: actor, detail }) =>
    detail.changes.map((change) => ({ actor, ...change })),
  );
}

const address = (domain = 'example.com') => `${fresh('member')}@${domain}`;

it('a membership keeps by which provider it was entered first', async () => {
  const { email, membershipId } = await join(world, await found(world), { email: address() });
  expect(providersOf(await come('second', email))).toEqual(['Second']);
  const later = await come('home', email);
  expect(providersOf(later)).toEqual(['Second']);
  expect(await changesOf(membershipId)).toEqual([
    { actor: 'SYSTEM', field: 'primaryIdentityProvider', before: null, after: 'Second' },
  ]);
  const again = await come('second', email);
  expect(again.memberships).toEqual(later.memberships);
});

it('a membership that somebody gets while they are signed in is entered by the next request', async () => {
  const email = address();
  expect(providersOf(await come('home', email))).toEqual([]);
  const organizations = [await found(world), await found(world)];
  for (const id of organizations) {
    await join(world, id, { email });
  }
  expect(providersOf(await come('home', email))).toEqual(['Home', 'Home']);
});

it('is entered once by many at once', async () => {
  const { email, membershipId } = await join(world, await found(world), { email: address() });
  const token = await world.tokenOf('home', email);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => world.ask<{ viewer: { user: Seen } }>(VIEWER, {}, token)),
  );
  for (const { data } of answers) {
    expect(data && providersOf(data.viewer.user)).toEqual(['Home']);
  }
  expect(await changesOf(membershipId)).toHaveLength(1);
});

it('what a sign-in does not open it does not enter', async () => {
  const strict = await found(world);
  const email = address();
  const { membershipId } = await join(world, strict, { email });
  await world.query(`UPDATE organization SET mfa_policy = 'REQUIRED' WHERE id = $1`, [strict]);
  const suspended = await join(world, await found(world), { email, status: 'SUSPENDED' });
  expect(providersOf(await come('home', email))).toEqual([null, null]);
  expect(await changesOf(membershipId)).toEqual([]);
  await world.query(`UPDATE organization SET mfa_policy = 'OPTIONAL' WHERE id = $1`, [strict]);
  expect(providersOf(await come('home', email)).toSorted()).toEqual(['Home', null]);
  expect(await changesOf(suspended.membershipId)).toEqual([]);
});

it('the single sign-on of an organization enters no other', async () => {
  const email = address('customer.example');
  const here = await join(world, world.customerId, { email });
  const elsewhere = await join(world, await found(world), { email });
  await come('sso', email);
  expect(await changesOf(here.membershipId)).toMatchObject([{ after: 'Customer' }]);
  expect(await changesOf(elsewhere.membershipId)).toEqual([]);
});

it('a busy organization holds up nobody who only reads', async () => {
  const id = await found(world);
  const { email, membershipId } = await join(world, id, { email: address() });
  const { promise, resolve } = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const holder = act(world, [id], async () => {
    held.resolve();
    await promise;
  });
  await held.promise;
  expect(providersOf(await come('home', email))).toEqual([null]);
  expect(providersOf(await come('home', email))).toEqual([null]);
  resolve();
  await holder;
  expect(await changesOf(membershipId)).toEqual([]);
});

it('an account tells the person how and when it signed in last, and by which address', async () => {
  const email = address();
  await come('second', email, { sub: email });
  const moved = address();
  const { identities } = await come('home', email, { sub: email });
  expect(identities).toEqual([
    {
      issuer: world.issuers.second.issuer,
      email,
      authMethod: 'MICROSOFT',
      lastUsedAt: expect.any(String),
    },
    {
      issuer: world.issuers.home.issuer,
      email,
      authMethod: 'GOOGLE',
      lastUsedAt: expect.any(String),
    },
  ]);
  await world.query(
    `UPDATE identity SET last_used_at = now() - interval '2 minutes', auth_method = NULL`,
  );
  const before = await come('second', email, { sub: email });
  const after = await come('home', moved, { sub: email });
  expect(after.identities?.map((identity) => [identity.email, identity.authMethod])).toEqual([
    [email, 'MICROSOFT'],
    [moved, 'GOOGLE'],
  ]);
  const used = (seen: Seen) => Date.parse(seen.identities?.[0]?.lastUsedAt ?? '');
  expect(used(after)).toBe(used(before));
  expect(Date.now() - used(before)).toBeLessThan(60_000);
});
