/** The post of a gateway: mail that waits in the queue goes out. */
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../db/database.ts';
import { existingInvitations } from '../domain/invitation-mail.ts';
import type { TransactionRunner } from '../domain/transaction.ts';
import { mailInvitations } from './invitation-mail.ts';
import type { Letterhead } from './mail/compose.ts';
import { createMailFiles, tidyMailFiles } from './mail/files.ts';
import { createSmtp } from './mail/smtp.ts';
import type { Queue } from './queue.ts';

export type Post = {
  /** The folder that mail goes to; undefined when there is a mail server. */
  folder: string | undefined;
  /** Lets what is under way end, and after `patienceMs` hands it back. Can be called again. */
  stop(patienceMs: number): Promise<void>;
};

/** How often to look for files of erased people, in milliseconds. */
const TIDY_PAUSE = 5000;

/**
 * Sends what waits in the queue from now on, to the server of `smtpUrl` or else to files in the data folder, and keeps
 * those files tidy. A mail server that is away keeps nothing from starting.
 */
export async function startPost(options: {
  prisma: Database['prisma'];
  runner: TransactionRunner;
  queue: Queue;
  letterhead: Letterhead;
  smtpUrl: string | undefined;
  dataDir: string;
  log: Logger;
}): Promise<Post> {
  const { prisma, runner, queue, letterhead, smtpUrl, dataDir, log } = options;
  const folder = resolve(dataDir, 'mail');
  const transport = smtpUrl === undefined ? createMailFiles(folder, log) : createSmtp(smtpUrl);
  const stopping = new AbortController();
  await queue.work(mailInvitations({ prisma, runner, transport, letterhead, log }));
  // Also with a mail server: the files may be from before there was one.
  const tidying = keepTidy(folder, prisma, log, stopping.signal);
  return {
    folder: smtpUrl === undefined ? folder : undefined,
    async stop(patienceMs) {
      stopping.abort();
      await Promise.all([queue.stopWork(patienceMs), tidying]);
      transport.close();
    },
  };
}

async function keepTidy(
  folder: string,
  prisma: Database['prisma'],
  log: Logger,
  stopping: AbortSignal,
): Promise<void> {
  let isFailing = false;
  while (!stopping.aborted) {
    try {
      await tidyMailFiles(folder, (ids) => existingInvitations(prisma, ids));
      isFailing = false;
    } catch (error) {
      if (!isFailing) {
        log.error({ err: error }, 'The files of mail cannot be tidied');
      }
      isFailing = true;
    }
    await setTimeout(TIDY_PAUSE, undefined, { signal: stopping, ref: false }).catch(() => {});
  }
}
