import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { single } from '../../src/domain/outcome.ts';
import { addUsers } from '../../src/domain/user.ts';
import { act, fresh } from '../domain/world.ts';
import { type ObservedGateway, observeGateway } from '../http/observed-gateway.ts';
import { bearer, get, openSocket, post, type Reply } from '../http/wire.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { digestOf, type Issuers, startIssuers } from './issuers.ts';

let database: TestDatabase;
let issuers: Issuers;
let gateway: ObservedGateway;

beforeAll(async () => {
  database = await createDatabase();
  issuers = await startIssuers(database);
  gateway = await observeGateway({ GATEHOUSE_TRUSTED_ISSUERS: issuers.settings }, database);
});

afterAll(async () => {
  await gateway?.close();
  await issuers.closeIssuers();
});

const VIEWER = { query: '{ viewer { kind } }' };

const newcomer = () => `${fresh('newcomer')}@example.com`;
const later = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

/** A person who signed in by `home`: their address. */
async function regular(): Promise<string> {
  const email = newcomer();
  const token = await issuers.tokenOf('home', email);
  expect((await post(gateway.url, VIEWER, bearer(token))).status).toBe(200);
  return email;
}

async function sendMutation(name: string, input: object): Promise<void> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const query = `mutation ($input: ${type}Input!) { ${name}(input: $input) { __typename } }`;
  const { body } = await post(gateway.url, { query, variables: { input } }, bearer(gateway.key));
  expect(body).toContain(`${type}Payload`);
}

async function deleted(): Promise<string> {
  const email = await regular();
  const [user] = await database.query<{ id: string }>('SELECT id FROM "user" WHERE email = $1', [
    email,
  ]);
  const userId = encodeId('usr', user?.id ?? '');
  await sendMutation('userDelete', { userId, confirmEmail: email });
  return email;
}

/** An address that nobody has verified, and that somebody's account stands for. */
async function unverified(): Promise<string> {
  const email = newcomer();
  const user = { email, issuer: 'https://elsewhere.example', subject: email };
  single(await act(database, [], (tx) => addUsers(tx, [user], { act: 'create' })));
  return email;
}

const refused: [what: string, token: () => Promise<string>, reason: RegExp][] = [
  ['no address', () => issuers.tokenOf('home', newcomer(), { email: undefined }), /no address/],
  [
    'an address that is not verified',
    () => issuers.tokenOf('home', newcomer(), { email_verified: false }),
    /no address/,
  ],
  [
    'no word on whether it is verified',
    () => issuers.tokenOf('home', newcomer(), { email_verified: undefined }),
    /no address/,
  ],
  ['something else than an address', () => issuers.tokenOf('home', 'ada'), /no address/],
  [
    'the address of somebody, by an issuer that may link nobody',
    async () => issuers.tokenOf('mute', await regular()),
    /may not speak for/,
  ],
  [
    'an address that nobody has verified and somebody signs in with',
    async () => issuers.tokenOf('home', await unverified()),
    /never verified/,
  ],
  [
    'an address of another domain, by the single sign-on of an organization',
    () => issuers.tokenOf('sso', newcomer()),
    /may not speak for/,
  ],
  [
    'an account whose user was deleted after it was issued',
    async () => issuers.tokenOf('home', await deleted(), { iat: later(-60) }),
    /before its account was taken/,
  ],
  [
    'an account that is new, though it is older than all that is remembered',
    () => issuers.tokenOf('home', newcomer(), { iat: later(-31 * 86_400) }),
    /older than the end/,
  ],
  ['no subject', () => issuers.tokenOf('home', newcomer(), { sub: undefined }), /sub/],
  ['a subject that is a number', () => issuers.tokenOf('home', newcomer(), { sub: 7 }), /sub/],
  ['an end in the past', () => issuers.tokenOf('home', newcomer(), { exp: later(-60) }), /expired/],
  ['no end', () => issuers.tokenOf('home', newcomer(), { exp: undefined }), /exp/],
  ['a time in the future', () => issuers.tokenOf('home', newcomer(), { nbf: later(60) }), /valid/],
  ['another audience', () => issuers.tokenOf('home', newcomer(), { aud: 'other' }), /audience/],
  [
    'an issuer that nobody trusts',
    () => issuers.tokenOf('home', newcomer(), { iss: 'https://elsewhere.example' }),
    /trusted/,
  ],
  [
    'the signature of another issuer',
    () => {
      const { home, mute } = issuers.issuers;
      const claims = { iss: home.issuer, email: newcomer(), email_verified: true };
      return mute.token(claims, { header: { kid: home.key().kid } });
    },
    /signature/,
  ],
  ['nothing that is a token', async () => 'eyJhbGciOiJub25lIn0', /./],
];

function comparable({ status, headers, body }: Reply): object {
  const { date, 'x-request-id': id, ...others } = headers;
  expect([date, id]).toEqual([expect.any(String), expect.any(String)]);
  return { status, headers: others, body };
}

describe('a token with', () => {
  it.each(refused)(
    '%s is refused like all others, and leaves nothing behind',
    async (_, make, reason) => {
      const token = await make();
      const expected = comparable(await post(gateway.url, VIEWER, bearer(`ghk_${'x'.repeat(43)}`)));
      expect(expected).toMatchObject({
        status: 401,
        body: '{"errors":[{"message":"These credentials are not valid.","extensions":{"code":"UNAUTHENTICATED"}}]}',
      });
      const before = await digestOf(database);
      const logged = gateway.log.length;
      const headers = { ...bearer(token), accept: 'text/event-stream' };
      for (const reply of [
        await post(gateway.url, VIEWER, bearer(token)),
        await get(gateway.url, VIEWER, bearer(token)),
        await post(gateway.url, VIEWER, headers),
        await get(gateway.url, VIEWER, headers),
      ]) {
        expect(comparable(reply)).toEqual(expected);
      }
      const { tell, closed } = await openSocket(gateway.url);
      tell({ type: 'connection_init', payload: bearer(token) });
      expect(await closed).toEqual({ code: 4401, reason: 'Unauthorized' });
      expect(await digestOf(database)).toEqual(before);
      const reasons = gateway.log.slice(logged).filter(({ msg }) => msg === 'A token was refused');
      expect(reasons).toHaveLength(5);
      for (const line of reasons) {
        expect(Reflect.get(line, 'reason')).toMatch(reason);
      }
      expectNothingOf(token, JSON.stringify(gateway.log.slice(logged)));
    },
  );

  it('an account that is linked is let in, so that all this can fail', async () => {
    const before = await digestOf(database);
    const token = await issuers.tokenOf('home', newcomer());
    expect((await post(gateway.url, VIEWER, bearer(token))).status).toBe(200);
    const after = await digestOf(database);
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(changed).toEqual(['"user"', 'event', 'event_detail', 'identity']);
  });
});

/** Neither its parts nor what stands in them. */
function expectNothingOf(token: string, text: string): void {
  const parts = token.split('.');
  const [, payload = ''] = parts;
  const claims: unknown =
    payload === '' ? {} : JSON.parse(Buffer.from(payload, 'base64url').toString());
  const values = Object.values(Object(claims)).filter((value) => typeof value === 'string');
  for (const secret of [...parts, ...values].filter((part) => String(part).length > 8)) {
    expect(text).not.toContain(String(secret));
  }
}
