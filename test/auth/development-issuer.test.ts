import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import {
  DEVELOPMENT_ISSUER,
  signDevelopmentToken,
  trustedIssuersOf,
} from '../../src/auth/development-issuer.ts';
import { createTokenVerifier } from '../../src/auth/token.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { createIssuer } from '../support/issuer.ts';

const DATABASE_URL = 'postgresql://gatehouse@db.example/gatehouse';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-development-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

function person(email: string, mfa = false) {
  const issuedAt = new Date();
  return { email, mfa, issuedAt, expiresAt: new Date(issuedAt.getTime() + 60_000) };
}

async function verifierOf(config: Config) {
  return createTokenVerifier(await trustedIssuersOf(config));
}

it('is trusted on the embedded database, for every domain, with a second factor where asked', async () => {
  const dataDir = await folder();
  const config = readConfig({ GATEHOUSE_DATA_DIR: dataDir });
  const { verify } = await verifierOf(config);
  const one = await verify(await signDevelopmentToken(dataDir, person('ada@example.com')));
  expect(one).toMatchObject({
    issuer: { issuer: DEVELOPMENT_ISSUER, linkingDomains: '*', authMethod: 'OTHER' },
    subject: 'ada@example.com',
    email: 'ada@example.com',
    isEmailVerified: true,
    isMultiFactor: false,
  });
  const two = await verify(await signDevelopmentToken(dataDir, person('ada@example.com', true)));
  expect(two.isMultiFactor).toBe(true);
  expect(JSON.stringify(one.issuer)).not.toContain('"d"');
});

it('keeps one key, which nobody else reads, however many make it at once', async () => {
  const dataDir = await folder();
  const tokens = await Promise.all(
    Array.from({ length: 20 }, () => signDevelopmentToken(dataDir, person('ada@example.com'))),
  );
  expect(await readdir(dataDir)).toEqual(['development-issuer.json']);
  const file = join(dataDir, 'development-issuer.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const { verify } = await verifierOf(readConfig({ GATEHOUSE_DATA_DIR: dataDir }));
  for (const token of tokens) {
    expect((await verify(token)).subject).toBe('ada@example.com');
  }
});

it('is that of its own data directory only', async () => {
  const [here, there] = [await folder(), await folder()];
  const { verify } = await verifierOf(readConfig({ GATEHOUSE_DATA_DIR: here }));
  const token = await signDevelopmentToken(there, person('ada@example.com'));
  await expect(verify(token)).rejects.toThrow('its signature is not that of its issuer');
});

it('is never trusted beside a database or issuers of your own, even when its key is there', async () => {
  const dataDir = await folder();
  const token = await signDevelopmentToken(dataDir, person('ada@example.com'));
  const issuer = await createIssuer();
  onTestFinished(() => issuer.close());
  const GATEHOUSE_DATA_DIR = dataDir;
  for (const settings of [
    { DATABASE_URL },
    { GATEHOUSE_TRUSTED_ISSUERS: issuer.settings },
    { GATEHOUSE_TRUSTED_ISSUERS: '[]' },
    { DATABASE_URL, GATEHOUSE_TRUSTED_ISSUERS: issuer.settings },
  ]) {
    const { verify } = await verifierOf(readConfig({ GATEHOUSE_DATA_DIR, ...settings }));
    await expect(verify(token)).rejects.toThrow('its issuer is not trusted');
  }
  const { verify } = await verifierOf(readConfig({ GATEHOUSE_DATA_DIR }));
  await verify(token);
});

it('makes no key where it is not trusted', async () => {
  const dataDir = await folder();
  expect(await trustedIssuersOf(readConfig({ GATEHOUSE_DATA_DIR: dataDir, DATABASE_URL }))).toEqual(
    [],
  );
  expect(await readdir(dataDir)).toEqual([]);
});

it.each(['', 'x', '{}', '{"kty":"EC"}'])(
  'refuses a key file with %j, and leaves it',
  async (text) => {
    const dataDir = await folder();
    const file = join(dataDir, 'development-issuer.json');
    await writeFile(file, text);
    await expect(trustedIssuersOf(readConfig({ GATEHOUSE_DATA_DIR: dataDir }))).rejects.toThrow(
      `The development issuer's key ${file} is garbled: delete it, and the next start makes another.`,
    );
    expect(await readFile(file, 'utf8')).toBe(text);
  },
);
