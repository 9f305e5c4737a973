/** Who signs the tokens that people come with. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** No host can ever have this name (RFC 6761). */
export const ISSUER = 'https://issuer.invalid';

/** What Gatehouse calls the issuer. */
export const PROVIDER = 'benchmark';

const AUDIENCE = 'gatehouse';
const ALGORITHM = 'RS256';
const KEY_ID = 'benchmark';
const LIFETIME_S = 3600;

export type Issuer = {
  /** Its entry among the trusted issuers of the gateway. */
  entry: { issuer: string; audience: string; algorithms: string[]; jwks: { keys: object[] } };
  /** A token of an hour for the user of that number, the same whenever it is asked for. */
  token(user: number): Promise<string>;
  /** What is to be refused although it looks like a token for that user, by what is wrong with it. */
  badTokens(user: number): Promise<Record<string, string>>;
};

/** Makes an issuer with a key of its own. */
export async function createIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
  const forger = await generateKeyPair(ALGORITHM);
  const jwk = { ...(await exportJWK(publicKey)), kid: KEY_ID, alg: ALGORITHM, use: 'sig' };
  const tokens = new Map<number, Promise<string>>();
  const sign = (user: number, { key = privateKey, audience = AUDIENCE, lifetime = LIFETIME_S }) => {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({})
      .setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID, typ: 'JWT' })
      .setIssuer(ISSUER)
      .setAudience(audience)
      .setSubject(`person.${user}@example.com`)
      .setIssuedAt(now)
      .setExpirationTime(now + lifetime)
      .sign(key);
  };
  return {
    entry: {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: [ALGORITHM],
      jwks: { keys: [jwk] },
    },
    token(user) {
      const token = tokens.get(user) ?? sign(user, {});
      tokens.set(user, token);
      return token;
    },
    badTokens: async (user) => ({
      'signed by somebody else': await sign(user, { key: forger.privateKey }),
      'for another audience': await sign(user, { audience: 'another' }),
      expired: await sign(user, { lifetime: -60 }),
    }),
  };
}
