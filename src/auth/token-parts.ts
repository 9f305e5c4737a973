/** A token taken apart, before anything of it is believed. */
import { type JsonObject, ownValue, parseStrictObject } from './strict-json.ts';
import { TokenError } from './token-error.ts';

export type TokenParts = { header: JsonObject; alg: string; payload: JsonObject };

const MAX_LENGTH = 8192;

/**
 * Takes a JWS in compact serialization (RFC 7515) apart: at most 8 KB, three parts of base64url as an encoder writes
 * it, header and payload unambiguous JSON objects. Nothing is verified.
 *
 * @throws TokenError for anything else, and for headers that ask for what is not supported here.
 */
export function takeApart(token: string): TokenParts {
  if (token.length > MAX_LENGTH) {
    throw new TokenError(`it is longer than ${MAX_LENGTH} characters`);
  }
  const parts = token.split('.');
  if (parts.length !== 3) {
    throw new TokenError('it does not have three parts');
  }
  const [header, payload] = parts
    .map(strictBytes)
    .slice(0, 2)
    .map((bytes) => parseStrictObject(bytes));
  if (!header || !payload) {
    throw new TokenError('its header or payload is not an unambiguous JSON object');
  }
  return { header, alg: checkHeader(header), payload };
}

/** The spelling by which media types of tokens are compared: RFC 7515, section 4.1.9. */
export function normalizeType(type: string): string {
  return type.toLowerCase().replace(/^application\/(?=[^/]*$)/, '');
}

// Everything that lets one token be written in two ways is refused: blocklists and caches go by the text.
function strictBytes(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (part === '' || bytes.toString('base64url') !== part) {
    throw new TokenError('a part is not strict base64url');
  }
  return bytes;
}

/** Returns the algorithm. The keys that a header names or brings (jku, jwk, x5u, x5c) are not even looked at. */
function checkHeader(header: JsonObject): string {
  const has = (name: string) => Object.hasOwn(header, name);
  if (has('crit') || has('b64')) {
    throw new TokenError('its header asks for extensions');
  }
  if (has('enc') || has('zip')) {
    throw new TokenError('it is encrypted or compressed');
  }
  if (has('cty')) {
    throw new TokenError('it holds something other than claims');
  }
  const kid = ownValue(header, 'kid');
  if (kid !== undefined && typeof kid !== 'string') {
    throw new TokenError('its kid is not a string');
  }
  const alg = ownValue(header, 'alg');
  if (typeof alg !== 'string') {
    throw new TokenError('its alg is not a string');
  }
  return alg;
}
