/**
 * Measures Gatehouse against floors, and against itself with more and larger tenants. Usage: see README.md.
 * Everything happens on this machine, against processes and databases that this program has made, and ends with it.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { compare, FLOORS, PROGRAMS, type StartContender } from './comparison.ts';
import { measureGrowth } from './growth.ts';
import { GATEHOUSE } from './operations.ts';
import { availablePeers } from './peers/install.ts';
import { databaseUrlOf } from './peers/peers.ts';
import { shareProcessors, startContender, startLoad } from './processes.ts';
import { type Results, rewriteReadme, tablesOf } from './report.ts';
import { openServer } from './server.ts';
import { conduct, type Stage } from './stage.ts';
import { FEW_TENANTS, loadWorld, MANY_TENANTS, ODD_TENANTS, type World } from './world.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

const paces = options.quick
  ? {
      comparison: { rounds: 3, seconds: 0.2, warmUp: 0.3 },
      growth: { rounds: 0, seconds: 0, warmUp: 0 },
    }
  : {
      comparison: { rounds: 5, seconds: 1, warmUp: 1 },
      growth: { rounds: 3, seconds: 0.8, warmUp: 1 },
    };

await conduct(async (stage) => {
  const results = await run(stage);
  const tables = tablesOf(results);
  process.stdout.write(`\n${tables}\n`);
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
  }
  if (options.write) {
    await rewriteReadme(tables);
  }
});

async function run({ progress, atEnd }: Stage): Promise<Results> {
  const peers = await availablePeers({ mayInstall: !options.quick, progress });

  progress('Starting PostgreSQL');
  const server = await openServer(process.env.DATABASE_URL);
  atEnd(() => server.close());

  progress('Loading the data');
  const fill = async (world: World) => {
    const url = await server.createDatabase(world.name);
    await loadWorld(url, world);
    return url;
  };
  const worlds = options.quick ? [MANY_TENANTS] : [MANY_TENANTS, ODD_TENANTS, FEW_TENANTS];
  const [many = '', odd = '', few = ''] = await Promise.all(worlds.map(fill));

  const pinned = shareProcessors(server.pid);
  const load = startLoad();
  atEnd(() => load.stop());
  const key = `ghk_${randomBytes(32).toString('base64url')}`;
  const start: StartContender = (name, url) =>
    startContender(name, PROGRAMS[name] ?? '', { DATABASE_URL: url, API_KEY: key }, pinned);
  const startForRun: StartContender = async (name, url) => {
    const contender = await start(name, databaseUrlOf(name, url));
    atEnd(() => contender.stop());
    return contender;
  };

  progress('Starting the contenders');
  const gatehouse = await startForRun(GATEHOUSE, many);
  const others = [...Object.keys(FLOORS), ...peers].map((name) => startForRun(name, many));
  const contenders = [gatehouse, ...(await Promise.all(others))];
  progress('Comparing');
  const comparison = await compare(load, contenders, {
    url: many,
    start,
    pace: paces.comparison,
  });
  if (options.quick) {
    return comparison;
  }
  progress('Growing');
  const grounds = {
    many: { url: many, gatehouse },
    few: { url: few, gatehouse: await startForRun(GATEHOUSE, few) },
    odd: { url: odd, gatehouse: await startForRun(GATEHOUSE, odd) },
  };
  const growth = await measureGrowth(load, grounds, { start, pace: paces.growth });
  return { ...comparison, growth };
}
