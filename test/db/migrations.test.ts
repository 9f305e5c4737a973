import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { MigrationError, migrate, migrationNames } from '../../src/db/migrate.ts';
import { diffSchemas } from '../../src/db/schema-engine.ts';
import { catalogOf } from '../support/catalog.ts';
import { createEmptyDatabase, type EmptyDatabase } from '../support/empty-database.ts';
import { BYTEWISE, SQL_ONLY } from './sql-only.ts';

const repository = join(import.meta.dirname, '../..');
const migrations = join(repository, 'prisma/migrations');

let empty: EmptyDatabase;

beforeEach(async () => {
  empty = await createEmptyDatabase();
});

afterEach(() => empty.close());

it('makes of the migrations what schema.prisma says, and what it cannot say', async () => {
  await migrate(empty.url);
  const migrated = await catalogOf(empty.query);
  const declared = await catalogOfSchema();
  expect(declared.size).toBeGreaterThan(200);

  const added = [...migrated.keys()].filter((name) => !declared.has(name));
  const listed = Object.entries(SQL_ONLY).flatMap(([kind, names]) =>
    names.map((name) => `${kind} ${name}`),
  );
  expect(added.sort()).toEqual(listed.sort());
  expect([...declared.keys()].filter((name) => !migrated.has(name))).toEqual([]);

  const changed = [...declared].filter(([name, definition]) => migrated.get(name) !== definition);
  expect(changed.map(([name]) => name)).toEqual(BYTEWISE.map((name) => `column ${name}`));
  for (const [name, definition] of changed) {
    expect(migrated.get(name)).toBe(definition.replace('text', 'text COLLATE C'));
  }
});

it('keeps the schema of the last migration beside it, as the base of the next', async () => {
  const last = (await migrationNames()).at(-1) ?? '';
  const copy = await readFile(join(migrations, last, 'schema.prisma'), 'utf8');
  expect(copy).toBe(await readFile(join(repository, 'prisma/schema.prisma'), 'utf8'));
});

it('has nothing to do the second time', async () => {
  const names = await migrationNames();
  expect(await migrate(empty.url)).toEqual(names);
  const before = [await catalogOf(empty.query), await bookkeeping()];
  expect(await migrate(empty.url)).toEqual([]);
  expect([await catalogOf(empty.query), await bookkeeping()]).toEqual(before);
});

it('is done once when several start at once', async () => {
  const done = await Promise.all([1, 2, 3, 4].map(() => migrate(empty.url)));
  const names = await migrationNames();
  expect(done.flat()).toEqual(names);
  expect(await bookkeeping()).toHaveLength(names.length);
});

it('keeps the books as `prisma migrate deploy` does', async () => {
  await migrate(empty.url);
  const names = await migrationNames();
  expect(await bookkeeping()).toEqual(
    await Promise.all(
      names.map(async (name) => ({
        migration_name: name,
        checksum: createHash('sha256')
          .update(await readFile(join(migrations, name, 'migration.sql')))
          .digest('hex'),
        finished: true,
        rolled_back_at: null,
        logs: null,
        applied_steps_count: 1,
      })),
    ),
  );
  const columns = await empty.query<{ column: string }>(
    `SELECT concat_ws(' ', column_name, data_type) AS column FROM information_schema.columns
     WHERE table_name = '_prisma_migrations' ORDER BY ordinal_position`,
  );
  expect(columns.map(({ column }) => column)).toEqual([
    'id character varying',
    'checksum character varying',
    'finished_at timestamp with time zone',
    'migration_name character varying',
    'logs text',
    'rolled_back_at timestamp with time zone',
    'started_at timestamp with time zone',
    'applied_steps_count integer',
  ]);
});

it('goes on where `prisma migrate deploy` stopped', async () => {
  await migrate(empty.url);
  await empty.query(`UPDATE _prisma_migrations SET rolled_back_at = now(), finished_at = NULL`);
  await empty.query(`INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name)
    SELECT gen_random_uuid(), checksum, now(), migration_name FROM _prisma_migrations`);
  expect(await migrate(empty.url)).toEqual([]);
});

it.each([
  [
    'a migration of a later version',
    `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name)
     VALUES ('later', 'x', now(), '29991231000000_later')`,
    /29991231000000_later/,
  ],
  [
    'a migration that did not finish',
    'UPDATE _prisma_migrations SET finished_at = NULL',
    /did not finish/,
  ],
])('refuses %s and changes nothing', async (_, statement, message) => {
  await migrate(empty.url);
  await empty.query(statement);
  const before = [await catalogOf(empty.query), await bookkeeping()];
  const refused = migrate(empty.url);
  await expect(refused).rejects.toThrow(MigrationError);
  await expect(refused).rejects.toThrow(message);
  expect([await catalogOf(empty.query), await bookkeeping()]).toEqual(before);
});

