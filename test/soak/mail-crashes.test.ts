import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { type RunningGateway, startGatewayProcess } from '../cli/gateway-process.ts';
import { found } from '../domain/world.ts';
import {
  type Arrived,
  type MailServer,
  reply,
  startMailServer,
  tokenOf,
} from '../jobs/mail-world.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { dumpTables, findSecrets, readFiles } from '../support/find-secrets.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createInvitingClient, type InvitingClient } from './inviting-client.ts';
import { KEY } from './program.ts';

const SECONDS = Number(process.env.SOAK_SECONDS ?? 60);
const KILLS = 100;
const CLIENTS = 4;
const ORGANIZATIONS = 6;

/** How long what a killed gateway was at may take: until its silence is noticed, and it is tried again. */
const TAKEN_UP_WITHIN = 40_000;

it(
  'mails what it acknowledged, and nothing else, through kills at any moment',
  async () => {
    const db = await createDatabase();
    onTestFinished(() => db.close());
    const smtp = await startMailServer({
      // Kills are to come in the middle of it, and some mails not at the first attempt.
      onRcptTo: (_address, _session, done) => {
        const isRefused = Math.random() < 0.02;
        setTimeout(() => done(isRefused ? reply(451, 'Try again') : undefined), Math.random() * 20);
      },
    });
    const gateways = await startGateways(db, smtp);
    const organizations = await Promise.all(
      Array.from({ length: ORGANIZATIONS }, async () => encodeId('org', await found(db))),
    );
    const clients = Array.from({ length: CLIENTS }, () => createInvitingClient(organizations));
    const stopping = new AbortController();
    const running = Promise.all(clients.map((one) => one.run(gateways.urls, stopping.signal)));
    running.catch(() => stopping.abort());

    let kills = 0;
    for (const until = Date.now() + SECONDS * 1000; kills < KILLS && Date.now() < until; ) {
      await sleep(Math.random() * 1000);
      kills += Number(gateways.kill(Math.floor(Math.random() * 2)));
      if (stopping.signal.aborted) {
        break;
      }
    }
    await gateways.started();
    stopping.abort();
    const failed = await running.then(() => undefined, String);
    const drained = await drain(db);
    await gateways.stop();
    const faults = gateways.heard.flatMap((text) => text.match(/^.*"level":50.*$/gm) ?? []);
    expect({ failed, faults }).toEqual({ failed: undefined, faults: [] });

    const mails = smtp.arrived;
    const told = await checkMails(db, clients, mails);
    const searched = await checkSecrets(db, mails, gateways);
    expect(await brokenInvariants(db.url)).toEqual([]);
    const ids = new Set(mails.map(({ messageId }) => messageId));
    expect(told.invitations).toBeGreaterThan(kills);
    expect(drained).toBeLessThan(TAKEN_UP_WITHIN);
    process.stdout.write(
      `${kills} kills, ${clients.reduce((sum, one) => sum + one.failures(), 0)} requests without an answer, ` +
        `${told.invitations} invitations acknowledged (${told.sends} sendings), ${told.owed} of them owed a mail; ` +
        `${mails.length} mails of ${ids.size} sendings (${mails.length - ids.size} came again); ` +
        `queue empty ${Math.round(drained / 1000)} s later; ` +
        `${searched.tokens} tokens looked for in ${Math.round(searched.characters / 1e6)} MB\n`,
    );
  },
  (SECONDS + 240) * 1000,
);

type Gateways = {
  urls(): string[];
  /** Kills one of both, and starts it again; not while the other is starting. Returns whether it was killed. */
  kill(number: number): boolean;
  /** Resolves when both are there. */
  started(): Promise<void>;
  stop(): Promise<void>;
  /** What all of them have written to their streams. */
  heard: string[];
  dataDirs: string[];
};

async function startGateways(db: TestDatabase, smtp: MailServer): Promise<Gateways> {
  const cwd = await mkdtemp(join(tmpdir(), 'gatehouse-mail-'));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  const dataDirs = [join(cwd, 'one'), join(cwd, 'two')];
  const heard: string[] = [];
  const start = async (number: number) => {
    const gateway = await startGatewayProcess({
      cwd,
      env: {
        DATABASE_URL: db.url,
        GATEHOUSE_API_KEY: KEY,
        GATEHOUSE_DATA_DIR: dataDirs[number] ?? '',
        GATEHOUSE_SMTP_URL: smtp.url,
        GATEHOUSE_LOG_LEVEL: 'debug',
        GATEHOUSE_INVITATIONS_PER_INVITER: 'off',
        GATEHOUSE_INVITATIONS_PER_ORGANIZATION: 'off',
        GATEHOUSE_INVITATIONS_PER_RECIPIENT: 'off',
      },
    });
    gateway.ended.then(({ stdout, stderr }) => heard.push(stdout, stderr));
    return gateway;
  };
  const running: (RunningGateway | undefined)[] = await Promise.all([start(0), start(1)]);
  let starting: Promise<void> = Promise.resolve();
  const restart = async (number: number) => {
    running[number] = await start(number);
  };
  return {
    heard,
    dataDirs,
    urls: () => running.filter((one) => one !== undefined).map(({ url }) => url),
    kill(number) {
      const gateway = running[number];
      if (gateway === undefined || running.includes(undefined)) {
        return false;
      }
      running[number] = undefined;
      gateway.kill('SIGKILL');
      starting = Promise.all([starting, restart(number)]).then(() => {});
      // Where it fails it is awaited in the end.
      starting.catch(() => {});
      return true;
    },
    started: () => starting,
    async stop() {
      for (const gateway of running) {
        gateway?.kill('SIGTERM');
      }
      await Promise.all(running.map((gateway) => gateway?.ended));
    },
  };
}

