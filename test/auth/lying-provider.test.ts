import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { single } from '../../src/domain/outcome.ts';
import { addUsers } from '../../src/domain/user.ts';
import { act, fresh } from '../domain/world.ts';
import type { Claims } from '../support/issuer.ts';
import {
  accountsOf,
  createIssuersGateway,
  type IssuerName,
  type IssuersGateway,
} from './issuers.ts';

let world: IssuersGateway;

beforeAll(async () => {
  world = await createIssuersGateway();
});

afterAll(() => world.close());

const VIEWER = '{ viewer { kind user { email emailVerified identities { email } } } }';

/** Who the gateway says the bearer of the token is: the address; null for nobody. */
async function who(token: string): Promise<string | null> {
  const { data, errors } = await world.ask<{ viewer: { user: { email: string } } }>(
    VIEWER,
    {},
    token,
  );
  expect(errors?.[0]?.extensions?.code).toBe(data ? undefined : 'UNAUTHENTICATED');
  return data?.viewer.user.email ?? null;
}

/** Somebody whom a key created, and their address. */
async function create(email: string, emailVerified = true): Promise<string> {
  single(await act(world, [], (tx) => addUsers(tx, [{ email, emailVerified }], { act: 'create' })));
  return email;
}

const victimOf = (domain: string) => create(`${fresh('victim')}@${domain}`);

/** Claims with which an issuer that may link this address is not let in, and what repairs each. */
const lies: [what: string, claims: (email: string) => Claims][] = [
  ['no word on verification', () => ({ email_verified: undefined })],
  ['the text true', () => ({ email_verified: 'true' })],
  ['the number 1', () => ({ email_verified: 1 })],
  ['false', () => ({ email_verified: false })],
  ['null', () => ({ email_verified: null })],
  ['an object', () => ({ email_verified: {} })],
  ['an array of true', () => ({ email_verified: [true] })],
  ['the claim under another name', () => ({ email_verified: undefined, emailVerified: true })],
  ['no address', () => ({ email: undefined })],
  ['an array of addresses', (email) => ({ email: [email] })],
  ['an array with two', (email) => ({ email: [email, 'eve@evil.example'] })],
  ['an object of addresses', (email) => ({ email: { value: email } })],
  ['two addresses in one text', (email) => ({ email: `${email},eve@evil.example` })],
  ['an address with a line after it', (email) => ({ email: `${email}\nx` })],
  ['an address with a NUL', (email) => ({ email: `${email}\u0000` })],
  ['an address in angle brackets', (email) => ({ email: `Eve <${email}>` })],
  ['the address in another claim', (email) => ({ email: undefined, preferred_username: email })],
];

describe('an issuer that may link everybody does not link a victim with', () => {
  it.each(lies)('%s', async (_, claims) => {
    const email = await victimOf('anywhere.example');
    const subject = { sub: fresh('liar') };
    expect(
      await who(await world.tokenOf('home', email, { ...subject, ...claims(email) })),
    ).toBeNull();
    expect(await accountsOf(world, email)).toEqual([]);
    // The same without the lie is linked.
    expect(await who(await world.tokenOf('home', email, subject))).toBe(email);
    expect(await accountsOf(world, email)).toHaveLength(1);
  });
});

/** Spellings before or after the @ of `vic@example.com`; true: it is the same mailbox to everybody. */
const spellings: [what: string, spelling: string, isSame: boolean][] = [
  ['upper case', 'VIC@EXAMPLE.COM', true],
  ['spaces around it', ' vic@example.com ', true],
  ['a full-width domain', 'vic@\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45.com', true],
  ['full-width letters', '\uff56\uff49\uff43@example.com', false],
  ['a full-width @', 'vic\uff20example.com', false],
  ['a mathematical letter', '\ud835\udc2fic@example.com', false],
  ['a Roman numeral', 'v\u2170c@example.com', false],
  ['a dotless i', 'v\u0131c@example.com', false],
  ['a capital I with a dot', 'V\u0130C@example.com', false],
  ['a Cyrillic i', 'v\u0456c@example.com', false],
  ['a zero-width space', 'vic\u200b@example.com', false],
  ['a byte order mark', '\ufeffvic@example.com', false],
  ['a change of direction', '\u202evic@example.com', false],
  ['a combining accent', 'vi\u0301c@example.com', false],
  ['a soft hyphen in the domain', 'vic@exam\u00adple.com', false],
  ['a quoted local part', '"vic"@example.com', false],
  ['a comment', 'vic(x)@example.com', false],
  ['two @', 'vic@example.com@evil.example', false],
  ['a full-width second @', 'vic@example.com\uff20evil.example', false],
  ['a route', 'vic%example.com@evil.example', false],
  ['a dot after the domain', 'vic@example.com.', false],
];

