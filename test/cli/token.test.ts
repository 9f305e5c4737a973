import { readdir } from 'node:fs/promises';
import { decodeJwt } from 'jose';
import { expect, it, vi } from 'vitest';
import { trustedIssuersOf } from '../../src/auth/development-issuer.ts';
import { createTokenVerifier } from '../../src/auth/token.ts';
import { readConfig } from '../../src/config.ts';
import { emptyFolder, runProgram } from './gateway-process.ts';

// Many processes start here, each of which takes a second of a free machine.
vi.setConfig({ testTimeout: 180_000 });

const DATABASE_URL = 'postgresql://gatehouse@db.example/gatehouse';

async function run(args: string[], env: Record<string, string> = {}) {
  const cwd = env.GATEHOUSE_DATA_DIR ?? (await emptyFolder());
  const { code, stdout, stderr } = await runProgram({ cwd, args: ['token', ...args], env });
  return { code, stdout, stderr };
}

it('prints tokens that a gateway on this data directory trusts, made by several processes at once', async () => {
  const GATEHOUSE_DATA_DIR = await emptyFolder();
  const printed = await Promise.all([
    run([' Ada@Example.com', '--name', 'Ada Lovelace', '--mfa', '--expires', '90m'], {
      GATEHOUSE_DATA_DIR,
    }),
    run(['grace@example.com'], { GATEHOUSE_DATA_DIR }),
  ]);
  const { verify } = createTokenVerifier(
    await trustedIssuersOf(readConfig({ GATEHOUSE_DATA_DIR })),
  );
  const people = [];
  for (const { code, stdout, stderr } of printed) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const { iat = 0, exp = 0 } = decodeJwt(stdout.trim());
    const { email, isEmailVerified, isMultiFactor, profile } = await verify(stdout.trim());
    people.push({ email, isEmailVerified, isMultiFactor, name: profile.name, life: exp - iat });
  }
  expect(people).toEqual([
    {
      email: 'ada@example.com',
      isEmailVerified: true,
      isMultiFactor: true,
      name: 'Ada Lovelace',
      life: 5400,
    },
    {
      email: 'grace@example.com',
      isEmailVerified: true,
      isMultiFactor: false,
      name: null,
      life: 86_400,
    },
  ]);
  expect(await readdir(GATEHOUSE_DATA_DIR)).toEqual(['development-issuer.json']);
});

it.each([
  ['DATABASE_URL', { DATABASE_URL }],
  ['DATABASE_URL', { DATABASE_URL, GATEHOUSE_TRUSTED_ISSUERS: '[]' }],
  ['GATEHOUSE_TRUSTED_ISSUERS', { GATEHOUSE_TRUSTED_ISSUERS: '[]' }],
])('refuses beside %s, and makes no key', async (name, settings) => {
  const GATEHOUSE_DATA_DIR = await emptyFolder();
  expect(await run(['ada@example.com'], { GATEHOUSE_DATA_DIR, ...settings })).toEqual({
    code: 1,
    stdout: '',
    stderr: `With ${name} set there are no development tokens: people come with those of the issuers that you trust.\n`,
  });
  expect(await readdir(GATEHOUSE_DATA_DIR)).toEqual([]);
});

it.each([
  [['ada'], /It must be one plain email address\.\n$/],
  [
    ['ada@example.com', '--expires', '1 day'],
    /It must be a number and s, m, h or d; a year at most\.\n$/,
  ],
  [['ada@example.com', '--expires', '367d'], /a year at most\.\n$/],
  [[], /missing required argument 'email'\n$/],
])('refuses %j in one line', async (args, said) => {
  const { code, stdout, stderr } = await run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(said);
  expect(stderr.match(/\n/g)).toHaveLength(1);
});
