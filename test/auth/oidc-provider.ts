/** A real OpenID provider, which says of people what a test wants it to say. */
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';
import type { Claims } from '../support/issuer.ts';

export type OpenIdProvider = {
  /** Its entry among the trusted issuers. */
  entry: { [name: string]: unknown };
  /** The ID token of somebody (by their subject) who signs in there, with these claims. */
  signIn(subject: string, claims: Claims): Promise<string>;
  close(): Promise<void>;
};

const CLIENT = { client_id: 'product', client_secret: 'a secret of this test' };
const CALLBACK = 'http://127.0.0.1/callback';

/** Starts it on a free port of this machine. */
export async function startOpenIdProvider(): Promise<OpenIdProvider> {
  const told = new Map<string, Claims>();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), use: 'sig', alg: 'RS256', kid: 'one' };
  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: [CALLBACK] }],
    cookies: { keys: ['a key of this test'] },
    jwks: { keys: [key] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 600,
      IdToken: 600,
      Interaction: 60,
      Session: 600,
    },
    findAccount: (_context, accountId) => ({
      accountId,
      claims: () => ({ ...told.get(accountId), sub: accountId }),
    }),
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({
        clientId: CLIENT.client_id,
        accountId: oidc.session?.accountId ?? '',
      });
      grant.addOIDCScope('openid email');
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    const accountId = new URL(request.url ?? '', issuer).searchParams.get('as');
    if (accountId === null) {
      answer(request, response);
    } else {
      const result = { login: { accountId } };
      provider.interactionFinished(request, response, result).catch(() => response.destroy());
    }
  });
  return {
    entry: { issuer, audience: CLIENT.client_id, jwksUrl: `${issuer}/jwks` },
    async signIn(subject, claims) {
      told.set(subject, claims);
      return await authorize(issuer, subject);
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The authorization code flow (OpenID Connect Core, section 3.1) with PKCE, as a browser and a product do it. */
async function authorize(issuer: string, subject: string): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const cookies = new Map<string, string>();
  const visit = async (url: URL): Promise<URL> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      cookies.set(name, value);
    }
    return new URL(response.headers.get('location') ?? '', issuer);
  };
  const start = new URL('/auth', issuer);
  start.search = new URLSearchParams({
    client_id: CLIENT.client_id,
    response_type: 'code',
    scope: 'openid email',
    redirect_uri: CALLBACK,
    code_challenge_method: 'S256',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  }).toString();
  const interaction = await visit(start);
  interaction.searchParams.set('as', subject);
  const back = await visit(await visit(interaction));
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${CLIENT.client_id}:${encodeURIComponent(CLIENT.client_secret)}`).toString('base64')}`,
    },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: CALLBACK,
      code_verifier: verifier,
    }),
  });
  const { id_token: token, ...problem } = (await response.json()) as { id_token?: string };
  if (token === undefined) {
    throw new Error(`${back}: ${JSON.stringify(problem)}`);
  }
  return token;
}
