import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import {
  attach,
  attachedUrl,
  emptyTable,
  gone,
  isAlive,
  query,
  serverOf,
  shareStoppedDatabase,
  startUser,
  temporaryFolder,
} from '../support/embedded-world.ts';

const stoppedDatabase = shareStoppedDatabase();

// A committed row must outlive the server's death.
const DURABLE = { durable: true };

async function killServer(dataDir: string): Promise<void> {
  const { pid } = await serverOf(dataDir);
  process.kill(pid, 'SIGKILL');
  await gone(pid);
}

test('the server killed: detaching works, and all data is there at the next start', async () => {
  const dataDir = await stoppedDatabase();
  const database = await attach(dataDir, DURABLE);
  await emptyTable(database.url);
  await query(database.url, 'INSERT INTO kept VALUES (1)');
  await killServer(dataDir);
  await database.detach();

  const next = await attach(dataDir, DURABLE);
  expect(await query(next.url, 'SELECT n FROM kept')).toEqual([1]);
});

test('the user and its whole process group killed: the server goes on and is found again', async () => {
  const dataDir = await stoppedDatabase();
  const user = startUser(dataDir, { options: DURABLE });
  const url = await attachedUrl(user);
  await emptyTable(url);
  await query(url, 'INSERT INTO kept VALUES (1)');
  const { pid } = await serverOf(dataDir);
  process.kill(-(user.child.pid ?? 0), 'SIGKILL');
  expect(await user.ended).toBe('SIGKILL');

  const next = await attach(dataDir, DURABLE);

  expect(next.url).toBe(url);
  expect((await serverOf(dataDir)).pid).toBe(pid);
  expect(await query(next.url, 'SELECT n FROM kept')).toEqual([1]);
  await next.detach();
  await gone(pid);
});

test('both killed: the next start recovers all data', async () => {
  const dataDir = await stoppedDatabase();
  const user = startUser(dataDir, { options: DURABLE });
  const url = await attachedUrl(user);
  await emptyTable(url);
  await query(url, 'INSERT INTO kept SELECT generate_series(1, 1000)');
  await killServer(dataDir);
  user.child.kill('SIGKILL');
  await user.ended;

  const next = await attach(dataDir, DURABLE);
  expect(await query(next.url, 'SELECT count(*)::int FROM kept')).toEqual([1000]);
});

test.each(['alive', 'dead', 'empty'])('a stale postmaster.pid is no obstacle: %s', async (kind) => {
  const dataDir = await stoppedDatabase();
  await emptyTable((await attach(dataDir, DURABLE)).url);
  const { cluster } = await serverOf(dataDir);
  await killServer(dataDir);
  const file = join(cluster, 'postmaster.pid');
  // PostgreSQL itself sees through a reused process id only when it is another account's.
  const { uid, gid } = await stat(cluster);
  const stranger = spawn('/bin/sleep', ['600'], { uid, gid, cwd: '/', stdio: 'ignore' });
  await once(stranger, 'spawn');
  if (kind === 'dead') {
    stranger.kill('SIGKILL');
    await once(stranger, 'exit');
  }
  const text = await readFile(file, 'utf8');
  await writeFile(file, kind === 'empty' ? '' : text.replace(/^\d+/, String(stranger.pid)));

  const next = await attach(dataDir, DURABLE);

  expect(await query(next.url, 'SELECT count(*)::int FROM kept')).toEqual([0]);
  if (kind === 'alive') {
    await next.detach();
    expect(await isAlive(stranger.pid ?? 0)).toBe(true);
    stranger.kill('SIGKILL');
  }
});

test('killed while it creates the database, it leaves nothing in the way of the next', async () => {
  const dataDir = await temporaryFolder();
  const user = startUser(dataDir, { options: DURABLE });
  await user.hear(({ progress }) => progress?.startsWith('Creating a database') === true);
  await expect
    .poll(() => readdir(join(dataDir, 'postgres'), { recursive: true }), { interval: 5 })
    .toContainEqual(expect.stringMatching(/^creating-.*\/base\/1$/));
  user.child.kill('SIGKILL');
  await user.ended;
  expect(await readdir(join(dataDir, 'postgres'))).not.toContain('data');

  const next = await attach(dataDir, DURABLE);

  expect(await query(next.url, 'SELECT 1')).toEqual([1]);
  expect((await readdir(join(dataDir, 'postgres'))).sort()).toEqual(['data', 'server.log']);
});

test('killed while the server starts, it leaves a server that the next one finds', async () => {
  const dataDir = await stoppedDatabase();
  const user = startUser(dataDir, { options: DURABLE });
  await user.hear(({ progress }) => progress === 'Starting the database');
  user.child.kill('SIGKILL');

  const next = await attach(dataDir, DURABLE);
  expect(await query(next.url, 'SELECT 1')).toEqual([1]);
});

test('a copy of a running database is a database of its own', async () => {
  const original = await stoppedDatabase();
  const first = await attach(original, DURABLE);
  await emptyTable(first.url);
  const { pid } = await serverOf(original);
  const copy = join(await temporaryFolder(), 'copy');
  await promisify(execFile)('cp', ['-a', original, copy]);

  const second = await attach(copy, DURABLE);

  await query(second.url, 'INSERT INTO kept VALUES (1)');
  expect(await query(first.url, 'SELECT count(*)::int FROM kept')).toEqual([0]);
  await second.detach();
  expect(await isAlive(pid)).toBe(true);
});
