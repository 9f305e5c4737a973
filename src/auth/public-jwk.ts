/** JSON Web Keys that verify signatures, told from all others (RFC 7517, RFC 7518). */
import type { JWK } from 'jose';
import { isObject } from './strict-json.ts';

/** The asymmetric algorithms, and the type of key that each takes. */
const KEY_TYPES: Record<string, string> = {
  RS256: 'RSA',
  RS384: 'RSA',
  RS512: 'RSA',
  PS256: 'RSA',
  PS384: 'RSA',
  PS512: 'RSA',
  ES256: 'EC',
  ES384: 'EC',
  ES512: 'EC',
  EdDSA: 'OKP',
  Ed25519: 'OKP',
};

const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** The algorithms by which a token may be signed: none that shares a secret with whoever verifies. */
export const ALGORITHMS: readonly string[] = Object.keys(KEY_TYPES);

/** The types of key (`kty`) that these algorithms take. */
export function keyTypesOf(algorithms: string[]): string[] {
  return algorithms.flatMap((algorithm) => KEY_TYPES[algorithm] ?? []);
}

/** Whether a value is a key without anything secret in it. Whether its numbers make a key is not looked at. */
export function isPublicJwk(value: unknown): value is JWK & { kty: string } {
  return (
    isObject(value) &&
    typeof value.kty === 'string' &&
    !SECRET_MEMBERS.some((member) => Object.hasOwn(value, member))
  );
}
