import { openServer } from '/work/main/bench/server.ts';
import { loadWorld, MANY_TENANTS } from '/work/main/bench/world.ts';
import { startLoad } from '/work/main/bench/processes.ts';
import { questionsOf } from '/work/main/bench/samples.ts';
import { requestOf } from '/work/main/bench/operations.ts';
import { fork } from 'node:child_process';
import { once } from 'node:events';
const s = await openServer(undefined);
const url = await s.createDatabase('many');
await loadWorld(url, MANY_TENANTS);
const key = 'ghk_' + 'x'.repeat(43);
const load = startLoad();
for (const op of ['a','b','c'] as const) {
  const child = fork('/work/main/bench/gatehouse.ts', [], { execArgv: ['--cpu-prof','--cpu-prof-dir=/tmp/prof','--cpu-prof-name='+op+'.cpuprofile'], env: { PATH: process.env.PATH, DATABASE_URL: url, API_KEY: key, NODE_ENV: 'production' }, stdio: ['ignore','ignore','inherit','ipc'] });
  const [{ url: u }] = await once(child, 'message') as any;
  const g = { name: 'gatehouse', url: u, key };
  const qs = questionsOf(op, { from: 0, count: op === 'a' ? 50000 : 1000 }, 1024).map((q) => requestOf(g, q));
  await load.keep(op, qs[0].url, qs[0].headers, qs.map((q) => q.body));
  await load.send(op, 2);
  child.send('cpu'); const [c0] = await once(child, 'message') as any;
  const r = await load.send(op, 5);
  child.send('cpu'); const [c1] = await once(child, 'message') as any;
  console.log(op, r, 'cpu us/req', (c1.cpu - c0.cpu) / r.requests);
  child.disconnect(); await once(child, 'exit');
}
await load.stop(); await s.close();
