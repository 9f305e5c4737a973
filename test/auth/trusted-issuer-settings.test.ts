import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';
import { encodeId } from '../../src/domain/id.ts';

const UUID = '01890a5d-ac96-774b-bcce-b302099a8057';

const entry = {
  issuer: 'https://id.example/',
  audience: 'gatehouse',
  jwksUrl: 'https://id.example/jwks.json',
};

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed = generateKeyPairSync('ed25519');

const publicEc = ec.publicKey.export({ format: 'jwk' });
const { jwksUrl: _, ...withoutKeys } = entry;

function read(entries: unknown, readFile?: (path: string) => string) {
  const GATEHOUSE_TRUSTED_ISSUERS = typeof entries === 'string' ? entries : JSON.stringify(entries);
  return readConfig({ GATEHOUSE_TRUSTED_ISSUERS }, readFile).trustedIssuers;
}

function refusalOf(entries: unknown): string {
  try {
    read(entries);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error instanceof Error ? error.message : '';
  }
  throw new Error(`Was accepted: ${JSON.stringify(entries)}`);
}

it('has careful defaults', () => {
  expect(read([entry])).toEqual([
    {
      issuer: 'https://id.example/',
      audiences: ['gatehouse'],
      keys: { jwksUrl: new URL('https://id.example/jwks.json') },
      algorithms: ['RS256'],
      types: [null, 'jwt', 'at+jwt'],
      claims: {
        email: 'email',
        emailVerified: 'email_verified',
        name: 'name',
        givenName: 'given_name',
        familyName: 'family_name',
        pictureUrl: 'picture',
        locale: 'locale',
      },
      linkingDomains: [],
      authMethod: null,
      mfa: null,
      provider: 'id.example',
      organizationId: null,
    },
  ]);
});

it('takes everything that can be said', () => {
  const full = {
    ...withoutKeys,
    audience: ['one', 'two'],
    jwks: { keys: [publicEc] },
    algorithms: ['ES256', 'EdDSA'],
    types: ['application/AT+JWT', null],
    claims: { email: 'https://acme.example/email' },
    linkingDomains: ['Bücher.Example', 'acme.example'],
    authMethod: 'SSO',
    mfa: { claim: 'amr', values: ['mfa'] },
    provider: 'Acme',
    organizationId: encodeId('org', UUID),
  };
  expect(read([full])?.[0]).toMatchObject({
    audiences: ['one', 'two'],
    keys: { jwks: { keys: [publicEc] } },
    algorithms: ['ES256', 'EdDSA'],
    types: ['at+jwt', null],
    claims: { email: 'https://acme.example/email', emailVerified: 'email_verified' },
    linkingDomains: ['xn--bcher-kva.example', 'acme.example'],
    authMethod: 'SSO',
    mfa: { claim: 'amr', values: ['mfa'] },
    provider: 'Acme',
    organizationId: UUID,
  });
  expect(read([{ ...entry, issuer: 'urn:acme' }])?.[0]?.provider).toBe('urn:acme');
  expect(read([{ ...entry, linkingDomains: '*' }])?.[0]?.linkingDomains).toBe('*');
  expect(read([{ ...entry, linkingDomains: ['*'] }])?.[0]?.linkingDomains).toBe('*');
});

it('is read out of a file, too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-issuers-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'issuers.json');
  await writeFile(path, `${JSON.stringify([entry], null, 2)}\n`);
  expect(read(path)).toEqual(read([entry]));
  expect(
    read('elsewhere', (name) => (name === 'elsewhere' ? JSON.stringify([entry]) : '')),
  ).toEqual(read([entry]));
  await writeFile(path, '{ "hunter2": ');
  expect(refusalOf(path)).toBe(
    'GATEHOUSE_TRUSTED_ISSUERS must be a JSON array of trusted issuers, or the path of a file with one.',
  );
});

const keysMessage = '.jwks must be a JWK Set of public keys: RSA of 2048 bits or more, EC or OKP';
const urlMessage =
  '.jwksUrl must be an https URL, or one with http on this machine, without credentials and fragment';
const jwks = (...keys: unknown[]) => ({ jwksUrl: undefined, jwks: { keys } });

