/** The tokens that the floors take: verified with jose, and remembered until they expire. */
import { createHash } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { accountHash } from '../../src/domain/retired-identity.ts';

/** The parameters $1 to $4 of every statement. */
export type Account = [issuer: string, subject: string, hash: Buffer, issuedAt: Date | null];

type Entry = { issuer: string; audience: string; algorithms: string[]; jwks: JSONWebKeySet };

const MOST_REMEMBERED = 10_000;

/** Makes what tells whose a token is; null: it is not a good one. */
export function createTokens({ issuer, audience, algorithms, jwks }: Entry) {
  const keys = createLocalJWKSet(jwks);
  const remembered = new Map<string, { account: Account; expiresAt: number }>();
  return async (token: string): Promise<Account | null> => {
    const key = createHash('sha256').update(token).digest('base64');
    const known = remembered.get(key);
    if (known !== undefined && known.expiresAt > Date.now()) {
      return known.account;
    }
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms,
        requiredClaims: ['sub', 'exp'],
        clockTolerance: 15,
      });
      const { sub: subject = '', exp = 0, iat } = payload;
      const hash = Buffer.from(accountHash({ issuer, subject }));
      const issuedAt = iat === undefined ? null : new Date(iat * 1000);
      const account: Account = [issuer, subject, hash, issuedAt];
      if (remembered.size >= MOST_REMEMBERED) {
        remembered.clear();
      }
      remembered.set(key, { account, expiresAt: exp * 1000 });
      return account;
    } catch {
      return null;
    }
  };
}
