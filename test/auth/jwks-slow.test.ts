import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { createTokenVerifier } from '../../src/auth/token.ts';
import { readConfig } from '../../src/config.ts';
import { createIssuer } from '../support/issuer.ts';

it('gives an issuer up that answers without end, and takes its keys at the next time', async () => {
  const issuer = await createIssuer();
  onTestFinished(() => issuer.close());
  const asked = Promise.withResolvers<ServerResponse>();
  issuer.answer((_, response) => {
    response.write('{"keys":[');
    // There is always a little more, so that only the whole of it takes too long.
    const drip = setInterval(() => response.write(' '), 100);
    response.on('close', () => clearInterval(drip));
    asked.resolve(response);
  });
  const { trustedIssuers = [] } = readConfig({ GATEHOUSE_TRUSTED_ISSUERS: issuer.settings });
  const { verify } = createTokenVerifier(trustedIssuers, { fetchIntervalMs: 20 });
  const waiting = verify(await issuer.token());
  const response = await asked.promise;
  const closed = once(response, 'close');
  issuer.answer();
  await closed;
  expect(response.writableFinished).toBe(false);
  await expect(waiting).resolves.toMatchObject({ subject: 'user-1' });
});
