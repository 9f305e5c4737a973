/** The processes of a run: contenders and the load. They end with it, however it ends. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { START_FLAGS } from '../scripts/start-flags.ts';
import type { Memory, Said, Task, Usage } from './contender.ts';
import type { Order, Outcome, Slice } from './load.ts';
import type { Contender, Request } from './operations.ts';

export type RunningContender = Contender & {
  /** Microseconds of CPU it has used so far. */
  cpu(): Promise<number>;
  /** The same, with the memory that it has now. */
  usage(): Promise<Usage>;
  /** What it holds once all garbage is collected. */
  memory(): Promise<Memory>;
  stop(): Promise<void>;
};

export type Load = {
  keep(name: string, requests: Request[]): Promise<void>;
  send(name: string, seconds: number): Promise<Slice>;
  stop(): Promise<void>;
};

/** The programs that are the gateway, which has the heap that its users give it. */
const GATEWAYS = new Set(['gatehouse.ts', 'feed/silent.ts']);

const SERVER_CPU = '0';
const LAST_CPU = availableParallelism() - 1;

/**
 * Keeps this process and that of PostgreSQL, with what they start from now on, off the processor that the contenders
 * get for themselves. Returns whether that is possible here: on Linux with `taskset` and more than one processor.
 */
export function shareProcessors(postgres: number | undefined): boolean {
  try {
    for (const pid of [process.pid, postgres].filter((one) => one !== undefined)) {
      pin(pid, `1-${LAST_CPU}`);
    }
    return true;
  } catch {
    return false;
  }
}

function pin(pid: number, processors: string): void {
  execFileSync('taskset', ['-a', '-p', '-c', processors, String(pid)], { stdio: 'ignore' });
}

/** Starts `program` of this folder as a contender; alone on a processor, once it has started, if `pinned`. */
export async function startContender(
  name: string,
  program: string,
  task: Task,
  pinned: boolean,
): Promise<RunningContender> {
  const child = start(program, { ...task }, pinned);
  const { url } = await answerOf<Extract<Said, { url: string }>>(child, name);
  if (pinned && child.pid !== undefined) {
    pin(child.pid, SERVER_CPU);
  }
  const usage = () => {
    child.send('usage');
    return answerOf<Usage>(child, name);
  };
  return {
    name,
    url,
    key: task.API_KEY,
    cpu: async () => (await usage()).cpu,
    usage,
    memory() {
      child.send('memory');
      return answerOf<Memory>(child, name);
    },
    stop: () => stop(child),
  };
}

/** Starts the process that makes the load. */
export function startLoad(): Load {
  const helper = startHelper<Order, Outcome>('load.ts');
  return {
    async keep(name, requests) {
      await helper.order({ keep: name, requests });
    },
    async send(name, seconds) {
      const outcome = await helper.order({ send: name, seconds });
      if (!('rate' in outcome)) {
        throw new Error(`The load has not measured ${name}.`);
      }
      return outcome;
    },
    stop: helper.stop,
  };
}

/** A process that does as it is told, one thing after the other. */
export type Helper<Order, Outcome> = {
  /** Rejects with what failed, or when the process has ended. */
  order(what: Order): Promise<Exclude<Outcome, { failed: string }>>;
  stop(): Promise<void>;
};

/** Starts `program` of this folder, which answers every message with what came of it. */
export function startHelper<Order extends object, Outcome extends object>(
  program: string,
): Helper<Order, Outcome> {
  const child = start(program, {}, false);
  return {
    async order(what) {
      child.send(what);
      const outcome = await answerOf<Outcome>(child, program);
      if ('failed' in outcome) {
        throw new Error(String(outcome.failed));
      }
      return outcome as Exclude<Outcome, { failed: string }>;
    },
    stop: () => stop(child),
  };
}

function start(program: string, task: Record<string, string>, pinned: boolean): ChildProcess {
  const { PATH, TMPDIR } = process.env;
  const flags = GATEWAYS.has(program) ? START_FLAGS : [];
  return fork(fileURLToPath(new URL(program, import.meta.url)), [], {
    env: { PATH, TMPDIR, NODE_ENV: 'production', ...task },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    ...(pinned
      ? { execPath: 'taskset', execArgv: ['-c', `0-${LAST_CPU}`, process.execPath, ...flags] }
      : { execArgv: [...flags] }),
  });
}

/** The next thing that a process says; rejects when it ends instead. */
function answerOf<Message>(child: ChildProcess, name: string): Promise<Message> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error(`${name} has ended.`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as Message);
    });
  });
}

const PATIENCE_MS = 15_000;

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const exit = once(child, 'exit');
  const kill = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  child.disconnect();
  await exit;
  clearTimeout(kill);
}
