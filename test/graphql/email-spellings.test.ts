import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addMembers } from '../../src/domain/membership.ts';
import { act, found, said } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { say } from './user-asks.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

/** The accounts that are there, as they are kept. */
const ADA = 'ada@example.com';
const TAGGED = 'ada.love+tag@example.com';
const UNTAGGED = 'adalove@example.com';
const KIM = 'kim@example.com';
const BOOKS = 'ada@xn--bcher-kva.example';
const STREET = 'ada@xn--strae-oqa.example';
const OBRIEN = "o'brien@example.com";

const accounts = [ADA, TAGGED, UNTAGGED, KIM, BOOKS, STREET, OBRIEN];

/** Spellings of their addresses: the account that each is, or null for a refusal. */
const spellings: [what: string, spelling: string, account: string | null][] = [
  ['as it is kept', 'ada@example.com', ADA],
  ['upper case', 'ADA@EXAMPLE.COM', ADA],
  ['mixed case', 'aDa@eXample.Com', ADA],
  ['white space around it', ' \t ada@example.com\u00a0\n', ADA],
  ['a byte order mark', '\ufeffada@example.com', ADA],
  [
    'full width',
    '\uff41\uff44\uff41\uff20\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45\uff0e\uff43\uff4f\uff4d',
    ADA,
  ],
  ['a full-width stop', 'ada@example\uff0ecom', ADA],
  ['an ideographic full stop', 'ada@example\u3002com', null],
  ['a mathematical letter', '\ud835\udc1ada@example.com', ADA],
  ['the sign of Kelvin', '\u212aim@example.com', KIM],
  ['a dotless i', 'k\u0131m@example.com', null],
  ['a capital I with a dot', 'K\u0130M@example.com', null],
  ['a Cyrillic a', '\u0430da@example.com', null],
  ['an accent, composed', '\u00e1da@example.com', null],
  ['an accent, combining', 'a\u0301da@example.com', null],
  ['a zero-width space', 'ada\u200b@example.com', null],
  ['a zero-width joiner in the domain', 'ada@exam\u200dple.com', null],
  ['a soft hyphen', 'ada@exam\u00adple.com', null],
  ['a change of direction', '\u202eada@example.com', null],
  ['umlauts, composed', 'ada@b\u00fccher.example', BOOKS],
  ['umlauts, combining, upper case', 'ADA@BU\u0308CHER.EXAMPLE', BOOKS],
  ['punycode, upper case', 'ada@XN--BCHER-KVA.example', BOOKS],
  ['a sharp s', 'ada@stra\u00dfe.example', STREET],
  ['punycode of nothing', 'ada@xn--a.example', null],
  ['a quoted local part', '"ada"@example.com', null],
  ['a quoted local part with a space', '"ada love"@example.com', null],
  ['an escape', 'a\\da@example.com', null],
  ['an apostrophe', "O'Brien@example.com", OBRIEN],
  ['dots and a tag, which are kept', 'Ada.Love+Tag@example.com', TAGGED],
  ['a leading dot', '.ada@example.com', null],
  ['a dot before the @', 'ada.@example.com', null],
  ['two dots', 'ada..love+tag@example.com', null],
  ['a dot after the domain', 'ada@example.com.', null],
  ['a space inside', 'ada @example.com', null],
  ['two addresses', 'ada@example.com, eve@evil.example', null],
  ['two addresses with a semicolon', 'ada@example.com;eve@evil.example', null],
  ['two lines', 'ada@example.com\r\nBcc: eve@evil.example', null],
  ['an escaped line', 'ada%0a@example.com', null],
  ['a URL', 'mailto:ada@example.com', null],
  ['angle brackets', '<ada@example.com>', null],
  ['a display name', 'Ada <ada@example.com>', null],
  ['a comment', 'ada(ada)@example.com', null],
  ['a comment in the domain', 'ada@(x)example.com', null],
  ['a route', 'ada%example.com@evil.example', null],
  ['a bang path', 'evil.example!ada@example.com', null],
  ['two @', 'ada@evil.example@example.com', null],
  ['an IP literal', 'ada@[127.0.0.1]', null],
  ['an IP address', 'ada@127.0.0.1', null],
  ['a port', 'ada@example.com:25', null],
  ['a domain without a dot', 'ada@example', null],
  ['a local part that is too long', `${'a'.repeat(65)}@example.com`, null],
  ['a domain that is too long', `ada@${'a.'.repeat(130)}example.com`, null],
  ['a NUL', 'ada\u0000@example.com', null],
  ['half of a surrogate pair', 'ada\ud800@example.com', null],
  ['nothing', '', null],
];

const accountsNow = async () =>
  (await world.query<{ email: string }>('SELECT email FROM "user" ORDER BY email')).map(
    ({ email }) => email,
  );

describe('of an address', () => {
  const ids = new Map<string, string>();
  let organizationId: string;

  beforeAll(async () => {
    organizationId = await found(world);
    for (const email of accounts) {
      const { user } = await say(world, 'userCreate', { email });
      ids.set(email, user?.id ?? '');
    }
    const rows = accounts.map((email) => ({ organizationId, email }));
    await act(world, [organizationId], (tx) => addMembers(tx, rows, { act: 'add' }));
  });

  it('there are at least forty', () => {
    expect(new Set(spellings.map(([, spelling]) => spelling)).size).toBeGreaterThanOrEqual(40);
    expect(
      spellings.every(([, , account]) => account === null || accounts.includes(account ?? '')),
    );
  });

  it.each(spellings)('%s: %j is the account %j', async (_, email, account) => {
    const created = await say(world, 'userCreate', { email });
    const updated = await say(world, 'userUpdate', { user: { email }, metadata: {} });
    const rows = [{ organizationId, email }];
    const added = await act(world, [organizationId], (tx) => addMembers(tx, rows, { act: 'add' }));
    if (account === null) {
      expect(created.issues?.map(({ path }) => path)).toEqual([['email']]);
      expect(updated.issues?.map(({ path }) => path)).toEqual([['user', 'email']]);
      expect(said(added)).toEqual(['INVALID_INPUT']);
    } else {
      expect(created).toMatchObject({
        code: 'DUPLICATE_EMAIL',
        existing: { id: ids.get(account) },
      });
      expect(updated.user).toMatchObject({ id: ids.get(account), email: account });
      expect(said(added)).toEqual(['ALREADY_MEMBER']);
    }
    expect(await accountsNow()).toEqual(accounts.toSorted());
  });

  it('finds whom a spelling created', async () => {
    const { user } = await say(world, 'userCreate', { email: ' BO@B\u00dcCHER.example ' });
    expect(user?.email).toBe('bo@xn--bcher-kva.example');
    const again = await say(world, 'userCreate', { email: 'bo@bu\u0308cher.example' });
    expect(again).toMatchObject({ code: 'DUPLICATE_EMAIL', existing: { id: user?.id } });
  });
});
