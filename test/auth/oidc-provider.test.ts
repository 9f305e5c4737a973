import { expect, it, onTestFinished } from 'vitest';
import { createTokenVerifier } from '../../src/auth/token.ts';
import { readConfig } from '../../src/config.ts';
import { createProvider } from '../support/oidc-provider.ts';

it('verifies what a real provider issues: ID tokens and access tokens', async () => {
  const provider = await createProvider((account) => ({
    email: `${account}@example.com`,
    email_verified: true,
    name: 'Ada Lovelace',
  }));
  onTestFinished(() => provider.close());
  const verifierFor = (change: object) => {
    const GATEHOUSE_TRUSTED_ISSUERS = JSON.stringify([{ ...provider.entry, ...change }]);
    return createTokenVerifier(readConfig({ GATEHOUSE_TRUSTED_ISSUERS }).trustedIssuers ?? []);
  };
  const { idToken, accessToken } = await provider.signIn('ada');
  const { verify } = verifierFor({});
  for (const token of [idToken, accessToken]) {
    expect(await verify(token)).toMatchObject({
      issuer: { issuer: provider.issuer },
      subject: 'ada',
      email: 'ada@example.com',
      isEmailVerified: true,
      profile: { name: 'Ada Lovelace' },
    });
  }
  // Which of the two are let in is up to the audiences and types.
  await expect(verifierFor({ audience: 'gatehouse' }).verify(idToken)).rejects.toThrow('audience');
  await expect(verifierFor({ types: ['at+jwt'] }).verify(idToken)).rejects.toThrow('typ');
  await verifierFor({ audience: 'gatehouse', types: ['at+jwt'] }).verify(accessToken);
});