it('leaves nothing behind when it is killed in the middle, and succeeds after', async () => {
  const obstacle = new pg.Client({ connectionString: empty.url });
  await obstacle.connect();
  // A type of the same name that is not committed: the migration waits for it in its middle.
  await obstacle.query('BEGIN');
  await obstacle.query(`CREATE TYPE mfa_policy AS ENUM ()`);
  const killed = migrate(empty.url);
  const failure = expect(killed).rejects.toThrow();
  await until(async () => {
    const rows = await empty.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'gatehouse-migrate' AND wait_event_type = 'Lock'`,
    );
    return rows.length > 0;
  });
  await failure;
  await obstacle.query('ROLLBACK');
  await obstacle.end();
  expect([...(await catalogOf(empty.query)).keys()]).toEqual([]);
  const [books] = await empty.query(`SELECT to_regclass('_prisma_migrations') AS table`);
  expect(books).toEqual({ table: null });

  expect(await migrate(empty.url)).toEqual(await migrationNames());
});

it('leaves nothing behind when a statement fails', async () => {
  await empty.query('CREATE TYPE mfa_policy AS ENUM ()');
  await expect(migrate(empty.url)).rejects.toThrow(/mfa_policy/);
  expect([...(await catalogOf(empty.query)).keys()]).toEqual([]);
});

it('refuses a database that belongs to something else', async () => {
  await empty.query('CREATE TABLE invoice (id int)');
  const refused = migrate(empty.url);
  await expect(refused).rejects.toThrow(MigrationError);
  await expect(refused).rejects.toThrow(/tables of something else \(invoice\)/);
  expect([...(await catalogOf(empty.query)).keys()]).toEqual(['column invoice.id']);
});

it('writes the next migration from the change of schema.prisma', async () => {
  const copy = await copyOfRepository();
  try {
    const before = await readdir(join(copy, 'prisma/migrations'));
    expect(await dbDiff(copy, 'add_nothing')).toEqual({
      code: 0,
      stdout: 'schema.prisma has not changed since the last migration.\n',
      stderr: '',
    });
    expect(await dbDiff(copy, 'Not A Name')).toMatchObject({ code: 1, stdout: '' });
    expect(await readdir(join(copy, 'prisma/migrations'))).toEqual(before);

    const file = join(copy, 'prisma/schema.prisma');
    const schema = await readFile(file, 'utf8');
    const changed = schema.replace(
      /(model Organization \{)/,
      '$1\n  motto String? @map("the_motto")',
    );
    await writeFile(file, changed);
    const { code, stdout } = await dbDiff(copy, 'add_motto');
    const [written = ''] = (await readdir(join(copy, 'prisma/migrations'))).filter(
      (name) => !before.includes(name),
    );
    expect(code).toBe(0);
    expect(written).toMatch(/^\d{14}_add_motto$/);
    expect(stdout).toContain(written);
    const folder = join(copy, 'prisma/migrations', written);
    expect(await readFile(join(folder, 'migration.sql'), 'utf8')).toBe(
      '-- AlterTable\nALTER TABLE "organization" ADD COLUMN     "the_motto" TEXT;\n',
    );
    expect(await readFile(join(folder, 'schema.prisma'), 'utf8')).toBe(changed);
    expect(await dbDiff(copy, 'add_more')).toMatchObject({
      stdout: 'schema.prisma has not changed since the last migration.\n',
    });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});

/** The catalog of a database that is made from schema.prisma alone. */
async function catalogOfSchema() {
  const database = await createEmptyDatabase();
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  pool.on('error', () => {});
  try {
    const schema = await readFile(join(repository, 'prisma/schema.prisma'), 'utf8');
    await database.query(await diffSchemas(pool, undefined, schema));
    return await catalogOf(database.query);
  } finally {
    await pool.end();
    await database.close();
  }
}

function bookkeeping() {
  return empty.query(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished, rolled_back_at, logs, applied_steps_count
     FROM _prisma_migrations ORDER BY migration_name`,
  );
}

async function copyOfRepository(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'gatehouse-copy-'));
  for (const part of ['package.json', 'prisma', 'scripts/db-diff.ts', 'src/db']) {
    await cp(join(repository, part), join(copy, part), {
      recursive: true,
      filter: (source) => !source.includes('generated'),
    });
  }
  await symlink(join(repository, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

async function dbDiff(copy: string, name: string) {
  const child = spawn(process.execPath, ['scripts/db-diff.ts', name], {
    cwd: copy,
    env: { PATH: process.env.PATH, DATABASE_URL: inject('serverUrl') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { code, stdout, stderr };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    // Asking the database is the pause.
  }
}
