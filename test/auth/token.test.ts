import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTokenVerifier, type TokenVerifier } from '../../src/auth/token.ts';
import { readConfig } from '../../src/config.ts';
import { createIssuer, type TestIssuer } from '../support/issuer.ts';

let issuer: TestIssuer;
let verifier: TokenVerifier;

beforeAll(async () => {
  issuer = await createIssuer();
  const { trustedIssuers } = readConfig({ GATEHOUSE_TRUSTED_ISSUERS: issuer.settings });
  verifier = createTokenVerifier(trustedIssuers ?? []);
});

afterAll(() => issuer.close());

it('reads a person out of a token', async () => {
  const token = await issuer.token({
    email: 'Ada@Example.com',
    email_verified: true,
    name: 'Ada Lovelace',
    given_name: 'Ada',
    family_name: 'Lovelace',
    picture: 'https://example.com/ada.png',
    locale: 'en-GB',
  });
  expect(await verifier.verify(token)).toMatchObject({
    issuer: { issuer: issuer.issuer, provider: new URL(issuer.issuer).host },
    subject: 'user-1',
    email: 'Ada@Example.com',
    isEmailVerified: true,
    profile: {
      name: 'Ada Lovelace',
      givenName: 'Ada',
      familyName: 'Lovelace',
      pictureUrl: 'https://example.com/ada.png',
      locale: 'en-GB',
    },
    isMultiFactor: false,
    issuedAt: expect.any(Date),
    expiresAt: expect.any(Date),
  });
});
