/** The queue of what happens later: jobs are rows of PostgreSQL, written in the transactions that cause them. */
import { fromPrisma, PgBoss } from 'pg-boss';
import type { Execute } from '../db/database.ts';
import type { Job } from '../domain/job.ts';
import type { Transaction } from '../domain/transaction.ts';

/** What one attempt at a job is about. */
export type Attempt = {
  job: Job;
  /** Whether nobody tries again when this one fails. */
  isLast: boolean;
};

/** Does a job. When it rejects, the job is tried again later; so the error must hold nothing that may not be kept. */
export type DoJob = (attempt: Attempt) => Promise<void>;

export type Queue = {
  /** Leaves jobs, which are there when the transaction has committed. */
  enqueue(db: Transaction['db'], jobs: Job[]): Promise<void>;
  /** Does jobs from now on, those of other processes included. */
  work(doJob: DoJob): Promise<void>;
  /** Takes no more jobs, lets those under way end and hands back what lasts longer than `patienceMs`. */
  stop(patienceMs: number): Promise<void>;
};

const NAME = 'mail';

/**
 * Attempts go on for about four days, as mail servers do among each other (RFC 5321, 4.5.4.1): at first after seconds,
 * in the end every quarter of an hour.
 */
const POLICY = {
  retryLimit: 400,
  retryDelay: 2,
  retryBackoff: true,
  retryDelayMax: 900,
  expireInSeconds: 300,
  // A process that dies is noticed by its silence.
  heartbeatSeconds: 15,
  retentionSeconds: 31 * 86_400,
  deleteAfterSeconds: 3600,
};

/** How many jobs a process does at the same time. */
const BATCH = 20;

/** Makes sure of the queue's own tables, under a lock of its own: not through a transaction pooler. */
export async function installQueue(execute: Execute): Promise<void> {
  const boss = new PgBoss({ db: { executeSql: execute }, ...UNATTENDED });
  try {
    await boss.start();
    await boss.createQueue(NAME, POLICY);
    await boss.updateQueue(NAME, POLICY);
  } finally {
    await boss.stop({ graceful: false });
  }
}

const UNATTENDED = { supervise: false, schedule: false };

/** Opens the queue, which must be installed. `onError` is told when it does not work. */
export async function openQueue(
  execute: Execute,
  onError: (error: Error) => void = () => {},
): Promise<Queue> {
  const make = (options: object) => {
    const boss = new PgBoss({ db: { executeSql: execute }, migrate: false, ...options });
    boss.on('error', onError);
    return boss;
  };
  const sender = await make(UNATTENDED).start();
  let worker: PgBoss | undefined;
  return {
    async enqueue(db, jobs) {
      const rows = jobs.map((job) => ({ data: job }));
      await sender.insert(NAME, rows, { db: fromPrisma(db) });
    },
    async work(doJob) {
      worker = await make({
        schedule: false,
        superviseIntervalSeconds: 5,
        monitorIntervalSeconds: 5,
        maintenanceIntervalSeconds: 600,
      }).start();
      const options = {
        batchSize: BATCH,
        pollingIntervalSeconds: 0.5,
        burstWhenBatchFull: true,
        includeMetadata: true,
        perJobResults: true,
      } as const;
      await worker.work<Job, object, typeof options>(NAME, options, (batch) =>
        Promise.all(
          batch.map(async ({ id, data: job, retryCount, retryLimit }) => {
            try {
              await doJob({ job, isLast: retryCount >= retryLimit });
              return { id, status: 'completed' as const };
            } catch (error) {
              const message = error instanceof Error ? error.message : 'It failed.';
              return { id, status: 'failed' as const, output: { message } };
            }
          }),
        ),
      );
    },
    async stop(patienceMs) {
      await worker?.stop({ timeout: patienceMs });
      await sender.stop({ graceful: false });
    },
  };
}
