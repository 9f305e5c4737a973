/** Who issues, and who forges. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTokenVerifier, type TokenVerifier } from '../../src/auth/token.ts';
import { readConfig } from '../../src/config.ts';
import { createIssuer, type TestIssuer } from '../support/issuer.ts';
import type { Fault } from './forgery.ts';

export type World = {
  /** Of ES256 keys; its set has RSA keys, too, and many that are of no use. */
  issuer: TestIssuer;
  other: TestIssuer;
  rsa: TestIssuer;
  verifier: TokenVerifier;
  /** Offers the attacker's keys. */
  sinkUrl: string;
  sinkHits(): number;
  close(): Promise<void>;
};

/** A name, the fault, the reason, and the nearest token that is good (one without any fault when left out). */
export type Case = [name: string, fault: Some, reason: RegExp, repaired?: Some];

type Some = Fault | ((world: World) => Fault);

/** When all this is, in seconds. */
export const NOW = 1_800_000_000;

/** Keys by what they are for. */
export type Keys = { [Name in 'wrongCurve' | 'attacker' | 'small' | 'large']: Pair };

type Pair = { privateKey: KeyObject; publicKey: KeyObject };

/** Keys that have been made for these tests. */
export function makeKeys(): Keys {
  return {
    wrongCurve: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    attacker: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    small: generateKeyPairSync('rsa', { modulusLength: 1024 }),
    large: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  };
}

/** A key as it stands in a JWK Set. */
export function jwkOf(key: KeyObject, kid: string, more: object = {}) {
  return { ...key.export({ format: 'jwk' }), kid, ...more };
}

/** Starts the issuers, and a verifier that trusts them, at `NOW`. */
export async function createWorld({ wrongCurve, attacker, small, large }: Keys): Promise<World> {
  let sinkHits = 0;
  const sink = createServer((_, response) => {
    sinkHits += 1;
    response.end(JSON.stringify({ keys: [jwkOf(attacker.publicKey, 'attacker')] }));
  });
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
  const { port } = sink.address() as AddressInfo;
  const moreKeys = [
    jwkOf(wrongCurve.publicKey, 'p-384'),
    jwkOf(attacker.publicKey, 'for-encryption', { use: 'enc' }),
    jwkOf(attacker.publicKey, 'for-another-algorithm', { alg: 'ES384' }),
    jwkOf(attacker.publicKey, 'for-signing-only', { key_ops: ['sign'] }),
    jwkOf(attacker.privateKey, 'private'),
    { kty: 'oct', k: Buffer.from('secret').toString('base64url'), kid: 'shared' },
    jwkOf(small.publicKey, 'small'),
    jwkOf(large.publicKey, 'large'),
  ];
  const issuer = await createIssuer({ moreKeys, settings: { algorithms: ['ES256', 'RS256'] } });
  const other = await createIssuer();
  const rsa = await createIssuer({ alg: 'RS256' });
  const GATEHOUSE_TRUSTED_ISSUERS = JSON.stringify([issuer.entry, other.entry, rsa.entry]);
  const { trustedIssuers = [] } = readConfig({ GATEHOUSE_TRUSTED_ISSUERS });
  return {
    issuer,
    other,
    rsa,
    verifier: createTokenVerifier(trustedIssuers, { now: () => NOW * 1000, fetchIntervalMs: 1 }),
    sinkUrl: `http://127.0.0.1:${port}/jwks`,
    sinkHits: () => sinkHits,
    async close() {
      await Promise.all([issuer.close(), other.close(), rsa.close()]);
      sink.close();
    },
  };
}
