import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { bearer, openSocket, post, send } from '../http/wire.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import {
  type Ended,
  type RunningGateway,
  runProgram,
  startGatewayProcess,
} from './gateway-process.ts';

// Many processes start here, each of which takes a second of a free machine.
vi.setConfig({ testTimeout: 180_000 });

const root = fileURLToPath(new URL('../../', import.meta.url));
const query = '{ organizations { totalCount } }';
const key = `ghk_${'k'.repeat(40)}`;
const answer = { data: { organizations: { totalCount: 0 } } };

let database: TestDatabase;
let unending: Promise<{ reply: unknown; end: Ended }>;
const undo: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  database = await createDatabase();
  unending = stopWithoutEnd();
  unending.catch(() => {});
});

afterAll(async () => {
  for (const end of undo.reverse()) {
    await end();
  }
  await database.close();
});

function start(command?: string[]): Promise<RunningGateway> {
  const env = { DATABASE_URL: database.url, GATEHOUSE_API_KEY: key };
  return startGatewayProcess({ env, command, ...(command && { cwd: root }) });
}

type CleanUp = (undo: () => Promise<void> | void) => void;

/**
 * Has everybody who reads organizations wait for ever. Not for the lock of the table: who holds that has a transaction
 * id, and whoever follows the environment of any database of the cluster waits for its end.
 */
const SLEEPING_READS = `ALTER TABLE organization RENAME TO organization_kept;
  CREATE VIEW organization AS SELECT kept.* FROM (SELECT pg_sleep(3600)) AS nap LEFT JOIN organization_kept AS kept ON true`;

/** Makes everybody who reads organizations wait until `release` is called. */
async function blockReads() {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('BEGIN');
  await client.query('LOCK TABLE organization IN ACCESS EXCLUSIVE MODE');
  return {
    release: () => client.query('ROLLBACK'),
    /** Resolves when that many wait. */
    async waiting(count: number) {
      let found = 0;
      while (found < count) {
        await sleep(20);
        // Copies of one template have their tables by the same numbers.
        const { rowCount } = await client.query(
          `SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
           WHERE datname = current_database() AND relation = 'organization'::regclass AND NOT granted`,
        );
        found = rowCount ?? 0;
      }
    },
  };
}

async function letIn(url: string) {
  const socket = await openSocket(url);
  socket.tell({ type: 'connection_init', payload: bearer(key) });
  expect(await socket.hear()).toMatchObject({ type: 'connection_ack' });
  return socket;
}

