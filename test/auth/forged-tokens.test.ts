import { createPublicKey, KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TokenError } from '../../src/auth/token-error.ts';
import { forgedClaims } from './forged-claims.ts';
import { forgedHeaders } from './forged-headers.ts';
import { forgedShapes } from './forged-shapes.ts';
import { forgedSignatures } from './forged-signatures.ts';
import { type Case, createWorld, makeKeys, NOW, type World } from './forged-world.ts';
import { es256, type Fault, hs256, rs256, writeToken } from './forgery.ts';

const keys = makeKeys();

let world: World;

beforeAll(async () => {
  world = await createWorld(keys);
});

afterAll(() => world.close());

async function reasonOf(token: string): Promise<string> {
  try {
    await world.verifier.verify(token);
  } catch (error) {
    expect(error).toBeInstanceOf(TokenError);
    return error instanceof TokenError ? error.reason : '';
  }
  throw new Error('It was accepted.');
}

const of = (some: Case[1]): Fault => (typeof some === 'function' ? some(world) : some);

const cases = [...forgedSignatures(keys), ...forgedHeaders, ...forgedClaims, ...forgedShapes];

describe('a forged token', () => {
  it.each(cases)('is refused: %s', async (_, fault, reason, repaired = {}) => {
    const token = writeToken(world.issuer, NOW, of(fault));
    const said = await reasonOf(token);
    expect(said).toMatch(reason);
    for (const part of token.split('.').filter((text) => text.length > 3)) {
      expect(said).not.toContain(part);
    }
    const good = writeToken(world.issuer, NOW, of(repaired));
    await expect(world.verifier.verify(good)).resolves.toMatchObject({
      issuer: { issuer: world.issuer.issuer },
    });
  });

  it('does not get its keys from where it says (jku, x5u)', async () => {
    const { issuer, sinkUrl } = world;
    for (const header of [{ jku: sinkUrl }, { x5u: sinkUrl }, { jku: sinkUrl, kid: 'attacker' }]) {
      const fault = { header, signature: es256(keys.attacker.privateKey) };
      expect(await reasonOf(writeToken(issuer, NOW, fault))).toMatch(/signature|no such key/);
    }
    // Neither does a good one: what stands there has no meaning.
    await world.verifier.verify(
      writeToken(issuer, NOW, { header: { jku: sinkUrl, x5u: sinkUrl } }),
    );
    expect(world.sinkHits()).toBe(0);
    await fetch(sinkUrl);
    expect(world.sinkHits()).toBe(1);
  });

  it('cannot be signed with the public key as a secret', async () => {
    const { rsa } = world;
    const publicKey = createPublicKey({ key: rsa.key().publicJwk, format: 'jwk' });
    const secrets = [
      publicKey.export({ format: 'pem', type: 'spki' }),
      publicKey.export({ format: 'pem', type: 'pkcs1' }),
      publicKey.export({ format: 'der', type: 'spki' }),
      JSON.stringify(rsa.key().publicJwk),
    ];
    for (const secret of secrets) {
      const fault = { header: { alg: 'HS256' }, signature: hs256(secret) };
      expect(await reasonOf(writeToken(rsa, NOW, fault))).toMatch(/algorithm/);
    }
    const good = {
      header: { alg: 'RS256' },
      signature: rs256(KeyObject.from(rsa.key().privateKey)),
    };
    await world.verifier.verify(writeToken(rsa, NOW, good));
  });
});
