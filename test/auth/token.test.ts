import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTokenVerifier, type TokenVerifier } from '../../src/auth/token.ts';
import { readConfig } from '../../src/config.ts';
import { createIssuer, type TestIssuer } from '../support/issuer.ts';

let issuer: TestIssuer;
let verifier: TokenVerifier;

beforeAll(async () => {
  issuer = await createIssuer({
    settings: {
      claims: { locale: 'toString' },
      mfa: { claim: 'amr', values: ['mfa', 'true', '1'] },
    },
  });
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
    toString: 'en-GB',
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

describe('claims of the wrong kind say nothing:', () => {
  it.each(['true', 1, 'True', [true], {}, null, false, undefined])(
    'email_verified as %j',
    async (email_verified) => {
      const claims = { email: 'ada@example.com', email_verified };
      expect(await verifier.verify(await issuer.token(claims))).toMatchObject({
        email: 'ada@example.com',
        isEmailVerified: false,
      });
    },
  );

  it.each([1, null, ['ada@example.com'], { mail: 'x' }, '', ' ', 'a\0b', '\ud800'])(
    'texts as %j',
    async (text) => {
      const claims = {
        email: text,
        name: text,
        given_name: text,
        family_name: text,
        picture: text,
      };
      const { email, profile } = await verifier.verify(await issuer.token(claims));
      expect(email).toBeNull();
      expect(profile).toEqual({
        name: null,
        givenName: null,
        familyName: null,
        pictureUrl: null,
        locale: null,
      });
    },
  );

  it.each([
    ['mfa', true],
    [['pwd', 'mfa'], true],
    [['pwd'], false],
    [[], false],
    ['mfa2', false],
    [true, false],
    [[1], false],
    [[['mfa']], false],
    [{ mfa: true }, false],
    [undefined, false],
  ])('amr as %j: %s', async (amr, isMultiFactor) => {
    expect(await verifier.verify(await issuer.token({ amr }))).toMatchObject({ isMultiFactor });
  });
});
