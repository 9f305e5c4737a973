/** The keys of an issuer: fetched with restraint, and kept through its outages. */
import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from 'jose';
import type { Logger } from 'pino';
import { fetchKeys } from './jwks-fetch.ts';
import { TokenError } from './token-error.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';

/** Which key is sought: by its algorithm, and by its name when the token gives one. */
export type KeyQuery = { alg: string; kid: string | undefined };

export type KeySource = {
  /**
   * The one key that fits. A name that is not known yet waits for the next fetch that is allowed.
   *
   * @throws TokenError when there is none, or more than one.
   */
  find(query: KeyQuery): Promise<CryptoKey>;
};

export type KeySourceOptions = {
  log?: Logger;
  /** In milliseconds. */
  now: () => number;
  /** The least time between the beginnings of two fetches. */
  fetchIntervalMs: number;
};

/** From this age on keys are fetched again, while the old ones serve. */
const REFRESH_MS = 10 * 60_000;

/** From this age on they serve only when the issuer does not answer: it may have withdrawn one. */
const STALE_MS = 2 * REFRESH_MS;

/** From this age on they do not serve at all. */
const MAX_AGE_MS = 24 * 60 * 60_000;

/** Each holds a request open for some seconds; whoever comes beyond is refused at once. */
const MAX_WAITING = 1000;

type KeySet = ReturnType<typeof createLocalJWKSet>;

/** The keys of an issuer, from its settings or from its JWKS URL. */
export function createKeySource(
  { issuer, keys, algorithms }: TrustedIssuer,
  options: KeySourceOptions,
): KeySource {
  if ('jwks' in keys) {
    const keySet = createLocalJWKSet(keys.jwks);
    return {
      async find(query) {
        return (await findIn(keySet, query)) ?? refuseUnknown();
      },
    };
  }
  return createRemoteKeySource(issuer, () => fetchKeys(keys.jwksUrl, algorithms), options);
}

function createRemoteKeySource(
  issuer: string,
  fetchSet: () => Promise<JSONWebKeySet>,
  { log, now, fetchIntervalMs }: KeySourceOptions,
): KeySource {
  let held: { keySet: KeySet; at: number } | undefined;
  let lastBegun = Number.NEGATIVE_INFINITY;
  let isFailing = false;
  let underWay: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let waiting = 0;

  const ageOf = () => (held === undefined ? Number.POSITIVE_INFINITY : now() - held.at);
  const untilAllowed = () =>
    Math.min(fetchIntervalMs, Math.max(0, lastBegun + fetchIntervalMs - now()));

  const begin = (): Promise<void> => {
    const at = now();
    lastBegun = at;
    underWay = fetchSet()
      .then(
        (jwks) => {
          held = { keySet: createLocalJWKSet(jwks), at };
          isFailing = false;
        },
        (err: unknown) => {
          isFailing = true;
          log?.warn({ err, issuer }, 'The keys of an issuer cannot be fetched');
        },
      )
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  };

  /** The fetch that begins as soon as one may: everybody who waits, waits for the same one. */
  const fetchNext = (): Promise<void> => {
    next ??= (async () => {
      await underWay;
      await pause(untilAllowed());
      next = undefined;
      await begin();
    })();
    return next;
  };

  const search = async (query: KeyQuery): Promise<CryptoKey | null> =>
    held !== undefined && ageOf() < MAX_AGE_MS ? findIn(held.keySet, query) : null;

  const refresh = async (): Promise<void> => {
    if (ageOf() < REFRESH_MS) {
      return;
    }
    if (underWay === undefined && next === undefined && untilAllowed() === 0) {
      begin();
    }
    if (ageOf() >= STALE_MS && !isFailing) {
      await underWay;
    }
  };

  begin();
  return {
    async find(query) {
      await refresh();
      const found = await search(query);
      if (found !== null) {
        return found;
      }
      if (waiting >= MAX_WAITING) {
        throw new TokenError('its key is not known, and too many others wait for new keys');
      }
      waiting += 1;
      try {
        // What is under way was perhaps answered before this key was there: only a later answer can say no.
        await underWay;
        const justCome = await search(query);
        if (justCome !== null) {
          return justCome;
        }
        await fetchNext();
      } finally {
        waiting -= 1;
      }
      return (await search(query)) ?? refuseUnknown();
    },
  };
}

/** Null when no key fits. */
async function findIn(keySet: KeySet, { alg, kid }: KeyQuery): Promise<CryptoKey | null> {
  const header: JWSHeaderParameters = kid === undefined ? { alg } : { alg, kid };
  try {
    return await keySet(header);
  } catch (cause) {
    if (cause instanceof errors.JWKSNoMatchingKey) {
      return null;
    }
    throw new TokenError('more than one key fits, or the one that fits is of no use', { cause });
  }
}

function refuseUnknown(): never {
  throw new TokenError('its issuer has no such key');
}

function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms).unref();
  return promise;
}
