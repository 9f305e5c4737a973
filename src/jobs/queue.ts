/** The queue of what happens later: jobs are rows of PostgreSQL, written in the transactions that cause them. */
import { fromPrisma, PgBoss } from 'pg-boss';
import type { Execute } from '../db/database.ts';
import type { Job } from '../domain/job.ts';
import type { Transaction } from '../domain/transaction.ts';
import { type DoJob, startWork, type Work } from './work.ts';

export type Queue = {
  /** Leaves jobs, which are there when the transaction has committed. */
  enqueue(db: Transaction['db'], jobs: Job[]): Promise<void>;
  /** Does jobs from now on, those of other processes included. */
  work(doJob: DoJob): Promise<void>;
  /**
   * Takes no more jobs, lets those under way end, and after `patienceMs` tells them to give up and hands them back.
   * Jobs can still be left. Can be called again.
   */
  stopWork(patienceMs: number): Promise<void>;
  /** Ends it when nobody leaves jobs any more. */
  close(): Promise<void>;
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

export type Retries = Partial<Pick<typeof POLICY, 'retryLimit' | 'retryDelay' | 'retryDelayMax'>>;

/**
 * Makes sure of the queue's own tables, under a lock of its own: not through a transaction pooler. Jobs that are left
 * from then on are retried as `retries` says.
 */
export async function installQueue(execute: Execute, retries: Retries = {}): Promise<void> {
  const policy = { ...POLICY, ...retries };
  const boss = new PgBoss({ db: { executeSql: execute }, ...UNATTENDED });
  try {
    await boss.start();
    await boss.createQueue(NAME, policy);
    await boss.updateQueue(NAME, policy);
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
  let work: Work | undefined;
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
      work = startWork({ boss: worker, name: NAME, doJob, onError });
    },
    async stopWork(patienceMs) {
      await work?.stop(patienceMs);
      await worker?.stop({ graceful: false });
    },
    close: () => sender.stop({ graceful: false }),
  };
}
