/** Tokens by the byte: what no library would write. */
import { createHmac, KeyObject, sign } from 'node:crypto';
import type { Claims, TestIssuer } from '../support/issuer.ts';

/** What is wrong with a token, beside a good one. */
export type Fault = {
  header?: Claims;
  claims?: Claims;
  headerText?: (text: string) => string;
  claimsText?: (text: string) => string;
  /** What stands as the third part, instead of a good ES256 signature of the first two. */
  signature?: (input: string) => Buffer;
  whole?: (token: string) => string;
};

/** Writes a token of an issuer (of ES256 keys) with a fault, at a time in seconds. Without faults it is a good one. */
export function writeToken(issuer: TestIssuer, now: number, fault: Fault = {}): string {
  const same = (text: string) => text;
  const { headerText = same, claimsText = same, whole = same } = fault;
  const { kid, privateKey } = issuer.key();
  const header = { alg: 'ES256', kid, typ: 'JWT', ...fault.header };
  const claims = {
    iss: issuer.issuer,
    aud: issuer.audience,
    sub: 'user-1',
    iat: now,
    exp: now + 600,
    ...fault.claims,
  };
  const parts = [headerText(JSON.stringify(header)), claimsText(JSON.stringify(claims))];
  const input = parts.map((part) => Buffer.from(part).toString('base64url')).join('.');
  const signature = (fault.signature ?? es256(KeyObject.from(privateKey)))(input);
  return whole(`${input}.${signature.toString('base64url')}`);
}

/** Signs by ES256 (with keys of other curves: as ES256 would). */
export function es256(key: KeyObject): (input: string) => Buffer {
  return (input) => sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
}

/** Signs by RS256, or whatever else `node:crypto` makes of a key. */
export function rs256(key: KeyObject): (input: string) => Buffer {
  return (input) => sign('sha256', Buffer.from(input), key);
}

/** Signs by HS256. */
export function hs256(secret: string | Buffer): (input: string) => Buffer {
  return (input) => createHmac('sha256', secret).update(input).digest();
}

/** Applies a change to one of the three parts of a token. */
export function onPart(index: number, change: (part: string) => string): (token: string) => string {
  return (token) =>
    token
      .split('.')
      .map((part, at) => (at === index ? change(part) : part))
      .join('.');
}

/** The same bytes in another spelling: the bits that an encoder leaves at zero, set. */
export function withSpareBits(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(part.at(-1) ?? '');
  return `${part.slice(0, -1)}${alphabet[last + 1]}`;
}
