/** The program as a process that can be killed at any moment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { START_FLAGS } from '../../scripts/start-flags.ts';

/** The environment's key of every gateway here. */
export const KEY = `ghk_${'k'.repeat(43)}`;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The program as a child of its own, on this data directory; killed after the test. */
export function run(dataDir: string, ...argv: string[]): ChildProcess {
  return runWith({ GATEHOUSE_DATA_DIR: dataDir }, ...argv);
}

function runWith(settings: Record<string, string>, ...argv: string[]): ChildProcess {
  const child = spawn(process.execPath, [...START_FLAGS, 'src/main.ts', ...argv], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      GATEHOUSE_API_KEY: KEY,
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

/** Starts a gateway, on this data directory or with these settings, and resolves when it serves. */
export async function startGateway(
  where: string | Record<string, string>,
): Promise<{ child: ChildProcess; url: string }> {
  const child = runWith(typeof where === 'string' ? { GATEHOUSE_DATA_DIR: where } : where);
  let output = '';
  for await (const chunk of child.stdout ?? []) {
    output += String(chunk);
    const url = /GraphQL\s+(\S+)/.exec(output)?.[1];
    if (url) {
      return { child, url };
    }
  }
  throw new Error('The gateway ended before it was ready.');
}
