/** The packages of the peers, which Gatehouse does not need: they are installed in the folder of the contenders. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PEERS } from './peers.ts';

const FOLDER = new URL('../contenders/', import.meta.url);

type Options = { mayInstall: boolean; progress(what: string): void };

/** Installs what is missing, if it may, and resolves to the names of the peers that can be started. Says what it does. */
export async function availablePeers({ mayInstall, progress }: Options): Promise<string[]> {
  let isInstalled = await hasAllPackages();
  if (!isInstalled && mayInstall) {
    progress('Installing the peers (npm ci in bench/contenders)');
    isInstalled = await install();
  }
  const names = Object.keys(PEERS);
  if (isInstalled) {
    return names;
  }
  const missing = names.filter((name) => PEERS[name]?.needsInstall);
  const titles = missing.map((name) => PEERS[name]?.title).join(', ');
  progress(
    mayInstall
      ? `They could not be installed: going on without ${titles}`
      : `Going on without ${titles}, which \`npm run bench\` or \`npm ci\` in bench/contenders installs`,
  );
  return names.filter((name) => !missing.includes(name));
}

async function hasAllPackages(): Promise<boolean> {
  const { dependencies } = await manifest('package.json');
  const found = await Promise.all(
    Object.entries(dependencies).map(async ([name, version]) => {
      const installed = await manifest(`node_modules/${name}/package.json`).catch(() => null);
      return installed?.version === version;
    }),
  );
  return found.every(Boolean);
}

type Manifest = { version: string; dependencies: Record<string, string> };

async function manifest(path: string): Promise<Manifest> {
  return JSON.parse(await readFile(new URL(path, FOLDER), 'utf8'));
}

async function install(): Promise<boolean> {
  const npm = process.env.npm_execpath;
  const [command, ...before] = npm === undefined ? ['npm'] : [process.execPath, npm];
  const child = spawn(command ?? 'npm', [...before, 'ci', '--no-fund', '--no-audit'], {
    cwd: fileURLToPath(FOLDER),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return await once(child, 'exit').then(
    ([code]) => code === 0,
    () => false,
  );
}