describe('an entry', () => {
  it.each<[change: object, said: string]>([
    ...[undefined, null, '', 1, 'a b', 'x'.repeat(256), 'https://ïd.example', 'a\n'].map(
      (issuer): [object, string] => [
        { issuer },
        '.issuer must be the issuer exactly as in its tokens: 1 to 255 characters',
      ],
    ),
    ...[undefined, null, '', [], [''], ['a', 1], {}].map((audience): [object, string] => [
      { audience },
      '.audience must be the audience of the tokens, or an array of several',
    ]),
    ...[
      'http://id.example/jwks',
      'http://127.0.0.1.id.example/jwks',
      'http://localhost.example/',
      'http://10.0.0.1/',
      'ftp://id.example',
      'file:///etc/passwd',
      'id.example',
      'https://u:hunter2@id.example/',
      'https://id.example/#x',
      'https:/id.example',
      '',
      1,
    ].map((jwksUrl): [object, string] => [{ jwksUrl }, urlMessage]),
    [jwks(), keysMessage],
    [jwks(ec.privateKey.export({ format: 'jwk' })), keysMessage],
    [jwks(publicEc, { kty: 'oct', k: 'aHVudGVyMg' }), keysMessage],
    [jwks(small.publicKey.export({ format: 'jwk' })), keysMessage],
    [jwks({ ...publicEc, x: 'AAAA' }), keysMessage],
    [jwks({ ...publicEc, k: 'hunter2' }), keysMessage],
    [jwks('hunter2'), keysMessage],
    [{ jwksUrl: undefined, jwks: publicEc }, keysMessage],
    [{ jwksUrl: undefined }, ' must have either jwksUrl or jwks'],
    [{ jwks: { keys: [publicEc] }, algorithms: ['ES256'] }, ' must have either jwksUrl or jwks'],
    [jwks(publicEc), '.jwks must have a key for one of the algorithms'],
    ...[[], 'RS256', ['HS256'], ['none'], ['RS256', 'HS512'], ['rs256'], ['toString'], ['dir']].map(
      (algorithms): [object, string] => [
        { algorithms },
        '.algorithms must be an array of some of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519',
      ],
    ),
    [
      { types: [] },
      '.types must be an array of values of the header typ, and null for tokens without one',
    ],
    [
      { types: [''] },
      '.types must be an array of values of the header typ, and null for tokens without one',
    ],
    [{ claims: { email: '' } }, '.claims.email must be the name of a claim'],
    [{ claims: { name: ['hunter2'] } }, '.claims.name must be the name of a claim'],
    [{ claims: { mail: 'hunter2' } }, '.claims.mail is not a known property'],
    [{ claims: 'hunter2' }, '.claims must be an object of names of claims'],
    ...['acme.example', ['acme.example', '*'], ['a b.example'], ['@acme.example'], [1], null].map(
      (linkingDomains): [object, string] => [
        { linkingDomains },
        '.linkingDomains must be "*" or an array of mail domains',
      ],
    ),
    [
      { authMethod: 'hunter2' },
      '.authMethod must be one of PASSWORD, EMAIL_LINK, EMAIL_OTP, PASSKEY, GOOGLE, MICROSOFT, GITHUB, GITLAB, SLACK, APPLE, SSO, OTHER',
    ],
    [{ mfa: true }, '.mfa must be an object with claim and values'],
    [{ mfa: { claim: 'amr', values: [] } }, '.mfa.values must be an array of texts'],
    [{ mfa: { claim: 1, values: ['mfa'] } }, '.mfa.claim must be the name of a claim'],
    [{ mfa: { claim: 'amr', values: ['mfa'], hunter: 2 } }, '.mfa.hunter is not a known property'],
    [{ provider: '' }, '.provider must be a text of 1 to 100 characters'],
    [{ organizationId: UUID }, '.organizationId must be the id of an organization, org_…'],
    [
      { organizationId: encodeId('usr', UUID) },
      '.organizationId must be the id of an organization, org_…',
    ],
    [{ audiences: 'hunter2' }, '.audiences is not a known property'],
    [{ 'https://u:hunter2@x': 1 }, ' has a property that is not known'],
    [{ ['__proto__']: 1 }, '.__proto__ is not a known property'],
  ])('is refused with %j', (change, said) => {
    const message = refusalOf([entry, { ...entry, issuer: 'https://two.example', ...change }]);
    expect(message).toBe(`GATEHOUSE_TRUSTED_ISSUERS[1]${said}.`);
    expect(message).not.toContain('hunter2');
  });

  it.each<[object]>([
    [{ jwksUrl: 'http://127.0.0.1:8080/jwks' }],
    [{ jwksUrl: 'http://[::1]:8080/jwks' }],
    [{ jwksUrl: 'http://localhost/jwks' }],
    [{ jwksUrl: 'https://id.example:8443/jwks?v=1' }],
    [jwks(rsa.publicKey.export({ format: 'jwk' }))],
    [{ ...jwks(ed.publicKey.export({ format: 'jwk' })), algorithms: ['Ed25519'] }],
    [{ authMethod: null, mfa: null, organizationId: null }],
  ])('is taken with %j', (change) => {
    expect(read([{ ...entry, ...change }])).toHaveLength(1);
  });
});

it('says everything that is wrong at once, by its place, in one line', () => {
  const message = refusalOf([
    { ...entry, audience: undefined, algorithms: ['HS256'] },
    'hunter2',
    { ...entry, mfa: {}, hunter: 2 },
    { ...entry, provider: 'hunter2', jwksUrl: undefined },
  ]);
  const places = [...message.matchAll(/GATEHOUSE_TRUSTED_ISSUERS(\S*)/g)].map(([, place]) => place);
  expect(places.sort()).toEqual([
    '[0].algorithms',
    '[0].audience',
    '[1]',
    '[2].hunter',
    '[2].issuer',
    '[2].mfa.claim',
    '[2].mfa.values',
    '[3]',
    '[3].issuer',
  ]);
  expect(message).toContain(
    'GATEHOUSE_TRUSTED_ISSUERS[3].issuer must not be that of another entry.',
  );
  expect(message).not.toMatch(/hunter2|\n/);
});
