/**
 * Measures what it costs to refuse operations that are made to do harm. Usage: see README.md. Everything happens on this
 * machine, against processes and databases that this program has made, and ends with it.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { hostileDocuments } from '../test/support/hostile-documents.ts';
import { type RunningContender, shareProcessors, startContender } from './processes.ts';
import { rewriteReadme, table, twoDigits } from './report.ts';
import { openServer } from './server.ts';
import { conduct, type Stage } from './stage.ts';

const { values: options } = parseArgs({ options: { write: { type: 'boolean', default: false } } });

/** What a refusal may take, in milliseconds of CPU. */
const BUDGET_MS = 50;
const ROUNDS = 5;
const REQUESTS = 10;

type Document = { query: string; variables?: Record<string, unknown> };
type Cost = { first: number; median: number };

/** These have no room in a URL, and are not among those of the tests for that. */
const large: Record<string, Document> = {
  'a megabyte': { query: `{ viewer { kind } }${' '.repeat(1_000_000)}` },
  'a string as large as a message can be': {
    query: `{ node(id: "${'x'.repeat(250_000)}") { id } }`,
  },
  'many comments': { query: `{ viewer { kind } }${'#\r'.repeat(49_000)}` },
  'many lines': { query: `{ node(id: """${'\n'.repeat(99_000)}""") { name } }` },
  'as many ids in the variables': {
    query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
    variables: { ids: Array.from({ length: 7000 }, () => 'org_01h45ytscbebyvny4gc8cr8ma2') },
  },
  'as many lists in the variables, deep': {
    query: '{ viewer { kind } }',
    variables: {
      deep: Array.from({ length: 500 }, () => JSON.parse(`${'['.repeat(250)}${']'.repeat(250)}`)),
    },
  },
  'as many lists in the variables, side by side': {
    query: '{ viewer { kind nothing } }',
    variables: { wide: Array.from({ length: 80_000 }, () => []) },
  },
};

const hostile = Object.entries(hostileDocuments).map(([name, { operation }]) => [name, operation]);
const documents: Record<string, Document> = { ...Object.fromEntries(hostile), ...large };

/** So that no two requests are the same. */
let asked = 0;

await conduct(async (stage) => {
  const costs = await run(stage);
  const rows = [...costs].map(([name, { first, median }]) => [
    name,
    twoDigits(first / BUDGET_MS),
    twoDigits(median / BUDGET_MS),
  ]);
  const text = table(['the document', 'the first one', 'each'], rows);
  process.stdout.write(`\n${text}\n`);
  if (options.write) {
    await rewriteReadme(text, 'results of the hostile documents');
  }
});

async function run({ progress, atEnd }: Stage): Promise<Map<string, Cost>> {
  progress('Starting PostgreSQL');
  const server = await openServer(process.env.DATABASE_URL);
  atEnd(() => server.close());
  const task = {
    DATABASE_URL: await server.createDatabase('hostile'),
    API_KEY: `ghk_${randomBytes(32).toString('base64url')}`,
  };
  progress('Starting Gatehouse');
  const gatehouse = await startContender(
    'gatehouse',
    'gatehouse.ts',
    task,
    shareProcessors(server.pid),
  );
  atEnd(() => gatehouse.stop());
  progress('Asking');
  const costs = new Map<string, Cost>();
  // What is asked first pays for code that was never run before.
  await costOf(gatehouse, { query: '{ viewer { kind } }' }, 100);
  for (const [name, document] of Object.entries(documents)) {
    const first = await costOf(gatehouse, document, 1);
    const rounds: number[] = [];
    while (rounds.length < ROUNDS) {
      rounds.push(await costOf(gatehouse, document, REQUESTS));
    }
    costs.set(name, { first, median: rounds.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0 });
  }
  return costs;
}

/** Milliseconds of CPU for each of so many requests, of which no two are the same document. */
async function costOf(
  { url, key, cpu }: RunningContender,
  { query, variables }: Document,
  requests: number,
): Promise<number> {
  const before = await cpu();
  for (let request = 0; request < requests; request += 1) {
    asked += 1;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query: `${query} #${asked}`, variables }),
    });
    await response.text();
  }
  return ((await cpu()) - before) / 1000 / requests;
}
