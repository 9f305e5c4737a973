/** The program as an operator runs it: a process of its own, seen through its streams, its port and its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const root = new URL('../../', import.meta.url);
const preload = fileURLToPath(new URL('src/preload.mjs', root));
const main = fileURLToPath(new URL('src/main.ts', root));

export type Ended = { code: number | null; signal: string | null; stdout: string; stderr: string };

export type Program = {
  pid: number;
  /** Sends a signal to the process alone, or to its whole group, as a terminal does. */
  kill(signal: NodeJS.Signals, whom?: 'process' | 'group'): void;
  /** Resolves when either stream has shown `text`; rejects when the process ends without. */
  says(text: RegExp): Promise<void>;
  /** What it has written to standard output so far. */
  heard(): string;
  /** Resolves when the process has ended and its streams are closed. */
  ended: Promise<Ended>;
};

export type ProgramOptions = {
  env?: Record<string, string>;
  args?: string[];
  /** @default an empty folder that goes with the test */
  cwd?: string;
  /** The program and its first arguments. @default our own Node with src/main.ts */
  command?: string[];
  /** Takes what ends the process and its group at last. @default that of the running test */
  cleanUp?: (undo: () => void) => void;
};

/** Starts the program, without anything of our own environment; its group is killed after the test. */
export async function startProgram(options: ProgramOptions = {}): Promise<Program> {
  const { env = {}, args = [], cwd = await emptyFolder(), cleanUp = onTestFinished } = options;
  const [file = '', ...first] = options.command ?? [process.execPath, '--import', preload, main];
  const child = spawn(file, [...first, ...args], {
    cwd,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const pid = child.pid ?? 0;
  const kill = (signal: NodeJS.Signals, whom = 'process') => {
    try {
      process.kill(whom === 'group' ? -pid : pid, signal);
    } catch {
      // It has ended.
    }
  };
  cleanUp(() => kill('SIGKILL', 'group'));
  const heard = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text) => {
      heard[name] += text;
      child.emit('heard');
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...heard }));
  return {
    pid,
    kill,
    ended,
    heard: () => heard.stdout,
    async says(text) {
      const over = ended.then((end) => {
        throw new Error(`It ended without saying ${text}: ${JSON.stringify(end)}`);
      });
      over.catch(() => {});
      while (`${heard.stdout}${heard.stderr}`.search(text) < 0) {
        await Promise.race([once(child, 'heard'), over]);
      }
    },
  };
}

/** Runs the program until it ends. */
export async function runProgram(options: ProgramOptions = {}): Promise<Ended> {
  return (await startProgram(options)).ended;
}

export type RunningGateway = Program & {
  url: string;
  /** The key that it printed. */
  key: string | undefined;
  /** Everything that it printed on standard output when it was up. */
  greeting: string;
};

/** Starts a gateway on a free port and resolves when it serves. */
export async function startGatewayProcess(options: ProgramOptions = {}): Promise<RunningGateway> {
  const program = await startProgram({ ...options, env: { PORT: '0', ...options.env } });
  await program.says(/GraphQL {4}\S+\/graphql\n(?:\n {2}API key .*\n.*\n)?\n/);
  const greeting = program.heard();
  const url = /GraphQL +(\S+)\/graphql\n/.exec(greeting)?.[1] ?? '';
  const key = /API key +(ghk_\S+)\n/.exec(greeting)?.[1];
  return { ...program, url, key, greeting };
}

/** An empty folder that goes with the test. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-start-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
