import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { bearer, post } from '../http/wire.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { runProgram, startGatewayProcess } from './gateway-process.ts';

// Many processes start here, each of which takes a second of a free machine.
vi.setConfig({ testTimeout: 180_000 });

const viewer = '{ viewer { kind } }';
const LINE = /^(key_[0-9a-z]{26}) {2}(.+?) {2}((?:never used|last used|revoked)(?: \S+Z)?)$/;

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});

afterAll(() => database.close());

/** The keys that `key list` prints: id and state by name. */
async function list(): Promise<Record<string, { id: string; state: string }>> {
  const { code, stdout, stderr } = await run('key', 'list');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.split('\n').filter((line) => line !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const [, id = '', name = '', state = ''] = LINE.exec(line) ?? [];
      expect(line).toMatch(LINE);
      return [name, { id, state }];
    }),
  );
}

/** Runs a command on the database until it ends. */
async function run(...args: string[]) {
  const { code, stdout, stderr } = await runProgram({ args, env: { DATABASE_URL: database.url } });
  return { code, stdout, stderr };
}

async function statusOf(url: string, key: string): Promise<number> {
  return (await post(url, { query: viewer }, bearer(key))).status;
}

it('makes, lists and revokes keys, without a gateway and beside one', async () => {
  const made = await run('key', 'create', '--name', 'Made before');
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toMatch(/^ghk_[A-Za-z0-9_-]{43}\n$/);
  const key = made.stdout.trim();

  const gateway = await startGatewayProcess({ env: { DATABASE_URL: database.url } });
  expect(gateway.key).toBeUndefined();
  const { 'Made before': unused } = await list();
  expect(unused?.state).toBe('never used');
  expect(await statusOf(gateway.url, key)).toBe(200);
  const beside = await run('key', 'create');
  expect(await statusOf(gateway.url, beside.stdout.trim())).toBe(200);

  const both = await list();
  expect(Object.keys(both)).toEqual(['Made before', 'From the command line']);
  expect(both['Made before']?.state).toMatch(/^last used /);
  const revoke = ['key', 'revoke', both['Made before']?.id ?? ''];
  const revoked = await run(...revoke);
  expect(revoked).toEqual({ code: 0, stdout: `Revoked ${revoke[2]}.\n`, stderr: '' });
  expect(await statusOf(gateway.url, key)).toBe(401);
  expect(await statusOf(gateway.url, beside.stdout.trim())).toBe(200);
  const after = await list();
  expect(after['Made before']?.state).toMatch(/^revoked /);
  for (const secret of [key, beside.stdout.trim()]) {
    expect(JSON.stringify(after)).not.toContain(secret);
  }
});

it.each([
  ['key_01h45ytscbebyvny4gc8cr8ma2', 'an unknown one'],
  ['org_01h45ytscbebyvny4gc8cr8ma2', 'one of another kind'],
])('says in one line that there is no key %s, %s', async (id) => {
  expect(await run('key', 'revoke', id)).toEqual({
    code: 1,
    stdout: '',
    stderr: 'There is no such API key.\n',
  });
});

it('refuses a name that is none', async () => {
  const { code, stdout, stderr } = await run('key', 'create', '--name', ' ');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^The input is not valid: name [^\n]*\n$/);
});

it('takes the key that the operator chose, and with the next one forgets the last', async () => {
  const own = await createDatabase();
  const [one, two] = [`ghk_${'1'.repeat(32)}`, `ghk_${'2'.repeat(32)}`];
  const start = (GATEHOUSE_API_KEY: string) =>
    startGatewayProcess({ env: { DATABASE_URL: own.url, GATEHOUSE_API_KEY } });
  const first = await start(one);
  expect(first.key).toBeUndefined();
  expect(first.greeting).not.toContain('API key');
  expect(await statusOf(first.url, one)).toBe(200);
  expect(await statusOf(first.url, two)).toBe(401);

  const second = await start(two);
  for (const { url } of [first, second]) {
    expect(await statusOf(url, two)).toBe(200);
    expect(await statusOf(url, one)).toBe(401);
  }
  first.kill('SIGTERM');
  second.kill('SIGTERM');
  for (const { stdout, stderr, code } of [await first.ended, await second.ended]) {
    expect(code).toBe(0);
    expect(stdout + stderr).not.toMatch(/ghk_/);
  }
  const before = await own.query('SELECT * FROM api_key ORDER BY id');
  const again = await runProgram({
    env: { PORT: '0', DATABASE_URL: own.url, GATEHOUSE_API_KEY: one },
  });
  expect(again).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'The input is not valid: GATEHOUSE_API_KEY must be a key that has not been revoked.\n',
  });
  expect(await own.query('SELECT * FROM api_key ORDER BY id')).toEqual(before);
  await own.close();
});