/** What takes a quarter of a minute, beside the other tests: a stop while a request waits for ever. */
async function stopWithoutEnd(): Promise<{ reply: unknown; end: Ended }> {
  const cleanUp: CleanUp = (end) => {
    undo.push(end);
  };
  const own = await createDatabase();
  cleanUp(() => own.close());
  const env = { DATABASE_URL: own.url, GATEHOUSE_API_KEY: key };
  const { url, kill, ended } = await startGatewayProcess({ env, cwd: root, cleanUp });
  await own.query(SLEEPING_READS);
  const deaf = await letIn(url);
  deaf.socket.pause();
  const stuck = post(url, { query }, bearer(key)).catch((error: unknown) => error);
  const asleep = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`;
  while ((await own.query(asleep)).length === 0) {
    await sleep(20);
  }
  kill('SIGTERM');
  return { reply: await stuck, end: await ended };
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('ends what is under way, then sockets and process, and says meanwhile how it is', async () => {
    const { url, kill, says, ended } = await start();
    const { release, waiting } = await blockReads();
    const idle = await letIn(url);
    const busy = await letIn(url);
    const byPost = post(url, { query }, bearer(key));
    const bySse = post(url, { query }, { ...bearer(key), accept: 'text/event-stream' });
    busy.tell({ type: 'subscribe', id: '1', payload: { query } });
    await waiting(3);
    kill(signal);
    await says(new RegExp(`^${signal}: finishing what is under way\\.$`, 'm'));

    expect(await send(`${url}/health/ready`)).toMatchObject({ status: 503 });
    expect(await send(`${url}/health/live`)).toMatchObject({ status: 200 });
    const refused = await post(url, { query: '{ __typename }' }, bearer(key));
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    await expect(openSocket(url)).rejects.toThrow();
    idle.tell({ type: 'subscribe', id: '2', payload: { query: '{ __typename }' } });
    expect(await idle.hear()).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'UNAVAILABLE' } }],
    });

    await release();
    expect(JSON.parse((await byPost).body)).toEqual(answer);
    expect((await bySse).body).toContain(JSON.stringify(answer));
    expect(await busy.hear()).toEqual({ type: 'next', id: '1', payload: answer });
    expect(await busy.hear()).toEqual({ type: 'complete', id: '1' });
    const goodbye = { code: 1001, reason: 'Going away' };
    expect(await Promise.all([idle.closed, busy.closed])).toEqual([goodbye, goodbye]);
    expect(await ended).toMatchObject({ code: 0, signal: null });
  });
});

it('ends at a second signal at once', async () => {
  const { url, kill, says, ended } = await start();
  const { waiting } = await blockReads();
  const stuck = post(url, { query }, bearer(key));
  const cut = expect(stuck).rejects.toThrow('socket hang up');
  await waiting(1);
  // npm passes on what the terminal has sent to all: that is no second wish. Of the same signal, the system might make
  // one; of two, it tells the later first if it likes.
  kill('SIGINT');
  kill('SIGTERM');
  await says(/^SIG(?:INT|TERM): finishing/m);
  expect(await send(`${url}/health/ready`)).toMatchObject({ status: 503 });
  const again = setInterval(() => kill('SIGINT'), 200);
  const end = await ended;
  clearInterval(again);
  expect(end).toMatchObject({ code: 130, signal: null });
  await cut;
});

it('stops at once when nothing is under way, whatever connections there are', async () => {
  const { url, kill, ended } = await start();
  const agents = await Promise.all([fetch(`${url}/health/live`), fetch(`${url}/graphiql`)]);
  await Promise.all(agents.map((response) => response.text()));
  const uninitialized = await openSocket(url);
  kill('SIGTERM');
  expect(await uninitialized.closed).toMatchObject({ code: 1001 });
  expect(await ended).toMatchObject({ code: 0 });
});

describe('npm start', () => {
  const npm = ['npm', 'start', '--silent'];

  it.each([
    ['a SIGTERM to npm', 'SIGTERM', 'process'],
    ['Ctrl-C in the terminal, which reaches everybody', 'SIGINT', 'group'],
  ] as const)('passes on %s, and the exit code back', async (_what, signal, whom) => {
    const { url, kill, ended } = await start(npm);
    const { release, waiting } = await blockReads();
    const byPost = post(url, { query }, bearer(key));
    await waiting(1);
    kill(signal, whom);
    await expect.poll(async () => (await send(`${url}/health/ready`)).status).toBe(503);
    await release();
    expect(JSON.parse((await byPost).body)).toEqual(answer);
    expect(await ended).toMatchObject({ code: 0, signal: null });
    await expect(send(`${url}/health/live`)).rejects.toThrow('ECONNREFUSED');
  });

  it('fails as the gateway does', async () => {
    const ended = await runProgram({ command: npm, cwd: root, env: { PORT: 'x' } });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^PORT must be a port number from 0 to 65535\.$/m);
  });
});

it('cuts off what does not end, and clients that do not listen', async () => {
  const { reply, end } = await unending;
  expect(reply).toMatchObject({ code: 'ECONNRESET' });
  expect(end).toMatchObject({
    code: 1,
    signal: null,
    stderr: expect.stringMatching(/^It does not end: stopping all the same\.$/m),
  });
});
