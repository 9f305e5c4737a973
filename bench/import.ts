/**
 * How fast the import is, beside what PostgreSQL does with the same rows when nobody asks anything: multi-row INSERTs
 * into the same tables, indexes and checks. Usage: node bench/import.ts [memberships], 100,000 if left out; on the
 * server of DATABASE_URL, in databases of its own, or else on the embedded one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { attachEmbeddedPostgres } from '../src/db/embedded/embedded.ts';
import { migrate } from '../src/db/migrate.ts';

const memberships = Number(process.argv[2] ?? 100_000);
const users = Math.ceil(memberships / 2);
const organizations = Math.ceil(memberships / 100);
const rows = organizations + users + memberships;

const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
const server =
  process.env.DATABASE_URL === undefined
    ? await attachEmbeddedPostgres({ dataDir: join(folder, 'data') })
    : { url: process.env.DATABASE_URL, detach: async () => {} };
const imported = await createDatabase(server.url, 'import');
const plain = await createDatabase(server.url, 'plain');

try {
  await migrate(imported.url);
  await migrate(plain.url);
  await writeFiles();
  print(
    `${count(memberships)} memberships, ${count(users)} users, ${count(organizations)} organizations`,
  );
  const importSeconds = await timed(runImport);
  const plainSeconds = await copyPlainly();
  report('import', importSeconds);
  report('plain INSERT', plainSeconds);
  print(`ratio: ${(plainSeconds / importSeconds).toFixed(2)}`);
} finally {
  await imported.drop();
  await plain.drop();
  await server.detach();
  await rm(folder, { recursive: true, force: true });
}

async function writeFiles(): Promise<void> {
  await writeFile('organizations.csv', function* () {
    yield 'external_id,slug,display_name,metadata';
    for (let n = 0; n < organizations; n += 1) {
      yield `o${n},bench-${n},Organization ${n},"{""plan"": ""enterprise"", ""number"": ${n}}"`;
    }
  });
  await writeFile('users.csv', function* () {
    yield 'external_id,email,name';
    for (let n = 0; n < users; n += 1) {
      yield `u${n},Person.${n}@example.com,Person Nº ${n}`;
    }
  });
  await writeFile('memberships.csv', function* () {
    yield 'organization_external_id,email,role,joined_at';
    for (let n = 0; n < memberships; n += 1) {
      // Everybody twice, in organizations that are far apart: no batch finds its rows in a few of them.
      const organization = (n * 7919 + Math.floor(n / users) * 13) % organizations;
      const role = n % 20 === 0 ? 'admin' : 'member';
      yield `o${organization},person.${n % users}@example.com,${role},2025-06-27T10:57:43Z`;
    }
  });
}

async function writeFile(name: string, lines: () => Iterable<string>): Promise<void> {
  const file = createWriteStream(join(folder, name));
  for (const line of lines()) {
    if (!file.write(`${line}\n`)) {
      await once(file, 'drain');
    }
  }
  file.end();
  await once(file, 'close');
}

async function runImport(): Promise<void> {
  const files = ['organizations', 'users', 'memberships'].flatMap((kind) => [
    `--${kind}`,
    join(folder, `${kind}.csv`),
  ]);
  const main = join(import.meta.dirname, '../src/main.ts');
  const child = spawn(process.execPath, [main, 'import', ...files], {
    env: { ...process.env, DATABASE_URL: imported.url },
    stdio: ['ignore', 'inherit', 'ignore'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) {
    throw new Error(`The import ended with ${code}.`);
  }
}

// Writes what the import has written into empty tables, a thousand rows a statement. Resolves to seconds.
async function copyPlainly(): Promise<number> {
  const from = await connect(imported.url);
  const to = await connect(plain.url);
  let seconds = 0;
  await to.query('BEGIN');
  await to.query('DELETE FROM environment');
  await to.query('DELETE FROM role');
  for (const table of [
    'role',
    'organization',
    'organization_slug',
    'user',
    'membership',
    'role_assignment',
    'event',
    'event_detail',
  ]) {
    seconds += await copyTable(from, to, table);
  }
  seconds += await timed(() => to.query('COMMIT'));
  await from.end();
  await to.end();
  return seconds;
}

async function copyTable(from: pg.Client, to: pg.Client, table: string): Promise<number> {
  const { rows: columns } = await from.query<{ name: string; type: string }>(
    `SELECT quote_ident(attname) AS name, format_type(atttypid, atttypmod) AS type
     FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [`"${table}"`],
  );
  const names = columns.map(({ name }) => name).join(', ');
  const statement = `INSERT INTO "${table}" (${names})
    SELECT ${columns.map(({ name, type }) => `${name}::${type}`).join(', ')}
    FROM unnest(${columns.map((_, at) => `$${at + 1}::text[]`).join(', ')}) AS input(${names})`;
  const texts = columns.map(({ name }) => `${name}::text`).join(', ');
  const { rows: all } = await from.query<string[]>({
    text: `SELECT ${texts} FROM "${table}"`,
    rowMode: 'array',
  });
  const batches = Array.from({ length: Math.ceil(all.length / 1000) }, (_, batch) => {
    const part = all.slice(batch * 1000, (batch + 1) * 1000);
    return columns.map((_column, at) => part.map((row) => row[at]));
  });
  return await timed(async () => {
    for (const values of batches) {
      await to.query({ name: table, text: statement, values });
    }
  });
}

async function createDatabase(url: string, purpose: string) {
  const name = `gatehouse_bench_${purpose}_${process.pid}`;
  const admin = await connect(url);
  await admin.query(`CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return {
    url: own.href,
    async drop() {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

function report(name: string, seconds: number): void {
  print(
    `${name.padEnd(14)}${seconds.toFixed(1).padStart(7)} s ${count(Math.round(rows / seconds)).padStart(9)} rows/s`,
  );
}

function count(n: number): string {
  return n.toLocaleString('en');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
