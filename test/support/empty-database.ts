import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export type EmptyDatabase = {
  url: string;
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
};

/** A database with nothing in it, on the PostgreSQL of this run, dropped by `close`. */
export async function createEmptyDatabase(): Promise<EmptyDatabase> {
  const name = `gatehouse_empty_${randomUUID()}`;
  const admin = new pg.Client({ connectionString: inject('serverUrl') });
  await admin.connect();
  await admin.query(`CREATE DATABASE "${name}"`);
  const target = new URL(inject('serverUrl'));
  target.pathname = `/${name}`;
  const client = new pg.Client({ connectionString: target.href });
  await client.connect();
  return {
    url: target.href,
    async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) {
      const { rows } = await client.query<Row>(text, values);
      return rows;
    },
    async close() {
      await client.end();
      await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`);
      await admin.end();
    },
  };
}
