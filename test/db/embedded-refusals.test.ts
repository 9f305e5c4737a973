import { appendFile, chmod, mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  attach,
  query,
  serverOf,
  shareStoppedDatabase,
  temporaryFolder,
} from '../support/embedded-world.ts';

const stoppedDatabase = shareStoppedDatabase();

/** A refusal in one line, by the error that is for people. */
function refusal(says: RegExp): object {
  expect(says.flags).toBe('');
  const message = expect.stringMatching(new RegExp(`^[^\\n]*${says.source}[^\\n]*$`));
  return { name: 'EmbeddedError', message };
}

test('a database of another major version is refused and left alone', async () => {
  const dataDir = await stoppedDatabase();
  const file = join(dataDir, 'postgres', 'data', 'PG_VERSION');
  const version = await readFile(file, 'utf8');
  await writeFile(file, '15\n');

  await expect(attach(dataDir)).rejects.toMatchObject(refusal(/is of PostgreSQL 15, .* 18:/));

  expect(await readFile(file, 'utf8')).toBe('15\n');
  await writeFile(file, version);
  expect(await query((await attach(dataDir)).url, 'SELECT 1')).toEqual([1]);
});

test('a server that does not start is given up with the last words of its log', async () => {
  const dataDir = await stoppedDatabase();
  const file = join(dataDir, 'postgres', 'data', 'postgresql.conf');
  const { size } = await stat(file);
  await appendFile(file, '\nshared_buffers = plenty\n');

  await expect(attach(dataDir)).rejects.toMatchObject({
    name: 'EmbeddedError',
    message: expect.stringMatching(/does not start.*\n.*shared_buffers": "plenty"/s),
  });

  await truncate(file, size);
  expect(await query((await attach(dataDir)).url, 'SELECT 1')).toEqual([1]);
});

test('a server that hangs is given up after a while, by those who come and those who leave', async () => {
  const dataDir = await stoppedDatabase();
  const user = await attach(dataDir);
  const { pid } = await serverOf(dataDir);
  process.kill(pid, 'SIGSTOP');

  await expect(attach(dataDir, { patienceMs: 300 })).rejects.toMatchObject(
    refusal(new RegExp(`process ${pid}.* does not let us in`)),
  );

  process.kill(pid, 'SIGCONT');
  expect(await query(user.url, 'SELECT 1')).toEqual([1]);
});

test('a missing or garbled password file is named, never replaced', async () => {
  const dataDir = await stoppedDatabase();
  const file = join(dataDir, 'postgres.password');
  const password = await readFile(file, 'utf8');
  for (const garbled of ['', 'hunter2', `${password}${password}`]) {
    await writeFile(file, garbled);
    await expect(attach(dataDir)).rejects.toMatchObject(refusal(/postgres\.password is garbled/));
    expect(await readFile(file, 'utf8')).toBe(garbled);
  }
  await writeFile(file, `${'x'.repeat(43)}\n`);
  await expect(attach(dataDir)).rejects.toMatchObject(refusal(/password authentication failed/));
  await expect(serverOf(dataDir)).rejects.toThrow(/ENOENT/);
  await writeFile(file, password);
  expect(await query((await attach(dataDir)).url, 'SELECT 1')).toEqual([1]);
});

test('a garbled pointer, or one to nowhere, is named and left alone', async () => {
  const dataDir = await temporaryFolder();
  const file = join(dataDir, 'postgres.location');
  for (const [pointer, says] of [
    ['', /is garbled/],
    ['../elsewhere\n', /is garbled/],
    ['/etc\n', /is garbled/],
    [`/var/lib/gatehouse/${'0'.repeat(32)}\n`, /does not exist/],
  ] as const) {
    await writeFile(file, pointer);
    await expect(attach(dataDir)).rejects.toMatchObject(refusal(says));
    expect(await readFile(file, 'utf8')).toBe(pointer);
  }
});

test('a data directory that cannot be one is refused', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'file');
  await writeFile(file, 'mine');
  await expect(attach(file)).rejects.toMatchObject(refusal(/Cannot use the data directory/));
  await expect(attach(join(file, '.data'))).rejects.toMatchObject(refusal(/not a folder/));
  await expect(attach(join(folder, 'x/'.repeat(500)))).rejects.toMatchObject(refusal(/900 bytes/));
  await expect(attach(join(folder, 'a\nb'))).rejects.toMatchObject(refusal(/line break/));
  expect(await readFile(file, 'utf8')).toBe('mine');
});

test('a folder that is in the way of the database is refused', async () => {
  const dataDir = await temporaryFolder();
  await mkdir(join(dataDir, 'postgres', 'data'), { recursive: true });
  const { uid } = await stat(dataDir);
  if (uid === 0) {
    // Root keeps its databases in another account's name.
    await chmod(join(dataDir, 'postgres', 'data'), 0o700);
    await expect(attach(dataDir)).rejects.toMatchObject(refusal(/another account \(user id 0\)/));
  } else {
    await expect(attach(dataDir)).rejects.toMatchObject(refusal(/postgres\.password is missing/));
  }
});
