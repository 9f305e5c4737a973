/**
 * Measures inviting many and accepting against the same by hand. Usage: see README.md. Everything happens on this
 * machine, against processes and databases that this program has made, and ends with it.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { brokenInvariants } from '../test/support/invariants.ts';
import { checkInvitations } from './invitations/agree.ts';
import { asksOf, type InvitationWrite, ROWS, WRITES } from './invitations/operations.ts';
import { openSilence } from './invitations/silence.ts';
import { loadInvitedWorld } from './invitations/world.ts';
import { median } from './measure.ts';
import { acceptAsks, acceptedBy, checkAccept } from './peers/better-auth-invitations.ts';
import { availablePeers } from './peers/install.ts';
import { databaseUrlOf, PEERS } from './peers/peers.ts';
import { shareProcessors, startContender, startHelper } from './processes.ts';
import { rewriteReadme, table, twoDigits } from './report.ts';
import { openServer } from './server.ts';
import { conduct, type Stage } from './stage.ts';
import type { Scribe } from './writes/agree.ts';
import { slicesOf, type WriteLoad } from './writes/comparison.ts';
import { onDatabase } from './writes/world.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const PACE = options.quick ? { rounds: 1, seconds: 0.3 } : { rounds: 3, seconds: 1 };
const CONNECTIONS: Record<InvitationWrite, number[]> = {
  one: [1, 16],
  many: [1, 16],
  accept: [1, 16, 64],
};

const PEER = 'better-auth';

const TITLES: Record<InvitationWrite, string> = {
  one: 'invitationBulkCreate of 1 row',
  many: `invitationBulkCreate of ${ROWS.many} rows`,
  accept: 'invitationAccept',
};

type Measured = { rate: number; p50: number; p99: number; cpu: number };
type Ratios = Measured & { timesPeer?: number };

await conduct(async (stage) => {
  const tables = await run(stage);
  process.stdout.write(`\n${tables}\n`);
  if (options.write) {
    await rewriteReadme(tables, 'results of the invitations');
  }
});

async function run({ progress, atEnd }: Stage): Promise<string> {
  const peers = await availablePeers({ mayInstall: !options.quick, progress });

  progress('Starting PostgreSQL');
  const server = await openServer(process.env.DATABASE_URL);
  atEnd(() => server.close());

  progress('Loading the data');
  const key = `ghk_${randomBytes(32).toString('base64url')}`;
  const original = await server.createDatabase('invited');
  const targets = await loadInvitedWorld(original, key);

  progress('Starting the contenders');
  const pinned = shareProcessors(server.pid);
  const load: WriteLoad = startHelper('writes/load.ts');
  atEnd(() => load.stop());
  const silence = await openSilence();
  atEnd(() => silence.close());
  const settings = {
    GATEHOUSE_SMTP_URL: silence.url,
    GATEHOUSE_INVITATIONS_PER_INVITER: 'off',
    GATEHOUSE_INVITATIONS_PER_ORGANIZATION: 'off',
    GATEHOUSE_INVITATIONS_PER_RECIPIENT: 'off',
  };
  const start = async (name: string, program: string): Promise<Scribe> => {
    const url = databaseUrlOf(name, await server.createDatabase(name, original));
    const task = { DATABASE_URL: url, API_KEY: key, SETTINGS: JSON.stringify(settings) };
    const contender = await startContender(name, program, task, pinned);
    atEnd(() => contender.stop());
    return { contender, url };
  };
  const gatehouse = await start('gatehouse', 'gatehouse.ts');
  const floor = await start('floor', 'invitations/floor.ts');
  const both = [gatehouse, floor];
  await checkInvitations([gatehouse, floor], targets);
  const peer = peers.includes(PEER) ? await start(PEER, PEERS[PEER]?.program ?? '') : undefined;
  const peerAsks = peer && (await acceptAsks(peer));
  if (peer !== undefined && peerAsks !== undefined) {
    await checkAccept(peer, peerAsks);
  }
  const all = [gatehouse, floor, peer].filter((scribe) => scribe !== undefined);
  const accepted = new Map(all.map((scribe) => [scribe, 1]));

  const turn = async (
    scribe: Scribe,
    write: InvitationWrite,
    connections: number,
  ): Promise<Measured> => {
    const { contender } = scribe;
    const before = await contender.cpu();
    const sending = { name: `${contender.name} ${write}`, connections };
    const [slice] = await slicesOf(load, { send: [sending], seconds: PACE.seconds });
    const { rate = 0, p50 = 0, p99 = 0, answers = 0 } = slice ?? {};
    const cpu = ((await contender.cpu()) - before) / answers;
    if (write === 'accept') {
      accepted.set(scribe, (accepted.get(scribe) ?? 0) + answers);
    }
    return { rate, p50, p99, cpu };
  };

  progress('Warming up');
  for (const { contender } of both) {
    for (const write of WRITES) {
      const asks = asksOf(contender, write, targets);
      await load.order({ keep: `${contender.name} ${write}`, asks });
    }
  }
  for (const scribe of both) {
    for (const write of WRITES) {
      await turn(scribe, write, 16);
    }
  }
  if (peer !== undefined && peerAsks !== undefined) {
    await load.order({ keep: `${PEER} accept`, asks: peerAsks });
    await turn(peer, 'accept', 16);
  }

  progress('Comparing');
  const cells = WRITES.flatMap((write) =>
    CONNECTIONS[write].map((connections) => ({ write, connections, rounds: [] as Ratios[] })),
  );
  for (let round = 0; round < PACE.rounds; round += 1) {
    for (const [at, cell] of cells.entries()) {
      const taken = new Map<Scribe, Measured>();
      const able = cell.write === 'accept' ? all : both;
      for (const scribe of (round + at) % 2 === 0 ? able : able.toReversed()) {
        taken.set(scribe, await turn(scribe, cell.write, cell.connections));
      }
      const [one, base, other] = [gatehouse, floor, peer].map(
        (scribe) => scribe && taken.get(scribe),
      );
      const timesPeer = other && { timesPeer: (one?.rate ?? Number.NaN) / other.rate };
      cell.rounds.push({ ...ratiosOf(one, base), ...timesPeer });
    }
  }

  progress('Checking what was written');
  for (const scribe of both) {
    const broken = await brokenInvariants(scribe.url);
    const { rows } = await onDatabase(scribe.url, (client) =>
      client.query(`SELECT count(*)::int FROM invitation WHERE status = 'ACCEPTED'`),
    );
    // Who accepts again gets an answer for less.
    if (rows[0].count !== accepted.get(scribe)) {
      broken.push(`${accepted.get(scribe)} answers to ${rows[0].count} invitations`);
    }
    if (broken.length > 0) {
      throw new Error(`What ${scribe.contender.name} wrote is not sound: ${broken.join('; ')}.`);
    }
  }
  if (peer !== undefined && (await acceptedBy(peer)) !== accepted.get(peer)) {
    throw new Error(`${PEER} answered ${accepted.get(peer)} times, and accepted fewer or more.`);
  }
  const what = ['rate', 'timesPeer', 'p50', 'p99', 'cpu'] as const;
  return table(
    ['', 'connections', 'per second', 'times better-auth’s', 'p50', 'p99', 'server CPU'],
    cells.map(({ write, connections, rounds }) => [
      TITLES[write],
      String(connections),
      ...what.map((one) => {
        const values = rounds.map((round) => round[one]).filter((value) => value !== undefined);
        return values.length === 0 ? '–' : twoDigits(median(values));
      }),
    ]),
  );
}

function ratiosOf(one: Measured | undefined, base: Measured | undefined): Measured {
  const ratio = (what: keyof Measured) => (one?.[what] ?? Number.NaN) / (base?.[what] ?? 0);
  return { rate: ratio('rate'), p50: ratio('p50'), p99: ratio('p99'), cpu: ratio('cpu') };
}
