/** An issuer of tokens as there are elsewhere: a real HTTP server with its JWK Set, and what it signs. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export type Claims = { [name: string]: unknown };

export type TokenOptions = {
  /** Changes or, with undefined, takes away what stands in the header. */
  header?: { [name: string]: unknown };
  /** Another key than the issuer's newest. */
  key?: CryptoKey;
};

/** How the issuer answers a request for its keys, instead of with them. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export type IssuerOptions = {
  alg?: string;
  audience?: string;
  /** Other keys of its JWK Set. */
  moreKeys?: JWK[];
  /** Other settings of its entry. */
  settings?: { [name: string]: unknown };
};

export type TestIssuer = {
  /** What stands in `iss`. */
  issuer: string;
  audience: string;
  /** Its entry, as an object. */
  entry: { [name: string]: unknown };
  /** The JSON for GATEHOUSE_TRUSTED_ISSUERS, with this issuer alone. */
  settings: string;
  /** A good token of ten minutes for `user-1`, with these claims changed or, with undefined, taken away. */
  token(claims?: Claims, options?: TokenOptions): Promise<string>;
  /** Signs with a new key from now on; the JWK Set has only that one, or the older ones, too. */
  rotate(options?: { keepOld?: boolean }): Promise<void>;
  /** Answers differently from now on; without an argument as before. */
  answer(how?: Answer): void;
  /** How often its keys were asked for. */
  hits(): number;
  /** The newest key. */
  key(): { privateKey: CryptoKey; publicJwk: JWK; kid: string };
  close(): Promise<void>;
};

/** Starts an issuer on a free port of this machine. */
export async function createIssuer(options: IssuerOptions = {}): Promise<TestIssuer> {
  const { alg = 'ES256', audience = 'gatehouse', moreKeys = [] } = options;
  let newest = await makeKey(alg);
  let published: JWK[] = [newest.publicJwk, ...moreKeys];
  let answer: Answer | undefined;
  let hits = 0;
  const server = createServer((request, response) => {
    hits += 1;
    if (answer) {
      answer(request, response);
      return;
    }
    response.setHeader('content-type', 'application/jwk-set+json');
    response.end(JSON.stringify({ keys: published }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const entry = {
    issuer,
    audience,
    jwksUrl: `${issuer}/jwks`,
    algorithms: [alg],
    ...options.settings,
  };
  return {
    issuer,
    audience,
    entry,
    settings: JSON.stringify([entry]),
    async token(claims = {}, { header = {}, key = newest.privateKey } = {}) {
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        iss: issuer,
        aud: audience,
        sub: 'user-1',
        iat: now,
        exp: now + 600,
        ...claims,
      };
      return await new SignJWT(payload)
        .setProtectedHeader({ alg, kid: newest.kid, typ: 'JWT', ...header })
        .sign(key);
    },
    async rotate({ keepOld = false } = {}) {
      newest = await makeKey(alg);
      published = [newest.publicJwk, ...(keepOld ? published : [])];
    },
    answer(how) {
      answer = how;
    },
    hits: () => hits,
    key: () => newest,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function makeKey(alg: string) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const kid = randomUUID();
  const publicJwk: JWK = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  return { privateKey, publicJwk, kid };
}
