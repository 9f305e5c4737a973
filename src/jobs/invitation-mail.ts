/** The job that mails an invitation. */
import type { Logger } from 'pino';
import type { Database } from '../db/database.ts';
import {
  failDelivery,
  noteDelay,
  noteSent,
  prepareLetter,
  type Sending,
} from '../domain/invitation-mail.ts';
import type { TransactionRunner } from '../domain/transaction.ts';
import { composeInvitation, type Letterhead } from './mail/compose.ts';
import { DeliveryError } from './mail/delivery-error.ts';
import type { Transport } from './mail/transport.ts';
import type { Attempt, DoJob } from './work.ts';

type Post = {
  prisma: Database['prisma'];
  runner: TransactionRunner;
  transport: Transport;
  letterhead: Letterhead;
  log: Logger;
};

const TOKEN_BYTES = 32;

/**
 * Does the jobs of mailing invitations. Each attempt makes a token of its own, which is nowhere but in the mail: of a
 * mail that may have left or not, we could not take the token back. What cannot be delivered is noted on the
 * invitation; what could be later rejects, with a word that may be kept, so that it is tried again.
 */
export function mailInvitations(post: Post): DoJob {
  return async (attempt) => {
    const { invitationId, sendNumber } = attempt.job;
    const sending = { invitationId, sendNumber };
    const isOver = await deliver(post, sending, attempt).catch((error: unknown) => {
      post.log.warn({ ...sending, err: error }, 'What came of a mail could not be noted');
      return false;
    });
    if (!isOver) {
      throw new Error('DELAYED');
    }
  };
}

/** Whether nothing is left to do. */
async function deliver(
  post: Post,
  sending: Sending,
  { isLast, signal }: Pick<Attempt, 'isLast' | 'signal'>,
): Promise<boolean> {
  const { prisma, runner, log } = post;
  try {
    const isSent = await sendLetter(post, sending, signal);
    if (!isSent) {
      return true;
    }
  } catch (error) {
    const failure = error instanceof DeliveryError ? error : undefined;
    const { code, isPermanent = false } = failure ?? {};
    const told = failure === undefined ? { err: error } : { code };
    log.warn({ ...sending, isPermanent, ...told }, 'A mail could not be sent');
    const reason = failure?.message ?? 'The mail could not be made.';
    if (isPermanent || isLast) {
      await failDelivery(runner, sending, reason);
      return true;
    }
    await noteDelay(prisma, sending, reason);
    return false;
  }
  await noteSent(prisma, sending);
  return true;
}

/** Whether there was something to send. */
async function sendLetter(
  { prisma, runner, transport, letterhead }: Post,
  sending: Sending,
  signal: AbortSignal,
): Promise<boolean> {
  const token = Buffer.from(runner.randomBytes(TOKEN_BYTES)).toString('base64url');
  const letter = await prepareLetter(prisma, sending, token);
  if (letter === null) {
    return false;
  }
  await transport.send(composeInvitation(letter, token, letterhead), signal);
  return true;
}
