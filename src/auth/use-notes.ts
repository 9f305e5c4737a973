/** When accounts were used last. */
import type { Logger } from 'pino';
import type { AuthMethod } from '../db/generated/prisma/enums.ts';
import type { TransactionRunner } from '../domain/transaction.ts';

/** `email`: the address that the issuer vouches for; null: it is what it was. */
export type Use = { identityId: string; authMethod: AuthMethod | null; email: string | null };

export type UseNotes = {
  /** Notes that an account (its uuid) is used now, as it was before. It is written within seconds, together with others. */
  add(identityId: string): void;
  /** Writes that an account is used now, in another way or with another address than before. */
  write(use: Use): Promise<void>;
  /** Writes what is left. What is noted afterwards is not written. */
  stop(): Promise<void>;
};

const GATHERED_MS = 1000;

/** Makes the notes of this process. What cannot be written is left to the next use: nobody is refused for it. */
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

  const attempt = async (write: () => Promise<unknown>) => {
    try {
      await write();
    } catch (error) {
      log.warn({ err: error }, 'It could not be noted when accounts were used');
    }
  };

  // Rows that are taken are left: somebody else is noting a use, or taking the account away.
  const writeGathered = () => {
    const ids = [...used];
    used.clear();
    return attempt(
      () => runner.prisma.$queryRaw`
        UPDATE identity SET last_used_at = now() WHERE id IN (
          SELECT id FROM identity WHERE id = ANY(${ids}::uuid[])
            AND last_used_at <= now() - interval '1 minute' FOR UPDATE SKIP LOCKED)`,
    );
  };

  const writeSoon = () => {
    timer = setTimeout(() => {
      writing = writeGathered().then(() => {
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
    write: ({ identityId, authMethod, email }) =>
      attempt(
        () => runner.prisma.$queryRaw`
          UPDATE identity SET last_used_at = now(), auth_method = ${authMethod}::auth_method,
            email = coalesce(${email}, email)
          WHERE id = (SELECT id FROM identity WHERE id = ${identityId}::uuid FOR UPDATE SKIP LOCKED)`,
      ),
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await writing;
      if (used.size > 0) {
        await writeGathered();
      }
    },
  };
}
