/**
 * `npm run db:diff -- <name>`: writes the next migration from the change of schema.prisma since the last one. Looks at no
 * database, but needs a PostgreSQL to connect to: that of DATABASE_URL, or else a throw-away embedded one.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { attachEmbeddedPostgres } from '../src/db/embedded/embedded.ts';
import { migrationNames } from '../src/db/migrate.ts';
import { diffSchemas } from '../src/db/schema-engine.ts';

const prismaFolder = new URL('../prisma/', import.meta.url);

async function writeNextMigration(name: string | undefined): Promise<string> {
  if (!name || !/^[a-z][a-z0-9_]*$/.test(name)) {
    throw new Error('Usage: npm run db:diff -- <name>, in snake_case, for example add_webhooks');
  }
  const schema = await readFile(new URL('schema.prisma', prismaFolder), 'utf8');
  const last = (await migrationNames()).at(-1);
  const base = last
    ? await readFile(new URL(`migrations/${last}/schema.prisma`, prismaFolder), 'utf8')
    : undefined;
  const sql = await onSomeServer((pool) => diffSchemas(pool, base, schema));
  if (sql.includes('This is an empty migration')) {
    return 'schema.prisma has not changed since the last migration.';
  }
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const folder = new URL(`migrations/${stamp}_${name}/`, prismaFolder);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL('migration.sql', folder), sql);
  await writeFile(new URL('schema.prisma', folder), schema);
  return (
    `Wrote prisma/migrations/${stamp}_${name}/. ` +
    'Add by hand what schema.prisma cannot express, then run the tests.'
  );
}

// The engine wants a connection even to compare two files.
async function onSomeServer<T>(work: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const given = process.env.DATABASE_URL;
  if (given) {
    return onServer(given, work);
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-diff-'));
  try {
    const server = await attachEmbeddedPostgres({ dataDir });
    try {
      return await onServer(server.url, work);
    } finally {
      await server.detach();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function onServer<T>(url: string, work: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

try {
  process.stdout.write(`${await writeNextMigration(process.argv[2])}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
