import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { attachEmbeddedPostgres } from '../../src/db/embedded/embedded.ts';
import { gone, query, serverOf, temporaryFolder } from '../support/embedded-world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { KEY, run, startGateway } from './program.ts';

const SECONDS = Number(process.env.SOAK_SECONDS ?? 60);
const ORGANIZATIONS = 40;
const ROWS = 3000;

const victims = ['gateway', 'postgres', 'import', 'gateway and postgres', 'nobody'] as const;

/** Files of one round: people who partly were there before, in every status. */
async function writeFiles(folder: string, round: number): Promise<string[]> {
  const path = (name: string) => join(folder, `${name}-${round}.csv`);
  const pick = <T>(values: readonly T[], index: number) => values[index % values.length];
  const organizations = Array.from({ length: ORGANIZATIONS }, (_, n) => `o${n},Organization ${n}`);
  const memberships = Array.from({ length: ROWS }, (_, n) => {
    const person = Math.floor(Math.random() * 400 * (round + 1));
    const status = pick(['ACTIVE', 'ACTIVE', 'SUSPENDED', 'PENDING_INVITE', 'REMOVED'], n);
    return `o${n % ORGANIZATIONS},p${person}@example.com,${pick(['admin', 'member'], n)},${status}`;
  });
  await writeFile(path('o'), ['external_id,display_name', ...organizations].join('\n'));
  await writeFile(
    path('m'),
    ['organization_external_id,email,role,status', ...memberships].join('\n'),
  );
  return ['--organizations', path('o'), '--memberships', path('m')];
}

type RefusedField = { extensions?: { code?: string } };

/**
 * Reads page after page until told to stop, and tells how many were answered in full: a refusal while something is
 * down is fine, a wrong answer is not.
 */
async function read(url: string, signal: AbortSignal): Promise<number> {
  let answers = 0;
  const document =
    '{ organizations { nodes { memberships(first: 5) { totalCount nodes { id status } } } } }';
  while (!signal.aborted) {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
      body: JSON.stringify({ query: document }),
    }).catch(() => undefined);
    const body = answer?.status === 200 ? await answer.json().catch(() => undefined) : undefined;
    if (body?.errors) {
      // The database went away in the middle of it: then it says so, and says nothing else.
      const codes = body.errors.map((error: RefusedField) => error.extensions?.code);
      expect(new Set(codes)).toEqual(new Set(['INTERNAL_SERVER_ERROR']));
    } else if (body) {
      answers += 1;
      for (const { memberships } of body.data.organizations.nodes) {
        expect(memberships.nodes.length).toBeLessThanOrEqual(memberships.totalCount);
      }
    }
    await sleep(20);
  }
  return answers;
}

it(
  'keeps every change with its event whatever is killed when',
  async () => {
    const folder = await temporaryFolder();
    const dataDir = join(folder, '.data');
    await mkdir(dataDir);
    let memberships = 0;
    let answers = 0;
    const until = Date.now() + SECONDS * 1000;
    for (let round = 0; Date.now() < until; round += 1) {
      const victim = victims[round % victims.length] ?? 'nobody';
      const files = await writeFiles(folder, round);
      const gateway = await startGateway(dataDir);
      const reading = new AbortController();
      const reader = read(gateway.url, reading.signal);
      // What it found wrong is thrown where it is awaited, once everything of the round has ended.
      reader.catch(() => {});
      const imports = [run(dataDir, 'import', ...files), run(dataDir, 'import', ...files)];
      const ends = imports.map((child) => {
        child.stdout?.resume();
        return once(child, 'exit');
      });
      if (victim !== 'nobody') {
        await sleep(Math.random() * 3000);
        await kill(victim, { dataDir, gateway: gateway.child, imports });
      }
      await Promise.all(ends);
      reading.abort();
      answers += await reader;
      gateway.child.kill('SIGKILL');

      const server = await attachEmbeddedPostgres({ dataDir });
      try {
        expect(await brokenInvariants(server.url), `round ${round}, killed: ${victim}`).toEqual([]);
        memberships = Number((await query(server.url, 'SELECT count(*) FROM membership'))[0]);
      } finally {
        await server.detach();
      }
    }
    expect(memberships).toBeGreaterThan(ROWS / 10);
    expect(answers).toBeGreaterThan(0);
  },
  (SECONDS + 120) * 1000,
);

async function kill(
  victim: (typeof victims)[number],
  world: { dataDir: string; gateway: ChildProcess; imports: ChildProcess[] },
): Promise<void> {
  if (victim.includes('import')) {
    world.imports[0]?.kill('SIGKILL');
  }
  if (victim.includes('gateway')) {
    world.gateway.kill('SIGKILL');
  }
  if (victim.includes('postgres')) {
    const { pid } = await serverOf(world.dataDir);
    process.kill(pid, 'SIGKILL');
    await gone(pid);
  }
}
