/**
 * Measures the writes of Gatehouse against the same by hand, and what readers notice of a crowd of writers. Usage: see
 * README.md. Everything happens on this machine, against processes and databases that this program has made, and ends
 * with it.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { brokenInvariants } from '../test/support/invariants.ts';
import { betterAuth } from './peers/better-auth.ts';
import { betterAuthAsker, checkBetterAuth } from './peers/better-auth-writes.ts';
import { availablePeers } from './peers/install.ts';
import { databaseUrlOf } from './peers/peers.ts';
import { shareProcessors, startContender, startHelper } from './processes.ts';
import { rewriteReadme } from './report.ts';
import { openServer } from './server.ts';
import { conduct, type Stage } from './stage.ts';
import { checkWrites } from './writes/agree.ts';
import {
  askerOf,
  compareWrites,
  prepare,
  type WriteLoad,
  type Writer,
} from './writes/comparison.ts';
import { measureCrowd } from './writes/crowd.ts';
import { type WriteResults, writeTablesOf } from './writes/report.ts';
import { statementsOf } from './writes/statements.ts';
import { loadTargets, loadWrittenWorld, reinstateAll } from './writes/world.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

const paces = options.quick
  ? { writes: { rounds: 1, seconds: 0.3 }, crowd: { rounds: 1, seconds: 1 } }
  : { writes: { rounds: 3, seconds: 1 }, crowd: { rounds: 4, seconds: 2 } };

await conduct(async (stage) => {
  const results = await run(stage);
  const tables = writeTablesOf(results);
  process.stdout.write(`\n${tables}\n`);
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
  }
  if (options.write) {
    await rewriteReadme(tables, 'results of the writes');
  }
});

async function run({ progress, atEnd }: Stage): Promise<WriteResults> {
  const peers = await availablePeers({ mayInstall: !options.quick, progress });

  progress('Starting PostgreSQL');
  const server = await openServer(process.env.DATABASE_URL);
  atEnd(() => server.close());

  progress('Loading the data');
  const key = `ghk_${randomBytes(32).toString('base64url')}`;
  const original = await server.createDatabase('written');
  await loadWrittenWorld(original, key);
  const targets = await loadTargets(original);

  progress('Starting the contenders');
  const pinned = shareProcessors(server.pid);
  const load: WriteLoad = startHelper('writes/load.ts');
  atEnd(() => load.stop());
  const programs = {
    gatehouse: 'gatehouse.ts',
    floor: 'writes/floor.ts',
    together: 'writes/floor-together.ts',
    'better-auth': betterAuth.program,
  };
  const startOn = (name: keyof typeof programs, url: string) =>
    startContender(name, programs[name], { DATABASE_URL: url, API_KEY: key }, pinned);
  const asker = askerOf(targets);
  const start = async (name: keyof typeof programs): Promise<Writer> => {
    const url = databaseUrlOf(name, await server.createDatabase(name, original));
    const contender = await startOn(name, url);
    atEnd(() => contender.stop());
    return { contender, url, asker };
  };
  const gatehouse = await start('gatehouse');
  const floor = await start('floor');
  const together = await start('together');
  const all = [gatehouse, floor, together];
  await checkWrites(all, targets);
  const peer = peers.includes('better-auth') ? await startBetterAuth() : undefined;
  const statements = {
    gatehouse: await statementsOf(gatehouse, (url) => startOn('gatehouse', url)),
    floor: await statementsOf(floor, (url) => startOn('floor', url)),
    ...(peer && { 'better-auth': await statementsOf(peer, (url) => startOn('better-auth', url)) }),
  };
  await Promise.all(all.map(({ url }) => reinstateAll(url)));

  progress('Comparing');
  const writes = await compareWrites(load, [gatehouse, floor, peer], paces.writes);
  progress('Crowding');
  await prepare(load, together);
  const noticed = await measureCrowd(load, all, paces.crowd);

  progress('Checking what was written');
  for (const { contender, url } of all) {
    const broken = await brokenInvariants(url);
    if (broken.length > 0) {
      throw new Error(`What ${contender.name} has written is not sound: ${broken.join('; ')}.`);
    }
  }
  return { writes, statements, noticed };

  async function startBetterAuth(): Promise<Writer> {
    const started = await start('better-auth');
    const writer = { ...started, asker: await betterAuthAsker(started.url, targets) };
    await checkBetterAuth(writer);
    return writer;
  }
}