describe('of an address that the issuer has verified', () => {
  beforeAll(() => create('vic@example.com'));

  it.each(spellings)('%s: %j', async (_, email, isSame) => {
    const token = await world.tokenOf('home', email, { sub: fresh('speller') });
    const before = await accountsOf(world, 'vic@example.com');
    expect(await who(token)).toBe(isSame ? 'vic@example.com' : null);
    const linked = (await accountsOf(world, 'vic@example.com')).length - before.length;
    expect(linked).toBe(isSame ? 1 : 0);
  });

  it('a letter of another alphabet makes another domain, and another person', async () => {
    const email = 'vic@ex\u0430mple.com';
    expect(await who(await world.tokenOf('home', email))).toBe('vic@xn--exmple-4nf.com');
  });
});

/** Domains that look like `example.com`, for which alone the issuer may link. */
const neighbours = [
  'sub.example.com',
  'evil-example.com',
  'example.com.evil.example',
  'example.co',
  'xexample.com',
  'example.org',
  'xn--exmple-4nf.com',
];

describe('an issuer that may link one domain', () => {
  it.each(neighbours)('does not link %s', async (domain) => {
    const email = await victimOf(domain);
    expect(await who(await world.tokenOf('limited', email))).toBeNull();
    expect(await accountsOf(world, email)).toEqual([]);
    expect(await who(await world.tokenOf('home', email))).toBe(email);
  });

  it('links that', async () => {
    const email = await victimOf('example.com');
    expect(await who(await world.tokenOf('limited', email.toUpperCase()))).toBe(email);
  });
});

describe('a subject', () => {
  it('is that of its issuer alone', async () => {
    const email = `${fresh('first')}@anywhere.example`;
    expect(await who(await world.tokenOf('home', email, { sub: 'same' }))).toBe(email);
    const other = `${fresh('second')}@anywhere.example`;
    const elsewhere: IssuerName[] = ['second', 'mute'];
    for (const issuer of elsewhere) {
      expect(
        await who(await world.tokenOf(issuer, email, { sub: 'same', email: undefined })),
      ).toBeNull();
    }
    expect(await who(await world.tokenOf('second', other, { sub: 'same' }))).toBe(other);
    expect(await accountsOf(world, email)).toHaveLength(1);
  });

  it.each([' same', 'same ', 'SAME', 'sam\u0435', '\uff53ame', 'same\u200b'])(
    'is not %j instead',
    async (sub) => {
      const email = `${fresh('exact')}@anywhere.example`;
      await who(await world.tokenOf('home', email, { sub: 'same' }));
      expect(await who(await world.tokenOf('home', email, { sub, email: undefined }))).toBeNull();
    },
  );

  it('is who it was, whatever address its issuer tells later', async () => {
    const email = `${fresh('mover')}@anywhere.example`;
    const sub = fresh('mover');
    expect(await who(await world.tokenOf('home', email, { sub }))).toBe(email);
    const victim = await victimOf('anywhere.example');
    expect(await who(await world.tokenOf('home', victim, { sub }))).toBe(email);
    expect(await who(await world.tokenOf('home', victim, { sub, email_verified: false }))).toBe(
      email,
    );
    expect(await accountsOf(world, victim)).toEqual([]);
    expect(await who(await world.tokenOf('home', email, { sub, email: undefined }))).toBe(email);
  });
});
