import type { ServerResponse } from 'node:http';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { createTokenVerifier } from '../../src/auth/token.ts';
import { TokenError } from '../../src/auth/token-error.ts';
import { readConfig } from '../../src/config.ts';
import { createIssuer, type IssuerOptions, type TestIssuer } from '../support/issuer.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

async function newIssuer(options?: IssuerOptions): Promise<TestIssuer> {
  const issuer = await createIssuer(options);
  onTestFinished(() => issuer.close());
  return issuer;
}

/** A verifier whose clock is moved by hand: real time comes on top. */
function verifierOf(issuer: TestIssuer, fetchIntervalMs = 50) {
  const { trustedIssuers = [] } = readConfig({ GATEHOUSE_TRUSTED_ISSUERS: issuer.settings });
  const said: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => said.push(line) });
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const { verify } = createTokenVerifier(trustedIssuers, { log, now, fetchIntervalMs });
  return {
    said,
    move(ms: number) {
      ahead += ms;
    },
    /** The reason of a refusal, or null for a good token. */
    async refusal(token: string): Promise<string | null> {
      try {
        await verify(token);
        return null;
      } catch (error) {
        expect(error).toBeInstanceOf(TokenError);
        return error instanceof TokenError ? error.reason : '';
      }
    },
    token: (claims = {}, options = {}) => {
      const iat = Math.floor(now() / 1000);
      return issuer.token({ iat, exp: iat + 600, ...claims }, options);
    },
  };
}

