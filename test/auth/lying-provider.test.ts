import { afterAll, beforeAll, expect, it } from 'vitest';
import { fresh } from '../domain/world.ts';
import { say } from '../graphql/user-asks.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import type { Claims } from '../support/issuer.ts';
import { accountsOf } from './issuers.ts';
import { type OpenIdProvider, startOpenIdProvider } from './oidc-provider.ts';

let provider: OpenIdProvider;
let world: TestGateway;

beforeAll(async () => {
  provider = await startOpenIdProvider();
  const entry = { ...provider.entry, linkingDomains: ['example.com'] };
  world = await createGateway({ GATEHOUSE_TRUSTED_ISSUERS: JSON.stringify([entry]) });
});

afterAll(async () => {
  await world?.close();
  await provider.close();
});

/** Who signs in as what the provider says: their address; null for nobody. */
async function who(subject: string, claims: Claims): Promise<string | null> {
  const { data } = await world.ask<{ viewer: { user: { email: string } } }>(
    '{ viewer { user { email } } }',
    {},
    await provider.signIn(subject, claims),
  );
  return data?.viewer.user.email ?? null;
}

async function victimOf(domain: string): Promise<string> {
  const email = `${fresh('victim')}@${domain}`;
  await say(world, 'userCreate', { email, emailVerified: true });
  return email;
}

const lies: [what: string, claims: (email: string) => Claims][] = [
  ['nothing on whether it is verified', (email) => ({ email })],
  ['the text true', (email) => ({ email, email_verified: 'true' })],
  ['the number 1', (email) => ({ email, email_verified: 1 })],
  ['false', (email) => ({ email, email_verified: false })],
  ['an object', (email) => ({ email, email_verified: {} })],
  ['several addresses', (email) => ({ email: ['eve@evil.example', email], email_verified: true })],
  ['a full-width @', (email) => ({ email: email.replace('@', '\uff20'), email_verified: true })],
];

it.each(lies)('links nobody to a victim by %s, and does by the truth', async (_, claims) => {
  const email = await victimOf('example.com');
  const subject = fresh('subject');
  expect(await who(subject, claims(email))).toBeNull();
  expect(await accountsOf(world, email)).toEqual([]);
  expect(await who(subject, { email, email_verified: true })).toBe(email);
  expect(await accountsOf(world, email)).toEqual([{ issuer: provider.entry.issuer, subject }]);
});

it.each(['sub.example.com', 'evil-example.com', 'example.com.evil.example'])(
  'links nobody to a victim of %s',
  async (domain) => {
    const email = await victimOf(domain);
    expect(await who(fresh('subject'), { email, email_verified: true })).toBeNull();
    expect(await accountsOf(world, email)).toEqual([]);
  },
);

it('stays who it is when the provider tells the address of a victim later', async () => {
  const subject = fresh('subject');
  const email = `${fresh('own')}@example.com`;
  expect(await who(subject, { email, email_verified: true })).toBe(email);
  const victim = await victimOf('example.com');
  expect(await who(subject, { email: victim, email_verified: true })).toBe(email);
  expect(await accountsOf(world, victim)).toEqual([]);
});
