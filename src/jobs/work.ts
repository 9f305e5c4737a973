/** Doing jobs: a few at a time, each on its own, so that one that hangs holds up no other. */
import { setTimeout } from 'node:timers/promises';
import type { JobWithMetadata, PgBoss } from 'pg-boss';
import type { Job } from '../domain/job.ts';

/** What one attempt at a job is about. */
export type Attempt = {
  job: Job;
  /** Whether nobody tries again when this one fails. */
  isLast: boolean;
  /** Aborts when the attempt has to end, as the process does. */
  signal: AbortSignal;
};

/** Does a job. When it rejects, the job is tried again later; so the error must hold nothing that may not be kept. */
export type DoJob = (attempt: Attempt) => Promise<void>;

export type Work = {
  /**
   * Takes no more jobs, lets those under way end, and after `patienceMs` tells them to give up and hands them back.
   * Can be called again.
   */
  stop(patienceMs: number): Promise<void>;
};

/** How many jobs a process does at the same time. */
const LANES = 10;

/** How often to look for jobs when there were none, in milliseconds. */
const PAUSE = 500;

/** How often to say that jobs under way are so, in milliseconds: well within the `heartbeatSeconds` of the queue. */
const HEARTBEAT = 5000;

/** How long a job may take to give up when it is told to, in milliseconds. */
const GIVE_UP = 2000;

/** Does the jobs of the queue `name` from now on. `onError` is told once when it cannot get at them. */
export function startWork(options: {
  boss: PgBoss;
  name: string;
  doJob: DoJob;
  onError: (error: Error) => void;
}): Work {
  const { boss, name, doJob, onError } = options;
  const stopping = new AbortController();
  const givingUp = new AbortController();
  const underWay = new Map<JobWithMetadata<Job>, Promise<void>>();
  let isFailing = false;
  /** Undefined when the database does not do it. */
  const ask = async <T>(question: () => Promise<T>): Promise<T | undefined> => {
    try {
      const answer = await question();
      isFailing = false;
      return answer;
    } catch (error) {
      if (!isFailing) {
        onError(error instanceof Error ? error : new Error(String(error)));
      }
      isFailing = true;
      return undefined;
    }
  };
  const run = async (row: JobWithMetadata<Job>) => {
    const { data: job, retryCount, retryLimit } = row;
    const { signal } = givingUp;
    const message = await doJob({ job, isLast: retryCount >= retryLimit, signal }).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : 'It failed.'),
    );
    // Where this is not to be had, the job's silence says that it is to be done again.
    await ask(() =>
      message === undefined ? boss.complete(name, row) : boss.fail(name, row, { message }),
    );
    underWay.delete(row);
  };
  const loop = async () => {
    while (!stopping.signal.aborted) {
      const batchSize = LANES - underWay.size;
      const fetchSome = () => boss.fetch<Job>(name, { batchSize, includeMetadata: true });
      const rows = (await ask(fetchSome)) ?? [];
      for (const row of rows) {
        underWay.set(row, run(row));
      }
      if (underWay.size >= LANES) {
        await Promise.race(underWay.values());
      } else if (rows.length < batchSize) {
        await pause(PAUSE, stopping.signal);
      }
    }
  };
  const beat = async () => {
    while (!givingUp.signal.aborted) {
      await pause(HEARTBEAT, givingUp.signal);
      const rows = [...underWay.keys()];
      if (rows.length > 0) {
        await ask(() => boss.touch(name, rows));
      }
    }
  };
  const looping = loop();
  const beating = beat();
  let stopped: Promise<void> | undefined;
  const stop = async (patienceMs: number) => {
    stopping.abort();
    const ended = looping.then(() => Promise.all(underWay.values()));
    await within(patienceMs, ended);
    givingUp.abort();
    await within(GIVE_UP, Promise.all([ended, beating]));
  };
  return {
    stop(patienceMs) {
      stopped ??= stop(patienceMs);
      return stopped;
    },
  };
}

/** Waits for the time, but neither longer than until `signal` nor so that the process would live for it. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal, ref: false }).catch(() => {});
}

/** Waits until `work` is done, but not longer than `ms`. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const { signal } = done;
  await Promise.race([work, setTimeout(ms, undefined, { signal }).catch(() => {})]);
  done.abort();
}
