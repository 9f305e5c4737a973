import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeSettings } from '../../src/config.ts';
import { bearer, post, send } from '../http/wire.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { emptyFolder, runProgram, startGatewayProcess } from './gateway-process.ts';

// Many processes start here, each of which takes a second of a free machine.
vi.setConfig({ testTimeout: 180_000 });

const root = fileURLToPath(new URL('../../', import.meta.url));
const viewer = '{ viewer { kind apiKey { name } } }';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});

afterAll(() => database.close());

async function namesOf(url: string, key: string | undefined): Promise<unknown> {
  const { body } = await post(url, { query: viewer }, bearer(key ?? null));
  return JSON.parse(body).data;
}

/** A port that is taken until the test is over. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Everything that a start could have changed in the database. */
function footprint(): Promise<object[]> {
  return database.query(`SELECT
    (SELECT json_agg(k ORDER BY id) FROM api_key k) AS keys,
    (SELECT json_agg(m ORDER BY id) FROM _prisma_migrations m) AS migrations,
    (SELECT json_agg(r ORDER BY id) FROM role r) AS roles,
    (SELECT json_agg(p ORDER BY name) FROM permission p) AS permissions,
    (SELECT json_agg(e) FROM environment e) AS environment`);
}

describe('a start', () => {
  it('prints where GraphiQL is, and the key once', async () => {
    const GATEHOUSE_DATA_DIR = await emptyFolder();
    const env = { DATABASE_URL: database.url, GATEHOUSE_DATA_DIR };
    const first = await startGatewayProcess({ env });
    expect(first.greeting).toBe(`
  GraphiQL   ${first.url}/graphiql
  GraphQL    ${first.url}/graphql

  API key    ${first.key}
             It can do everything and is shown only this once: keep it.

  Mail       ${GATEHOUSE_DATA_DIR}/mail
             Without GATEHOUSE_SMTP_URL it goes to files.

`);
    expect(first.key).toMatch(/^ghk_[A-Za-z0-9_-]{43}$/);
    const named = { viewer: { kind: 'API_KEY', apiKey: { name: 'First key' } } };
    expect(await namesOf(first.url, first.key)).toEqual(named);
    expect((await send(`${first.url}/graphiql`)).status).toBe(200);
    expect((await send(`${first.url}/health/ready`)).status).toBe(200);

    const second = await startGatewayProcess({
      env: {
        ...env,
        GATEHOUSE_PUBLIC_URL: 'https://id.example/',
        GATEHOUSE_SMTP_URL: 'smtp://localhost:1',
      },
    });
    expect(second.greeting).toBe(`
  GraphiQL   https://id.example/graphiql
  GraphQL    https://id.example/graphql

`);
    first.kill('SIGTERM');
    const { stdout, stderr, code } = await first.ended;
    expect(code).toBe(0);
    expect(stderr).not.toContain(first.key);
    expect(stdout.split(first.key ?? 'none')).toHaveLength(2);
    const rows = await database.query('SELECT * FROM api_key');
    expect(JSON.stringify(rows)).not.toContain(first.key);
  });

  it('makes one first key, however many start at once, and all serve', async () => {
    const shared = await createDatabase();
    onTestFinished(() => shared.close());
    const env = { DATABASE_URL: shared.url };
    const gateways = await Promise.all([1, 2, 3].map(() => startGatewayProcess({ env })));
    const keys = gateways.flatMap(({ key }) => (key === undefined ? [] : [key]));
    expect(keys).toHaveLength(1);
    for (const { url } of gateways) {
      expect(await namesOf(url, keys[0])).toMatchObject({ viewer: { kind: 'API_KEY' } });
    }
    for (const { kill, ended } of gateways) {
      kill('SIGTERM');
      expect((await ended).code).toBe(0);
    }
  });
});

describe('the help', () => {
  it('lists commands and settings, and touches nothing', async () => {
    const cwd = await emptyFolder();
    const env = { PORT: 'garbled', DATABASE_URL: 'postgresql://127.0.0.1:1/none' };
    const { code, stdout, stderr } = await runProgram({ args: ['--help'], cwd, env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const word of ['start', 'migrate', 'key', 'import', 'demo']) {
      expect(stdout).toMatch(new RegExp(`^  ${word} `, 'm'));
    }
    for (const { name, meaning } of describeSettings()) {
      expect(stdout).toMatch(new RegExp(`^  ${name} +`, 'm'));
      expect(stdout).toContain(meaning);
    }
    expect(await readdir(cwd)).toEqual([]);
  });

  it('is there for every command, and so is the version', async () => {
    const cwd = await emptyFolder();
    const runs = await Promise.all(
      [['key', '--help'], ['start', '--help'], ['--version']].map((args) =>
        runProgram({ args, cwd }),
      ),
    );
    expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      Array(3).fill({ code: 0, stderr: '' }),
    );
    expect(runs[0]?.stdout).toContain('revoke');
    expect(runs[2]?.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await readdir(cwd)).toEqual([]);
  });
});

