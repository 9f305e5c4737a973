/** Runs the real command in a process of its own. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

const main = join(import.meta.dirname, '../../src/main.ts');

export type Finished = { code: number | null; stdout: string; stderr: string };

/** Starts `gatehouse …args` on the database at `url`. */
export function startCommand(
  url: string,
  args: string[],
): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs `gatehouse …args` on the database at `url` until it ends. */
export async function runCommand(url: string, args: string[]): Promise<Finished> {
  const child = startCommand(url, args);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { code, stdout, stderr };
}
