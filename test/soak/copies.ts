/** Gateways of their own, in processes of their own, each on a copy of one database. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { inject } from 'vitest';
import type { Matrix, MatrixWorld } from '../graphql/matrix/world.ts';
import type { Answer } from '../support/gateway.ts';
import type { RemovedRule } from './rules.ts';

/** The database to copy, and what a gateway needs besides it. */
export type Copies = { base: string; settings: Record<string, string>; close(): Promise<void> };

const root = fileURLToPath(new URL('../..', import.meta.url));
const preload = new URL('./preload-removed-rule.ts', import.meta.url).href;

/** Copies the database of the matrix, to be copied again: while nobody is connected to it. */
export async function copiesOf({ gateway, settings }: MatrixWorld): Promise<Copies> {
  const source = new URL(gateway.url).pathname.slice(1);
  const base = `gatehouse_${randomUUID()}`;
  await asAdmin(async (admin) => {
    for (;;) {
      await admin.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
        [source],
      );
      const copied = await admin.query(`CREATE DATABASE "${base}" TEMPLATE "${source}"`).then(
        () => true,
        (error: { code?: string }) => {
          if (error.code !== '55006') {
            throw error;
          }
          return false;
        },
      );
      if (copied) {
        return;
      }
    }
  });
  return { base, settings, close: () => drop(base) };
}

/** A gateway without a rule, as the matrix asks it. */
export async function startWithout(
  { base, settings }: Copies,
  { name, module, source }: RemovedRule,
): Promise<{ gateway: Pick<Matrix, 'ask' | 'query'>; close(): Promise<void> }> {
  const copy = `gatehouse_${randomUUID()}`;
  await asAdmin((admin) => admin.query(`CREATE DATABASE "${copy}" TEMPLATE "${base}"`));
  const address = new URL(inject('serverUrl'));
  address.pathname = `/${copy}`;
  const child = spawn(process.execPath, ['--import', preload, 'src/main.ts'], {
    cwd: root,
    env: {
      ...settings,
      PATH: process.env.PATH,
      PORT: '0',
      DATABASE_URL: address.href,
      REPLACED_MODULE: module,
      REPLACED_SOURCE: source,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    const hear = (data: Buffer) => {
      said += String(data);
      const served = /GraphQL\s+(\S+)/.exec(said)?.[1];
      if (served !== undefined) {
        resolve(served);
      }
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', () => reject(new Error(`Without ${name} nothing starts: ${said}`)));
  });
  const pool = new pg.Pool({ connectionString: address.href, max: 1 });
  pool.on('error', () => {});
  return {
    gateway: {
      async ask(query, { credential }, variables) {
        const response = await fetch(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(credential === null ? {} : { authorization: `Bearer ${credential}` }),
          },
          body: JSON.stringify({ query, variables }),
        });
        return (await response.json()) as Answer<Record<string, unknown>>;
      },
      async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) {
        return (await pool.query<Row>(text, values)).rows;
      },
    },
    async close() {
      child.kill('SIGKILL');
      await pool.end();
      await drop(copy);
    },
  };
}

async function drop(name: string): Promise<void> {
  await asAdmin((admin) => admin.query(`DROP DATABASE "${name}" WITH (FORCE)`));
}

async function asAdmin(work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: inject('serverUrl') });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