/** Resolves as soon as `isSo`, looking again whenever the issuer is asked. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it.each([true, false])(
  'refuses no good token while keys rotate under load (old keys kept: %s)',
  async (keepOld) => {
    const issuer = await newIssuer();
    const { refusal, token } = verifierOf(issuer);
    let rotations = 0;
    let verified = 0;
    const isOver = () => rotations === 5;
    const strangers = Array.from({ length: 20 }, async () => {
      while (!isOver()) {
        const header = { kid: `unknown-${Math.random()}` };
        expect(await refusal(await token({}, { header }))).toBe('its issuer has no such key');
      }
    });
    const people = Array.from({ length: 50 }, async () => {
      while (!isOver()) {
        const isCurrent = issuer.key();
        const good = await token();
        const reason = await refusal(good);
        // Without its predecessors a set may change while a token is on its way: that token is of a withdrawn key.
        if (keepOld || isCurrent === issuer.key()) {
          expect(reason).toBeNull();
          verified += 1;
        }
      }
    });
    const rotating = (async () => {
      while (!isOver()) {
        const before = verified;
        await issuer.rotate({ keepOld });
        await until(() => verified >= before + 200);
        rotations += 1;
      }
    })();
    await Promise.all([rotating, ...strangers, ...people]);
    expect(verified).toBeGreaterThanOrEqual(1000);
  },
);

it('asks for keys with restraint, and once for all who wait', async () => {
  const issuer = await newIssuer();
  const { refusal, token, move } = verifierOf(issuer, MINUTE);
  expect(await refusal(await token())).toBeNull();
  expect(await refusal(await token())).toBeNull();
  expect(issuer.hits()).toBe(1);
  move(MINUTE);
  const unknown = await token({}, { header: { kid: 'unknown' } });
  const reasons = await Promise.all(Array.from({ length: 30 }, () => refusal(unknown)));
  expect(new Set(reasons)).toEqual(new Set(['its issuer has no such key']));
  expect(issuer.hits()).toBe(2);
});

it('does not ask for the keys of tokens that are of no use anyway', async () => {
  const issuer = await newIssuer();
  const { refusal, token } = verifierOf(issuer, 1);
  expect(await refusal(await token())).toBeNull();
  const header = { kid: 'unknown' };
  expect(await refusal(await token({ exp: 1 }, { header }))).toMatch(/expired/);
  expect(await refusal(await token({ aud: 'other' }, { header }))).toMatch(/audience/);
  expect(issuer.hits()).toBe(1);
  expect(await refusal(await token({}, { header }))).toMatch(/no such key/);
  expect(issuer.hits()).toBe(2);
});

it('lets a thousand wait, refuses the next ones at once, and lets a new key in all the same', async () => {
  const issuer = await newIssuer();
  const { refusal, token, said } = verifierOf(issuer, 500);
  expect(await refusal(await token())).toBeNull();
  const held: ServerResponse[] = [];
  await issuer.rotate();
  issuer.answer((_, response) => held.push(response));
  const strange = await token({}, { header: { kid: 'unknown' } });
  const waiting = Array.from({ length: 1000 }, () => refusal(strange));
  const good = await token();
  expect(await refusal(good)).toMatch(/too many others wait/);
  await until(() => held.length === 1);
  issuer.answer();
  held[0]?.end(JSON.stringify({ keys: [issuer.key().publicJwk] }));
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['its issuer has no such key']));
  expect(await refusal(good)).toBeNull();
  expect(await refusal(strange)).toBe('its issuer has no such key');
  expect(said).toEqual([]);
});

it('takes over new keys every ten minutes in the background, and forgets withdrawn ones', async () => {
  const issuer = await newIssuer();
  const { refusal, token, move } = verifierOf(issuer, MINUTE);
  const old = issuer.key();
  const byOld = () => token({}, { key: old.privateKey, header: { kid: old.kid } });
  expect(await refusal(await byOld())).toBeNull();
  await issuer.rotate();
  move(9 * MINUTE);
  expect(await refusal(await byOld())).toBeNull();
  expect(issuer.hits()).toBe(1);
  move(2 * MINUTE);
  expect(await refusal(await byOld())).toBeNull();
  await until(() => issuer.hits() === 2);
  expect(await refusal(await token())).toBeNull();
  move(MINUTE);
  expect(await refusal(await byOld())).toBe('its issuer has no such key');
});

it('takes a token that it has verified before no longer than its key, its times and its text', async () => {
  const issuer = await newIssuer();
  const { refusal, token, move } = verifierOf(issuer, 20);
  const hour = Math.floor(Date.now() / 1000) + 3600;
  const [long, short] = [await token({ exp: hour }), await token({ exp: hour - 3300 })];
  for (const good of [long, short, long, short]) {
    expect(await refusal(good)).toBeNull();
  }
  const [head, body, signature = ''] = long.split('.');
  const forged = `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
  expect(await refusal(forged)).toBe('its signature is not that of its issuer');
  move(6 * MINUTE);
  expect(await refusal(short)).toBe('it has expired');
  expect(await refusal(long)).toBeNull();
  await issuer.rotate();
  move(21 * MINUTE);
  expect(await refusal(long)).toBe('its issuer has no such key');
});

it('does not believe keys that nobody asked for in twenty minutes before it has asked again', async () => {
  const issuer = await newIssuer();
  const { refusal, token, move } = verifierOf(issuer, 20);
  const { kid, privateKey: key } = issuer.key();
  expect(await refusal(await token())).toBeNull();
  await issuer.rotate();
  move(21 * MINUTE);
  expect(await refusal(await token({}, { key, header: { kid } }))).toBe(
    'its issuer has no such key',
  );
});

it('leaves the interval between two fetches, whoever asks for unknown keys', async () => {
  const issuer = await newIssuer();
  const times: number[] = [];
  const { refusal, token } = verifierOf(issuer, 500);
  expect(await refusal(await token())).toBeNull();
  issuer.answer((_, response) => {
    times.push(performance.now());
    response.end(JSON.stringify({ keys: [issuer.key().publicJwk] }));
  });
  const unknown = await token({}, { header: { kid: 'unknown' } });
  for (let count = 0; count < 4; count += 1) {
    expect(await refusal(unknown)).toBe('its issuer has no such key');
  }
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  expect(gaps).toHaveLength(3);
  // What a request takes on its way may shorten a gap a little.
  expect(Math.min(...gaps)).toBeGreaterThan(250);
});

it('leaves it in an outage, too', async () => {
  const issuer = await newIssuer();
  const { refusal, token, move, said } = verifierOf(issuer, MINUTE);
  expect(await refusal(await token())).toBeNull();
  issuer.answer((_, response) => response.destroy());
  move(11 * MINUTE);
  expect(await refusal(await token())).toBeNull();
  await until(() => said.length === 1);
  for (let count = 0; count < 10; count += 1) {
    expect(await refusal(await token())).toBeNull();
  }
  move(MINUTE);
  expect(await refusal(await token())).toBeNull();
  await until(() => said.length > 1);
  expect(said).toHaveLength(2);
});

const failures: [name: string, fail: (response: ServerResponse, issuer: TestIssuer) => void][] = [
  [
    'an error',
    (response, issuer) => {
      response.writeHead(500).end(JSON.stringify({ keys: [issuer.key().publicJwk] }));
    },
  ],
  ['a broken connection', (response) => response.destroy()],
  ['garbage', (response) => response.end('<html>')],
  ['another JSON', (response) => response.end('{"keys":{}}')],
  ['no keys', (response) => response.end('{"keys":[]}')],
  [
    'only keys of no use',
    (response, issuer) => {
      const key = issuer.key().publicJwk;
      const keys = [
        null,
        1,
        { kty: 'oct', k: 'AA' },
        { ...key, use: 'enc' },
        { ...key, kty: 'RSA' },
      ];
      response.end(JSON.stringify({ keys: [...keys, { ...key, d: 'AA' }] }));
    },
  ],
  [
    'a huge answer',
    (response, issuer) => {
      response.end(JSON.stringify({ keys: [issuer.key().publicJwk], x: 'x'.repeat(300_000) }));
    },
  ],
];

it.each(failures)(
  'serves on with its old keys for a day, and says so, when there comes %s',
  async (_, fail) => {
    const issuer = await newIssuer();
    const { refusal, token, move, said } = verifierOf(issuer, 20);
    expect(await refusal(await token())).toBeNull();
    issuer.answer((_, response) => fail(response, issuer));
    const unknown = await token({}, { header: { kid: 'unknown' } });
    expect(await refusal(unknown)).toBe('its issuer has no such key');
    expect(said.join()).toContain('The keys of an issuer cannot be fetched');
    expect(said.join()).toContain(issuer.issuer);
    move(DAY - MINUTE);
    expect(await refusal(await token())).toBeNull();
    move(2 * MINUTE);
    expect(await refusal(await token())).toBe('its issuer has no such key');
    issuer.answer();
    expect(await refusal(await token())).toBeNull();
  },
);

it('follows no redirect', async () => {
  const issuer = await newIssuer();
  const elsewhere = await newIssuer();
  issuer.answer((_, response) =>
    response.writeHead(302, { location: `${elsewhere.issuer}/jwks` }).end(),
  );
  const { refusal } = verifierOf(issuer, 20);
  const { kid, privateKey } = elsewhere.key();
  const token = await issuer.token({}, { key: privateKey, header: { kid } });
  expect(await refusal(token)).toBe('its issuer has no such key');
  expect(elsewhere.hits()).toBe(0);
});

it('makes those wait whose keys it has for nobody, even when the issuer never answers', async () => {
  const issuer = await newIssuer();
  const { refusal, token, move } = verifierOf(issuer, 20);
  expect(await refusal(await token())).toBeNull();
  const held: ServerResponse[] = [];
  issuer.answer((_, response) => held.push(response));
  move(11 * MINUTE);
  for (let count = 0; count < 20; count += 1) {
    expect(await refusal(await token())).toBeNull();
  }
  await until(() => held.length === 1);
});

it('takes a token without kid when exactly one key fits', async () => {
  const issuer = await newIssuer();
  const { refusal, token } = verifierOf(issuer, 20);
  const header = { kid: undefined };
  expect(await refusal(await token({}, { header }))).toBeNull();
  await issuer.rotate({ keepOld: true });
  expect(await refusal(await token())).toBeNull();
  expect(await refusal(await token({}, { header }))).toMatch(/more than one key/);
});
