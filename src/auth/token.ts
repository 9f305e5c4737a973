/** From a bearer token to claims that a trusted issuer vouches for (RFC 7519, RFC 8725). */
import { hash } from 'node:crypto';
import { type CryptoKey, compactVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { accountHash } from '../domain/retired-identity.ts';
import { createKeySource, type KeySource } from './jwks.ts';
import { ownValue } from './strict-json.ts';
import { checkTimes, type PersonClaims, readClaims } from './token-claims.ts';
import { TokenError } from './token-error.ts';
import { normalizeType, type TokenParts, takeApart } from './token-parts.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';

export type VerifiedToken = PersonClaims & {
  issuer: TrustedIssuer;
  /** Of the account that it is for. */
  accountHash: Uint8Array;
};

export type TokenVerifier = {
  /**
   * Verifies a token (the text after `Bearer `): its signature once for each key that its issuer has for it.
   *
   * @throws TokenError for everything that is not a good token, with a reason for the log.
   */
  verify(token: string): Promise<VerifiedToken>;
};

export type TokenVerifierOptions = {
  log?: Logger;
  /** In milliseconds. @default Date.now */
  now?: () => number;
  /** The least time between two fetches of an issuer's keys. @default 5,000 */
  fetchIntervalMs?: number;
};

type Trust = { issuer: TrustedIssuer; keys: KeySource };

/** A token whose signature was found good, and the key that it was found good with. */
type Signed = { length: number; parts: TokenParts; verified: VerifiedToken; key: CryptoKey };

/** Characters of tokens whose signatures are remembered: some five thousand tokens. */
const REMEMBERED_CHARACTERS = 4_000_000;

/** Makes the verifier for these issuers, each of which is there once. Fetches their keys, without waiting for them. */
export function createTokenVerifier(
  issuers: TrustedIssuer[],
  { log, now = Date.now, fetchIntervalMs = 5_000 }: TokenVerifierOptions = {},
): TokenVerifier {
  const trusted = new Map<string, Trust>(
    issuers.map((issuer) => {
      const keys = createKeySource(issuer, { log, now, fetchIntervalMs });
      return [issuer.issuer, { issuer, keys }];
    }),
  );
  const remembered = new LRUCache<string, Signed>({
    maxSize: REMEMBERED_CHARACTERS,
    sizeCalculation: ({ length }) => length,
  });
  return {
    async verify(token) {
      // By its hash: tokens are not kept. Whether it is its time, and whose key it is, is looked at each time.
      const digest = hash('sha256', token, 'base64');
      const signed = remembered.get(digest);
      const parts = signed?.parts ?? takeApart(token);
      const { issuer, keys } = trustOf(parts, trusted);
      checkType(parts, issuer);
      // Before its key is sought: a stale token whose key is long gone would have the keys fetched again and again.
      const verified = signed?.verified ?? verifiedToken(readClaims(parts.payload, issuer), issuer);
      checkTimes(parts.payload, now());
      const key = await findKey(parts, issuer, keys);
      if (signed?.key !== key) {
        await checkSignature(token, issuer, key);
        remembered.set(digest, { length: token.length, parts, verified, key });
      }
      return verified;
    },
  };
}

function verifiedToken(claims: PersonClaims, issuer: TrustedIssuer): VerifiedToken {
  const { subject } = claims;
  return { ...claims, issuer, accountHash: accountHash({ issuer: issuer.issuer, subject }) };
}

function trustOf({ payload }: TokenParts, trusted: Map<string, Trust>): Trust {
  const iss = ownValue(payload, 'iss');
  const trust = typeof iss === 'string' ? trusted.get(iss) : undefined;
  if (trust === undefined) {
    throw new TokenError('its issuer is not trusted');
  }
  return trust;
}

function checkType({ header }: TokenParts, { types }: TrustedIssuer): void {
  const typ = ownValue(header, 'typ');
  const type = typeof typ === 'string' ? normalizeType(typ) : null;
  if ((typ !== undefined && type === null) || !types.includes(type)) {
    throw new TokenError('its typ is not one that this issuer may use');
  }
}

function findKey(
  { header, alg }: TokenParts,
  { algorithms }: TrustedIssuer,
  keys: KeySource,
): Promise<CryptoKey> {
  if (!algorithms.includes(alg)) {
    throw new TokenError('its algorithm is not one that this issuer may use');
  }
  const kid = ownValue(header, 'kid');
  return keys.find({ alg, kid: typeof kid === 'string' ? kid : undefined });
}

async function checkSignature(
  token: string,
  { algorithms }: TrustedIssuer,
  key: CryptoKey,
): Promise<void> {
  try {
    await compactVerify(token, key, { algorithms });
  } catch (cause) {
    throw new TokenError('its signature is not that of its issuer', { cause });
  }
}
