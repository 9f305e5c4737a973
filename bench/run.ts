/**
 * Measures Gatehouse against floors, and against itself with more and larger tenants. Usage: see README.md.
 * Everything happens on this machine, against processes and databases that this program has made, and ends with it.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import {
  ASKED_MORE,
  type Comparison,
  compare,
  type Effort,
  FLOORS,
  type Ground,
  PROGRAMS,
  type StartContender,
} from './comparison.ts';
import { type Curve, measureGrowth, type Site } from './growth.ts';
import { createIssuer } from './issuer.ts';
import { GATEHOUSE } from './operations.ts';
import { availablePeers } from './peers/install.ts';
import { databaseUrlOf } from './peers/peers.ts';
import { writePlots } from './plots.ts';
import { shareProcessors, startContender, startLoad } from './processes.ts';
import { FIRST_NAMES, MORE_NAMES, type OperationName } from './questions.ts';
import { largeTenants, manyTenants, type ReadWorld } from './read-worlds.ts';
import { rewriteReadme, tablesOf } from './report.ts';
import type { Place } from './samples.ts';
import { openServer } from './server.ts';
import { startWatched } from './shape.ts';
import { conduct, type Stage } from './stage.ts';
import { loadWorld } from './world.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
    scale: { type: 'string', default: '1' },
  },
});

const scale = Number(options.scale);
if (!Number.isInteger(scale) || scale < 1) {
  throw new Error('--scale takes a whole number, from 1 on.');
}

const MEMBERSHIPS = 100_000 * scale;

/** How many memberships there are in the worlds with fewer and more tenants. */
const WORLD_SIZES = [
  ...[10_000, 30_000, 100_000].filter((size) => size < MEMBERSHIPS),
  MEMBERSHIPS,
];

/** How many members the one tenant has. */
const TENANT_SIZES = [1_000, 10_000, 50_000, 100_000];

/** The one that is searched. */
const SEARCHED = 50_000;

const effort: Effort = options.quick
  ? {
      pace: { questions: 256, rounds: 3, seconds: 0.2, warmUp: 0.2 },
      roundsOfPeers: 2,
      checked: 3,
    }
  : {
      pace: { questions: 2048, rounds: 7, seconds: 0.7, warmUp: 2 },
      roundsOfPeers: 7,
      checked: 10,
    };

const growthPace = { questions: 512, rounds: 5, seconds: 0.4, warmUp: 1 };

await conduct(async (stage) => {
  const results = await run(stage);
  const tables = tablesOf(results);
  process.stdout.write(`\n${tables}\n`);
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
  }
  if (options.write) {
    await writePlots(results);
    await rewriteReadme(tables);
  }
});

async function run({ progress, atEnd }: Stage): Promise<Comparison & { growth?: Curve[] }> {
  const peers = await availablePeers({ mayInstall: !options.quick, progress });

  progress('Starting PostgreSQL');
  const server = await openServer(process.env.DATABASE_URL);
  atEnd(() => server.close());
  const issuer = await createIssuer();
  const SETTINGS = JSON.stringify({
    GATEHOUSE_TRUSTED_ISSUERS: JSON.stringify([issuer.entry]),
    // Each of these people asks more than a thousand do: the limit is kept account of, and not reached.
    GATEHOUSE_RATE_PER_CALLER: '1000000000000',
  });

  progress('Loading the data');
  const fill = async (world: ReadWorld) => {
    const url = await server.createDatabase(world.name);
    await loadWorld(url, world);
    return { world, url };
  };
  const worlds = options.quick
    ? [manyTenants(MEMBERSHIPS, false)]
    : [largeTenants(TENANT_SIZES), ...WORLD_SIZES.map((size) => manyTenants(size))];
  const filled = await Promise.all(worlds.map(fill));
  const pinned = shareProcessors(server.pid);
  const load = startLoad();
  atEnd(() => load.stop());
  const API_KEY = `ghk_${randomBytes(32).toString('base64url')}`;
  const start: StartContender = (name, url) =>
    startContender(name, PROGRAMS[name] ?? '', { DATABASE_URL: url, API_KEY, SETTINGS }, pinned);
  const startForRun = (names: string[], url: string) =>
    Promise.all(
      names.map(async (name) => {
        const contender = await start(name, databaseUrlOf(name, url));
        atEnd(() => contender.stop());
        return contender;
      }),
    );
  const watchForRun = (names: string[], url: string) =>
    Promise.all(
      names.map(async (name) => {
        const watched = await startWatched(databaseUrlOf(name, url), (door) => start(name, door));
        atEnd(() => watched.stop());
        return watched;
      }),
    );

  progress('Starting the contenders');
  const [large] = filled;
  const main = filled.at(-1);
  if (main === undefined || large === undefined) {
    throw new Error('There is no world.');
  }
  const ours = [GATEHOUSE, ...Object.keys(FLOORS)];
  const all = [...ours, ...peers];
  const starting = startForRun(all, main.url);
  if (!options.quick) {
    // Two of the same peer would make its tables at once.
    await starting;
  }
  const [contenders, watched] = await Promise.all([
    starting,
    // What the peers ask is told by the whole run.
    watchForRun(options.quick ? ours : all, main.url),
  ]);
  const onMain: Ground = { place: placeOf(main.world), contenders, watched };
  const grounds: Partial<Record<OperationName, Ground>> = {};
  for (const operation of options.quick ? FIRST_NAMES : [...FIRST_NAMES, ...MORE_NAMES]) {
    grounds[operation] = onMain;
  }
  if (options.quick) {
    progress('Comparing');
    return compare(load, grounds, { issuer, ...effort });
  }
  const onLarge: Ground = {
    place: placeOf(large.world, TENANT_SIZES.indexOf(SEARCHED)),
    contenders: await startForRun(ASKED_MORE, large.url),
    watched: await watchForRun(ASKED_MORE, large.url),
  };
  progress('Comparing');
  const comparison = await compare(
    load,
    { ...grounds, d: onLarge, d100: onLarge },
    { issuer, ...effort },
  );

  // Said now, too: what follows takes as long again.
  process.stdout.write(`\n${tablesOf(comparison)}\n\n`);
  progress('Growing');
  const sites: Site[] = [];
  for (const { world, url } of filled.slice(1)) {
    const running = url === main.url ? onMain.contenders : await startForRun([GATEHOUSE], url);
    for (const gatehouse of running.filter(({ name }) => name === GATEHOUSE)) {
      const place = placeOf(world);
      sites.push({ grows: 'tenants', size: place.tenants.count * 100, url, gatehouse, place });
    }
  }
  for (const gatehouse of onLarge.contenders.filter(({ name }) => name === GATEHOUSE)) {
    for (const [nth, size] of TENANT_SIZES.entries()) {
      const place = placeOf(large.world, nth);
      sites.push({ grows: 'members', size, url: large.url, gatehouse, place });
    }
  }
  const growth = await measureGrowth(load, sites, { start, pace: growthPace, issuer, progress });
  return { ...comparison, growth };
}

/** The `nth` size of tenants in a world, with the one in many organizations that goes with it, if any; or all. */
function placeOf(world: ReadWorld, nth?: number): Place {
  const tenants = world.tenants[nth ?? 0];
  if (tenants === undefined) {
    throw new Error(`${world.name} has no such tenants.`);
  }
  return nth === undefined
    ? { world, tenants }
    : { world, tenants, collectors: { from: nth, count: 1 } };
}
