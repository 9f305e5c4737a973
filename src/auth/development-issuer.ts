/** An issuer for development: with the embedded PostgreSQL alone, and for whoever reads its data directory. */
import { join } from 'node:path';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import type { Config } from '../config.ts';
import { EmbeddedError, systemFailure } from '../db/embedded/embedded-error.ts';
import { prepareDataDir } from '../db/embedded/location.ts';
import { readIfThere, writeOnce } from '../db/embedded/secret-file.ts';
import { isObject } from './strict-json.ts';
import { STANDARD_CLAIMS, type TrustedIssuer } from './trusted-issuer.ts';

/** Whom a token is for, and until when. */
export type DevelopmentToken = {
  /** Normalized; it is the subject, too. */
  email: string;
  name?: string;
  /** Whether a second factor is claimed. */
  mfa: boolean;
  issuedAt: Date;
  expiresAt: Date;
};

/** No host can ever have this name (RFC 6761). */
export const DEVELOPMENT_ISSUER = 'https://development.gatehouse.invalid';

const AUDIENCE = 'gatehouse';

const ALGORITHM = 'ES256';

const MFA = { claim: 'amr', values: ['mfa'] };

/** Whether people may come with tokens of the development issuer. */
export function trustsDevelopmentIssuer(
  config: Pick<Config, 'databaseUrl' | 'trustedIssuers'>,
): boolean {
  return config.databaseUrl === undefined && config.trustedIssuers === undefined;
}

/**
 * The issuers that a gateway with these settings trusts: those that are set, else the one for development, if at all.
 *
 * @throws EmbeddedError when the development issuer's key can be neither read nor made.
 */
export async function trustedIssuersOf(
  config: Pick<Config, 'databaseUrl' | 'trustedIssuers' | 'dataDir'>,
): Promise<TrustedIssuer[]> {
  return trustsDevelopmentIssuer(config)
    ? [developmentIssuer(await ensureKey(config.dataDir))]
    : (config.trustedIssuers ?? []);
}

/**
 * A token of the development issuer of this data directory, whose key is made when there is none yet.
 *
 * @throws EmbeddedError when the key can be neither read nor made.
 */
export async function signDevelopmentToken(
  dataDir: string,
  { email, name, mfa, issuedAt, expiresAt }: DevelopmentToken,
): Promise<string> {
  const key = await ensureKey(dataDir);
  const claims = { email, email_verified: true, name, ...(mfa ? { amr: MFA.values } : {}) };
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: key.kid })
    .setIssuer(DEVELOPMENT_ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(email)
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .sign(await importJWK(key, ALGORITHM));
}

function developmentIssuer({ kty, crv, x, y, kid }: JWK): TrustedIssuer {
  return {
    issuer: DEVELOPMENT_ISSUER,
    audiences: [AUDIENCE],
    keys: { jwks: { keys: [{ kty, crv, x, y, kid }] } },
    algorithms: [ALGORITHM],
    types: ['jwt'],
    claims: STANDARD_CLAIMS,
    linkingDomains: '*',
    authMethod: 'OTHER',
    mfa: MFA,
    provider: 'development',
    organizationId: null,
  };
}

async function ensureKey(dataDir: string): Promise<JWK> {
  const file = join(await prepareDataDir(dataDir), 'development-issuer.json');
  if ((await readIfThere(file)) === undefined) {
    const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    const made = JSON.stringify({ ...(await exportJWK(privateKey)), kid: 'development' });
    await writeOnce(file, `${made}\n`).catch((error: unknown) => {
      throw systemFailure(`Cannot write ${file}`, error);
    });
  }
  const key = readKey((await readIfThere(file)) ?? '');
  if (key === null) {
    throw new EmbeddedError(
      `The development issuer's key ${file} is garbled: delete it, and the next start makes another.`,
    );
  }
  return key;
}

function readKey(text: string): JWK | null {
  try {
    const key: unknown = JSON.parse(text);
    const isKey =
      isObject(key) &&
      ['kty', 'crv', 'x', 'y', 'd', 'kid'].every((name) => typeof key[name] === 'string');
    return isKey && key.crv === 'P-256' ? key : null;
  } catch {
    return null;
  }
}
