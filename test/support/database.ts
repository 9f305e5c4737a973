import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import type { TransactionRunner } from '../../src/domain/transaction.ts';
import { runnerOn } from './runner.ts';

export type TestDatabase = {
  url: string;
  database: Database;
  runner: TransactionRunner;
  /** Runs one statement past all rules and returns its rows. */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
};

/** A migrated database of its own on the PostgreSQL of this run, dropped by `close`. */
export async function createDatabase(): Promise<TestDatabase> {
  const name = `gatehouse_${randomUUID()}`;
  const admin = new pg.Client({ connectionString: inject('serverUrl') });
  await admin.connect();
  // Copying waits for nobody: a template that somebody is connected to cannot be copied, and nobody is.
  await admin.query(`CREATE DATABASE "${name}" TEMPLATE "${inject('templateName')}"`);
  const target = new URL(inject('serverUrl'));
  target.pathname = `/${name}`;
  const url = target.href;
  const database = openDatabase({ url });
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  // A test may end connections, and dropping the database ends what is left.
  pool.on('error', () => {});
  return {
    url,
    database,
    runner: runnerOn(database),
    async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) {
      const { rows } = await pool.query<Row>(text, values);
      return rows;
    },
    async close() {
      await database.close();
      await pool.end();
      await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`);
      await admin.end();
    },
  };
}