describe('a refused start', () => {
  type Refusal = {
    env?: () => Promise<Record<string, string>> | Record<string, string>;
    args?: string[];
    says: RegExp;
    code?: number;
  };

  const withPassword = (change: (url: URL) => void) => () => {
    const url = new URL(database.url);
    change(url);
    return { PORT: '0', DATABASE_URL: url.href };
  };

  const refusals: Record<string, Refusal> = {
    'a port that is taken': {
      env: async () => ({ PORT: String(await takenPort()) }),
      says: /^Port \d+ of 127\.0\.0\.1 is taken: .*PORT/,
    },
    'a database that is not there': {
      env: async () => ({
        PORT: '0',
        DATABASE_URL: `postgresql://u:hunter2@127.0.0.1:${await freePort()}/d`,
      }),
      says: /^Cannot reach the database of DATABASE_URL: connect ECONNREFUSED/,
    },
    'a database of another name': {
      args: ['migrate'],
      env: withPassword((url) => {
        url.pathname = '/none_of_that_name';
      }),
      says: /^Cannot reach the database of DATABASE_URL: .*none_of_that_name.* does not exist/,
    },
    'a wrong password': {
      env: withPassword((url) => {
        url.password = 'hunter2';
      }),
      says: /^Cannot reach the database of DATABASE_URL: password authentication failed/,
    },
    'a URL that the driver cannot use': {
      args: ['migrate'],
      env: withPassword((url) => {
        url.searchParams.set('sslmode', 'verify-full');
        url.searchParams.set('sslrootcert', '/nowhere/hunter3.pem');
      }),
      says: /^Cannot reach the database of DATABASE_URL: ENOENT/,
    },
    'garbled settings': {
      env: () => ({ PORT: 'hunter2', GATEHOUSE_API_KEY: 'hunter2', GATEHOUSE_PROT: 'hunter2' }),
      says: /^PORT must be .* GATEHOUSE_API_KEY must be .* GATEHOUSE_PROT is not a setting/,
    },
    'an unknown command': { args: ['strat'], says: /unknown command 'strat'/, code: 2 },
    'an unknown command of key': { args: ['key', 'make'], says: /unknown command 'make'/, code: 2 },
    'an unknown option': { args: ['--prot'], says: /unknown option '--prot'/, code: 2 },
  };

  it.each(Object.entries(refusals))(
    'for %s says why in one line and changes nothing',
    async (_what, { env, args, says, code = 1 }) => {
      const cwd = await emptyFolder();
      const before = await footprint();
      const ended = await runProgram({ env: await env?.(), args, cwd });
      expect(ended).toMatchObject({ code, stdout: '' });
      expect(ended.stderr).toMatch(says);
      expect(ended.stderr).toMatch(/^[^\n]+\n$/);
      expect(ended.stderr).not.toContain('hunter2');
      expect(await readdir(cwd)).toEqual([]);
      expect(await footprint()).toEqual(before);
    },
  );

  it('for migrations of another version says why in one line and changes nothing', async () => {
    const newer = await createDatabase();
    onTestFinished(() => newer.close());
    await newer.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ('x', 'x', '29990101000000_from_the_future', now(), 1)`,
    );
    const { code, stdout, stderr } = await runProgram({
      env: { PORT: '0', DATABASE_URL: newer.url },
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^The database has migrations .*29990101000000_from_the_future.*\n$/);
    expect(await newer.query('SELECT id FROM api_key')).toEqual([]);
  });
});

describe('under an older Node', () => {
  const older = ['/usr/bin/node', '/usr/local/bin/node'].filter((path) => {
    try {
      return existsSync(path) && Number(/^v(\d+)/.exec(version(path))?.[1]) < 24;
    } catch {
      return false;
    }
  });

  it.skipIf(older.length === 0)('says what to do, in one line', async () => {
    const [node = ''] = older;
    const command = [node, '--import', './src/preload.mjs', 'src/main.ts'];
    const { code, stdout, stderr } = await runProgram({ command, cwd: root });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^Gatehouse needs Node 24 or later; this is v\d+.* `npm start` .*\n$/);
  });
});

function version(node: string): string {
  return execFileSync(node, ['--version'], { encoding: 'utf8' });
}

/** A port that nobody listened on a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