/** Waits until nothing is left to be mailed; resolves to how long that took. */
async function drain(db: TestDatabase): Promise<number> {
  const begin = Date.now();
  for (;;) {
    const left = await db.query<{ state: string; count: number }>(
      `SELECT state, count(*)::int FROM pgboss.job WHERE name = 'mail' AND state <> 'completed' GROUP BY 1`,
    );
    if (left.length === 0) {
      return Date.now() - begin;
    }
    if (Date.now() - begin > 3 * TAKEN_UP_WITHIN) {
      throw new Error(`The queue is not done: ${JSON.stringify(left)}`);
    }
    await sleep(200);
  }
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

const nameOf = ({ messageId = '' }: Arrived) =>
  /^<(inv_\w+)\.(\d+)@/.exec(messageId)?.slice(1) ?? [];

type Stored = { id: string; status: string; sends: number; email: string };

/** What was acknowledged is there, with a mail while it is open; each mail is of an invitation, and its token is good. */
async function checkMails(db: TestDatabase, clients: InvitingClient[], mails: Arrived[]) {
  const rows = await db.query<Stored>(
    'SELECT id, status, send_count AS sends, email FROM invitation',
  );
  const stored = new Map(rows.map((row) => [encodeId('inv', row.id), row]));
  const mailed = new Set(mails.map((mail) => nameOf(mail).join('.')));
  const wrong: object[] = [];
  let owed = 0;
  const acknowledged = clients.flatMap(({ known }) => [...known]);
  for (const [id, { sends, isRevoked }] of acknowledged) {
    const row = stored.get(id);
    if (row === undefined || row.sends < sends || (isRevoked && row.status !== 'REVOKED')) {
      wrong.push({ lost: id, sends, isRevoked, row });
    } else if (row.status === 'PENDING') {
      owed += 1;
      if (!mailed.has(`${id}.${row.sends}`)) {
        wrong.push({ unsent: id, sends, row });
      }
    }
  }
  const tokens = new Map(
    (
      await db.query<{ hash: string; id: string; number: number }>(
        `SELECT encode(token_hash, 'hex') AS hash, invitation_id AS id, send_number AS number FROM invitation_token`,
      )
    ).map((row) => [row.hash, row]),
  );
  for (const mail of mails) {
    const [id = '', number = ''] = nameOf(mail);
    const row = stored.get(id);
    const token = tokens.get(hashOf(tokenOf(mail)));
    const isGood = token?.id === row?.id && token?.number === Number(number);
    if (
      row === undefined ||
      row.sends < Number(number) ||
      mail.envelope.join() !== row.email ||
      !(isGood || row.sends > Number(number))
    ) {
      wrong.push({ mail: mail.messageId, envelope: mail.envelope, row, token });
    }
  }
  expect(wrong).toEqual([]);
  const sends = acknowledged.reduce((sum, [, known]) => sum + known.sends, 0);
  return { invitations: acknowledged.length, sends, owed };
}

/** No token is anywhere but in its mail. */
async function checkSecrets(
  db: TestDatabase,
  mails: Arrived[],
  { heard, dataDirs }: Gateways,
): Promise<{ tokens: number; characters: number }> {
  const tokens = new Set(mails.map(tokenOf));
  const { find } = findSecrets(tokens);
  // The search finds what there is to find.
  for (const { raw } of mails.slice(0, 20)) {
    expect(find(raw)).not.toEqual([]);
    expect(find(Buffer.from(`x${raw}`).toString('base64'))).not.toEqual([]);
    expect(find(Buffer.from(raw).toString('hex'))).not.toEqual([]);
  }
  let characters = 0;
  const places: string[] = [];
  const look = (name: string, text: string) => {
    characters += text.length;
    places.push(...find(text).map(() => name));
  };
  const client = new pg.Client({ connectionString: db.url });
  await client.connect();
  try {
    for await (const [name, text] of dumpTables(client)) {
      look(name, text);
    }
    // The server's own files, its write-ahead log included, where it is on this machine.
    const { rows } = await client.query<{ folder: string }>(
      `SELECT current_setting('data_directory') AS folder`,
    );
    dataDirs.push(rows[0]?.folder ?? '');
  } finally {
    await client.end();
  }
  for (const folder of dataDirs.filter((name) => name !== '')) {
    for await (const [name, text] of readFiles(folder)) {
      look(name, text);
    }
  }
  for (const text of heard) {
    look('a log', text);
  }
  expect(places).toEqual([]);
  return { tokens: tokens.size, characters };
}
