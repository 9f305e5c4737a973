import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { claimGateway } from '../../src/db/embedded/gateway-claim.ts';
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

test('a new database is durable, private and knows the letters of the world', async () => {
  const folder = await temporaryFolder();
  // As a person would give it: relative, through a link, with a space and other scripts in it.
  const real = join(folder, 'Ünser Büro 王');
  await mkdir(real);
  await symlink(real, join(folder, 'link'));
  const dataDir = join(relative(process.cwd(), join(folder, 'link')), `${'long'.repeat(50)}/.data`);

  const database = await attach(dataDir, { durable: true });

  expect(database.url).toMatch(
    /^postgresql:\/\/gatehouse:[^@]{32,}@127\.0\.0\.1:\d+\/gatehouse\?sslmode=disable$/,
  );
  expect((await stat(join(dataDir, 'postgres.password'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(dataDir, 'postgres', 'data'))).mode & 0o077).toBe(0);
  const letters = `SELECT show_trgm(t)::text FROM unnest(ARRAY['王小明', 'ä', 'é']) AS t`;
  await query(database.url, 'CREATE EXTENSION pg_trgm');
  expect(await query(database.url, letters)).not.toContain('{}');
  expect(await query(database.url, `SELECT lower('ÄÉŠ') || upper('é')`)).toEqual(['äéšÉ']);
  const settings = `SELECT name || '=' || setting FROM pg_settings WHERE name IN ('fsync',
    'synchronous_commit', 'full_page_writes', 'listen_addresses', 'unix_socket_directories',
    'server_encoding', 'max_connections', 'TimeZone') ORDER BY name COLLATE "C"`;
  expect(await query(database.url, settings)).toEqual([
    'TimeZone=UTC',
    'fsync=on',
    'full_page_writes=on',
    'listen_addresses=127.0.0.1',
    'max_connections=200',
    'server_encoding=UTF8',
    'synchronous_commit=on',
    'unix_socket_directories=',
  ]);
  const stranger = new URL(database.url);
  stranger.password = 'wrong';
  await expect(query(stranger.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
});

test('what was written is there again after the last one has left', async () => {
  const dataDir = await stoppedDatabase();
  const first = await attach(dataDir);
  await emptyTable(first.url);
  await query(first.url, 'INSERT INTO kept VALUES (42)');
  const { pid } = await serverOf(dataDir);
  await first.detach();
  await first.detach();
  await gone(pid);

  const second = await attach(dataDir);

  expect(await query(second.url, 'SELECT n FROM kept')).toEqual([42]);
  expect(new URL(second.url).password).toBe(new URL(first.url).password);
});

test('a database goes to another port when somebody has taken its own', async () => {
  const dataDir = await stoppedDatabase();
  const first = await attach(dataDir);
  await first.detach();
  const squatter = createServer().listen(Number(new URL(first.url).port), '127.0.0.1');
  await once(squatter, 'listening');

  const second = await attach(dataDir);

  expect(await query(second.url, 'SELECT 1')).toEqual([1]);
  expect(second.url).not.toBe(first.url);
  squatter.close();
});

test('of several that come at once to an empty folder one starts it, and the last one stops it', async () => {
  const dataDir = await temporaryFolder();
  const users = [startUser(dataDir), startUser(dataDir), startUser(dataDir)];
  const urls = await Promise.all(users.map(attachedUrl));
  expect(new Set(urls).size).toBe(1);
  const log = await readFile(join(dataDir, 'postgres', 'server.log'), 'utf8');
  expect(log.match(/starting PostgreSQL/g)).toHaveLength(1);

  const { pid } = await serverOf(dataDir);
  for (const user of users) {
    expect(await query(urls[0] ?? '', 'SELECT 1')).toEqual([1]);
    user.child.send('detach');
    expect(await user.ended).toBe(0);
  }

  await gone(pid);
});

test('who comes while the last one leaves gets a database that stays', async () => {
  const dataDir = await stoppedDatabase();
  const comeAndGo = async () => {
    for (let round = 0; round < 6; round += 1) {
      const database = await attach(dataDir);
      expect(await query(database.url, 'SELECT count(*)::int FROM pg_database')).toEqual([4]);
      await database.detach();
    }
  };

  await Promise.all([comeAndGo(), comeAndGo(), comeAndGo()]);

  await expect(serverOf(dataDir)).rejects.toThrow(/ENOENT/);
});

test('a process that forgets to detach ends all the same, and its database is found again', async () => {
  const dataDir = await stoppedDatabase();
  const forgetful = startUser(dataDir);
  const url = await attachedUrl(forgetful);
  forgetful.child.send('end');
  expect(await forgetful.ended).toBe(0);
  const { pid } = await serverOf(dataDir);
  expect(await isAlive(pid)).toBe(true);

  const next = await attach(dataDir);
  expect(next.url).toBe(url);
  // The server takes a moment to notice that the other one is gone, and until then it still has a user.
  const users = `SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'`;
  await expect.poll(() => query(next.url, users)).toEqual([1]);
  await next.detach();
  await gone(pid);
});

test('a second gateway on the same data is refused, commands are not', async () => {
  const dataDir = await stoppedDatabase();
  const gateway = startUser(dataDir);
  const url = await attachedUrl(gateway);
  gateway.child.send('claim');
  await gateway.hear((said) => said.claimed === true);

  const command = await attach(dataDir);
  await expect(claimGateway(command.url)).rejects.toMatchObject({
    name: 'EmbeddedError',
    message: expect.stringMatching(/^Another gateway is already running.*$/),
  });
  await command.detach();
  expect(await query(url, 'SELECT 1')).toEqual([1]);
});

test('the claim of a killed gateway is waited for until the server has dropped it', async () => {
  const dataDir = await stoppedDatabase();
  const gateway = startUser(dataDir);
  const url = await attachedUrl(gateway);
  gateway.child.send('claim');
  await gateway.hear((said) => said.claimed === true);
  // With the process that serves the gateway's claim held up, the server cannot notice the gateway's end.
  const ofClaim = `SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'gatehouse session%'
    AND datname = 'gatehouse'`;
  const [backend] = await query(url, ofClaim);
  process.kill(Number(backend), 'SIGSTOP');
  gateway.child.kill('SIGKILL');
  await gateway.ended;

  const successor = claimGateway(url);
  await expect.poll(() => query(url, ofClaim), { interval: 10 }).toHaveLength(2);
  process.kill(Number(backend), 'SIGCONT');

  await (await successor).release();
});

test('the claim and the attachment are taken again when the database comes back', async () => {
  const dataDir = await stoppedDatabase();
  const gateway = startUser(dataDir);
  const url = await attachedUrl(gateway);
  gateway.child.send('claim');
  await gateway.hear((said) => said.claimed === true);
  const { pid } = await serverOf(dataDir);
  process.kill(pid, 'SIGKILL');
  await gone(pid);

  const command = await attach(dataDir);
  expect(command.url).toBe(url);
  const holders = `SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND granted`;
  await expect.poll(() => query(url, holders)).toEqual([3]);
  await command.detach();
  expect(await query(url, 'SELECT 1')).toEqual([1]);
});

test('nothing of a run is left in the folder but what is needed for the next', async () => {
  const dataDir = await stoppedDatabase();
  expect((await readdir(dataDir)).sort()).toEqual([
    'postgres',
    'postgres.lock',
    'postgres.password',
  ]);
  expect((await readdir(join(dataDir, 'postgres'))).sort()).toEqual(['data', 'server.log']);
});
