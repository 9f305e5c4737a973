/** What the tests of mail have in common: a mail server on this machine, and a queue with a worker. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { pino } from 'pino';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished, vi } from 'vitest';
import { onDirectConnection } from '../../src/db/database.ts';
import { encodeId } from '../../src/domain/id.ts';
import { type InvitationInput, inviteMembers } from '../../src/domain/invitation.ts';
import { single } from '../../src/domain/outcome.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import { inTransaction, type TransactionRunner } from '../../src/domain/transaction.ts';
import { mailInvitations } from '../../src/jobs/invitation-mail.ts';
import { createSmtp, type Patience } from '../../src/jobs/mail/smtp.ts';
import { readTemplates } from '../../src/jobs/mail/templates.ts';
import { installQueue, openQueue, type Queue } from '../../src/jobs/queue.ts';
import { safeLog } from '../../src/telemetry/safe-log.ts';
import { fresh } from '../domain/world.ts';
import type { TestDatabase } from '../support/database.ts';

/** A mail that has arrived, with whom it was for by the envelope. */
export type Arrived = ParsedMail & { raw: string; envelope: string[] };

export type MailServer = {
  port: number;
  url: string;
  arrived: Arrived[];
  /** How many connections there are. */
  connections(): number;
  close(): Promise<void>;
};

/** A mail server that takes what `options` do not refuse; closed after the test. */
export async function startMailServer(
  options: SMTPServerOptions = {},
  port = 0,
): Promise<MailServer> {
  const arrived: Arrived[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    logger: false,
    closeTimeout: 50,
    async onData(stream, session, done) {
      const chunks = await stream.toArray().catch(() => undefined);
      if (chunks === undefined) {
        // Whoever was sending it is gone.
        return;
      }
      const raw = Buffer.concat(chunks);
      const envelope = session.envelope.rcptTo.map(({ address }) => address);
      arrived.push({ ...(await simpleParser(raw)), raw: raw.toString(), envelope });
      done();
    },
    ...options,
  });
  smtp.on('error', () => {});
  smtp.listen(port, '127.0.0.1');
  await once(smtp.server, 'listening');
  const close = () => new Promise<void>((resolve) => smtp.close(() => resolve()));
  onTestFinished(close);
  const { port: taken } = smtp.server.address() as AddressInfo;
  return {
    port: taken,
    url: `smtp://127.0.0.1:${taken}`,
    arrived,
    connections: () => smtp.connections.size,
    close,
  };
}

/** What a mail server says when it refuses. */
export function reply(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

export const TOKEN = /[?&]token=([\w-]{43})(?![\w-])/;

/** The token in the link of a mail. */
export function tokenOf({ text }: ParsedMail): string {
  return TOKEN.exec(text ?? '')?.[1] ?? '';
}

export type PostOffice = {
  queue: Queue;
  runner: TransactionRunner;
  /** Lines of the log. */
  log: Record<string, unknown>[];
};

/** A queue with retries after no time to speak of, and a worker that sends to `smtpUrl`; stopped after the test. */
export async function openPostOffice(
  db: TestDatabase,
  smtpUrl: string,
  settings: {
    patience?: Patience;
    retryLimit?: number;
    redirectUrls?: string[];
    works?: boolean;
  } = {},
): Promise<PostOffice> {
  const { patience, retryLimit = 400, redirectUrls = [], works = true } = settings;
  await onDirectConnection(db.url, (execute) =>
    installQueue(execute, { retryLimit, retryDelay: 1, retryDelayMax: 1 }),
  );
  const queue = await openQueue(db.database.execute);
  const runner = { ...db.runner, enqueue: queue.enqueue, invitations: { redirectUrls } };
  const log: Record<string, unknown>[] = [];
  const transport = createSmtp(smtpUrl, patience);
  const letterhead = { templates: await readTemplates(), url: 'https://id.example', redirectUrls };
  const lines = pino({ level: 'trace' }, { write: (line) => log.push(JSON.parse(line)) });
  if (works) {
    const { prisma } = db.database;
    const post = { prisma, runner, transport, letterhead, log: safeLog(lines) };
    await queue.work(mailInvitations(post));
  }
  onTestFinished(async () => {
    await queue.stopWork(0);
    await queue.close();
    transport.close();
  });
  return { queue, runner, log };
}

export type Invited = { id: string; typeId: string; email: string; membershipId: string };

/** Invites somebody, which leaves the job of mailing it. */
export async function invite(
  runner: TransactionRunner,
  input: Partial<InvitationInput> & { organizationId: string },
): Promise<Invited> {
  const email = input.email ?? `${fresh('guest')}@example.com`;
  const scope = { principal: SYSTEM, organizations: [input.organizationId] };
  return await inTransaction(runner, scope, async (tx) => {
    const rows = [{ ...input, email }];
    const { invitationId: id = '', membershipId } = single(
      await inviteMembers(tx, rows, { isSent: true }),
    );
    return { id, typeId: encodeId('inv', id), email, membershipId };
  });
}

export type Delivery = {
  sent_at: Date | null;
  delivery_failed_at: Date | null;
  delivery_error: string | null;
};

/** What the invitation says of its mail. */
export async function deliveryOf(db: TestDatabase, id: string): Promise<Delivery> {
  const [row] = await db.query<Delivery>(
    'SELECT sent_at, delivery_failed_at, delivery_error FROM invitation WHERE id = $1',
    [id],
  );
  if (row === undefined) {
    throw new Error('There is no such invitation.');
  }
  return row;
}

/** Waits until what is asked for is so, or tells what is not. */
export function until(check: () => unknown): Promise<unknown> {
  return vi.waitFor(check, { timeout: 30_000, interval: 50 });
}
