/** Brings a database to the schema of this version, at start and by `gatehouse migrate`. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { noFilters, withSchemaEngine } from './schema-engine.ts';

const folder = new URL('../../prisma/migrations/', import.meta.url);

/** Any constant that nothing else in the database takes as an advisory lock. */
const MIGRATION_LOCK = '7311867432908615022';

/** Thrown when the database cannot be brought to this version's schema. Nothing was changed. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** The names of this version's migrations, oldest first. */
export async function migrationNames(): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

/**
 * Applies the migrations that the database at `url` lacks and returns their names. Everything happens in one
 * transaction of one connection, Prisma's bookkeeping included: a process killed in the middle leaves nothing, and
 * processes that start together wait for each other. `url` must lead to PostgreSQL itself, not to a transaction
 * pooler.
 *
 * @throws MigrationError when the database has migrations that this version does not know, or an unfinished one, or
 * tables of something else.
 */
export async function migrate(url: string): Promise<string[]> {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'gatehouse-migrate',
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: 10_000,
  });
  // Statements reject by themselves; a connection that breaks between or after them would end the process.
  pool.on('error', () => {});
  try {
    await pool.query('BEGIN');
    await pool.query('SELECT pg_advisory_xact_lock($1::bigint)', [MIGRATION_LOCK]);
    const names = await migrationNames();
    const pending = await pendingMigrations(pool, names);
    if (pending.length > 0) {
      await apply(pool, names);
    }
    await pool.query('COMMIT');
    return pending;
  } finally {
    await pool.end();
  }
}

async function pendingMigrations(pool: pg.Pool, known: string[]): Promise<string[]> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname`,
  );
  const tableNames = tables.map(({ name }) => name);
  if (tableNames.length === 0) {
    return known;
  }
  if (!tableNames.includes('_prisma_migrations')) {
    throw new MigrationError(
      `The database has tables of something else (${tableNames.slice(0, 3).join(', ')}): ` +
        'Gatehouse needs one of its own.',
    );
  }
  const { rows } = await pool.query<{ name: string; finished: boolean }>(
    `SELECT migration_name AS name, finished_at IS NOT NULL AS finished
     FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
  );
  const unknown = rows.map((row) => row.name).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new MigrationError(
      `The database has migrations that this version of Gatehouse does not know (${unknown.sort().join(', ')}): ` +
        'run the version that made them, or a later one.',
    );
  }
  const unfinished = rows.filter((row) => !row.finished).map((row) => row.name);
  if (unfinished.length > 0) {
    throw new MigrationError(
      `Migration ${unfinished.join(', ')} began and did not finish: mend it with \`prisma migrate resolve\`.`,
    );
  }
  const applied = new Set(rows.map((row) => row.name));
  return known.filter((name) => !applied.has(name));
}

async function apply(pool: pg.Pool, names: string[]): Promise<void> {
  const migrationDirectories = await Promise.all(
    names.map(async (name) => ({
      path: name,
      migrationFile: {
        path: 'migration.sql',
        content: {
          tag: 'ok' as const,
          value: await readFile(new URL(`${name}/migration.sql`, folder), 'utf8'),
        },
      },
    })),
  );
  const lockfile = {
    path: 'migration_lock.toml',
    content: await readFile(new URL('migration_lock.toml', folder), 'utf8'),
  };
  const migrationsList = {
    baseDir: fileURLToPath(folder),
    lockfile,
    shadowDbInitScript: '',
    migrationDirectories,
  };
  await withSchemaEngine(pool, (engine) =>
    engine.applyMigrations({ migrationsList, filters: noFilters }),
  );
}
