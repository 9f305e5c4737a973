/** One fetch of an issuer's keys. */
import type { JSONWebKeySet, JWK } from 'jose';
import { isPublicJwk, keyTypesOf } from './public-jwk.ts';
import { isObject } from './strict-json.ts';

/** Why an answer cannot be used; it says nothing of what is in it. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
}

const PATIENCE_MS = 5_000;

const MAX_BYTES = 256 * 1024;

/**
 * Fetches a JWK Set (RFC 7517) and returns those keys in it that can verify a signature by one of `algorithms`.
 * No redirect is followed, no more than 256 KB are read, and it takes 5 seconds at most.
 *
 * @throws KeysUnavailableError when there is none such, or what `fetch` throws.
 */
export async function fetchKeys(url: URL, algorithms: string[]): Promise<JSONWebKeySet> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE_MS),
    headers: { accept: 'application/jwk-set+json, application/json' },
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new KeysUnavailableError(`The issuer answers with status ${response.status}.`);
  }
  const keys = readKeys(await readText(response)).filter((key) => isUsable(key, algorithms));
  if (keys.length === 0) {
    throw new KeysUnavailableError('The answer has no key that could be used.');
  }
  return { keys };
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop ends the transfer.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) {
      throw new KeysUnavailableError(`The answer is larger than ${MAX_BYTES} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readKeys(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value) && Array.isArray(value.keys)) {
      return value.keys;
    }
  } catch {
    // Said below.
  }
  throw new KeysUnavailableError('The answer is not a JWK Set.');
}

// One key that is of no use, or even a private one by mistake, does not spoil the others.
function isUsable(key: unknown, algorithms: string[]): key is JWK {
  return isPublicJwk(key) && keyTypesOf(algorithms).includes(key.kty) && key.use !== 'enc';
}
