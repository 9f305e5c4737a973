/** When accounts were used last. */
import type { Logger } from 'pino';
import type { TransactionRunner } from '../domain/transaction.ts';

export type UseNotes = {
  /** Notes that an account (its uuid) is used now. It is written within seconds, together with others. */
  add(identityId: string): void;
  /** Writes what is left. What is noted afterwards is not written. */
  stop(): Promise<void>;
};

const GATHERED_MS = 1000;

/** Makes the notes of this process. What cannot be written is left to the next use: nobody is kept waiting for it. */
export function createUseNotes({
  runner,
  log,
}: {
  runner: TransactionRunner;
  log: Logger;
}): UseNotes {
  const used = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  let isStopped = false;

  const write = async () => {
    const ids = [...used];
    used.clear();
    try {
      // Rows that are taken are left: somebody else is noting the same, or taking the account away.
      await runner.prisma.$queryRaw`
        UPDATE identity SET last_used_at = now() WHERE id IN (
          SELECT id FROM identity WHERE id = ANY(${ids}::uuid[])
            AND last_used_at <= now() - interval '1 minute' FOR UPDATE SKIP LOCKED)`;
    } catch (error) {
      log.warn({ err: error }, 'It could not be noted when accounts were used');
    }
  };

  const writeSoon = () => {
    timer = setTimeout(() => {
      writing = write().then(() => {
        timer = undefined;
        if (used.size > 0 && !isStopped) {
          writeSoon();
        }
      });
    }, GATHERED_MS).unref();
  };

  return {
    add(identityId) {
      if (!isStopped) {
        used.add(identityId);
        if (timer === undefined) {
          writeSoon();
        }
      }
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await writing;
      if (used.size > 0) {
        await write();
      }
    },
  };
}
