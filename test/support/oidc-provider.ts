/** A provider as it comes from its makers (oidc-provider), and people who sign in there. */
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

export type TestProvider = {
  issuer: string;
  /** Its entry in GATEHOUSE_TRUSTED_ISSUERS. */
  entry: { [name: string]: unknown };
  /** Signs in by the code flow with PKCE, and consents. */
  signIn(account: string): Promise<{ idToken: string; accessToken: string }>;
  close(): Promise<void>;
};

const CLIENT = 'frontend';
const CALLBACK = 'http://127.0.0.1/callback';
const RESOURCE = 'urn:gatehouse';

/** Starts a provider that says of an account what `claimsOf` tells, in ID tokens and JWT access tokens alike. */
export async function createProvider(
  claimsOf: (account: string) => { [name: string]: unknown },
): Promise<TestProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'one', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    clients: [
      {
        client_id: CLIENT,
        redirect_uris: [CALLBACK],
        token_endpoint_auth_method: 'none',
        application_type: 'native',
      },
    ],
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: false,
    // Said out loud: about each default it prints a line.
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
    findAccount: (_, accountId) => ({
      accountId,
      claims: () => Promise.resolve({ sub: accountId, ...claimsOf(accountId) }),
    }),
    extraTokenClaims: (_, token) => ('accountId' in token ? claimsOf(token.accountId) : {}),
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: 'gatehouse',
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  server.on('request', provider.callback());
  return {
    issuer,
    entry: { issuer, audience: ['gatehouse', CLIENT], jwksUrl: `${issuer}/jwks` },
    signIn: (account) => signIn(issuer, account),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function signIn(issuer: string, account: string) {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: CLIENT,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid email profile',
    resource: RESOURCE,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const code = await codeFrom(new URL(`/auth?${query}`, issuer), account);
  const response = await fetch(new URL('/token', issuer), {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: CLIENT,
      redirect_uri: CALLBACK,
      code,
      code_verifier: verifier,
    }),
  });
  const tokens = (await response.json()) as { id_token: string; access_token: string };
  return { idToken: tokens.id_token, accessToken: tokens.access_token };
}

/** Goes where a browser would be sent, filling in the forms on the way. */
async function codeFrom(start: URL, account: string): Promise<string> {
  const cookies = new Map<string, string>();
  let url = start;
  let form: URLSearchParams | undefined;
  while (!url.href.startsWith(CALLBACK)) {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const method = form ? 'POST' : 'GET';
    const response = await fetch(url, {
      method,
      body: form,
      headers: { cookie },
      redirect: 'manual',
    });
    for (const text of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(text) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    const page = await response.text();
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    if (location === null && prompt === undefined) {
      throw new Error(`The provider answers ${response.status}: ${page}`);
    }
    form =
      location === null
        ? new URLSearchParams({ prompt: prompt ?? '', login: account, password: 'x' })
        : undefined;
    url = new URL(location ?? url, url);
  }
  return url.searchParams.get('code') ?? '';
}
