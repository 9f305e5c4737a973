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
import type { DoJob } from './work.ts';

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
 * invitation; what could be later rejects, so that it is tried again.
 */
export function mailInvitations(post: Post): DoJob {
  const { prisma, runner, log } = post;
  return async ({ job, isLast, signal }) => {
    const { invitationId, sendNumber } = job;
    const sending = { invitationId, sendNumber };
    try {
      const isSent = await sendLetter(post, sending, signal);
      if (!isSent) {
        return;
      }
    } catch (error) {
      const failure = error instanceof DeliveryError ? error : undefined;
      const { code, isPermanent = false } = failure ?? {};
      const told = failure === undefined ? { err: error } : { code };
      log.warn({ ...sending, isPermanent, ...told }, 'A mail could not be sent');
      const reason = failure?.message ?? 'The mail could not be made.';
      if (isPermanent || isLast) {
        await failDelivery(runner, sending, reason);
        return;
      }
      await noteDelay(prisma, sending, reason);
      throw new Error('DELAYED');
    }
    await noteSent(prisma, sending);
  };
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
