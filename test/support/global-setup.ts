import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { onDirectConnection, openDatabase } from '../../src/db/database.ts';
import { attachEmbeddedPostgres } from '../../src/db/embedded/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';
import { ensureEnvironment } from '../../src/domain/environment.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import { inTransaction } from '../../src/domain/transaction.ts';
import { installQueue } from '../../src/jobs/queue.ts';
import { runnerOn } from './runner.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server of this run: a superuser's URL without a database. */
    serverUrl: string;
    /** The database that every test file gets a copy of. */
    templateName: string;
  }
}

/**
 * Brings up the PostgreSQL of the run (the one of DATABASE_URL, or a throw-away cluster that trades durability for
 * speed) with a migrated database to copy from.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.DATABASE_URL;
  const server = given ? { url: given, detach: async () => {} } : await throwAwayServer();
  const templateName = `gatehouse_template_${process.pid}_${project.name}`;
  await administer(server.url, `CREATE DATABASE "${templateName}"`);
  const url = urlOf(server.url, templateName);
  await migrate(url);
  await onDirectConnection(url, installQueue);
  const database = openDatabase({ url });
  await inTransaction(runnerOn(database), { principal: SYSTEM }, (tx) => ensureEnvironment(tx));
  await database.close();
  project.provide('serverUrl', server.url);
  project.provide('templateName', templateName);
  return async () => {
    await administer(server.url, `DROP DATABASE "${templateName}" WITH (FORCE)`);
    await server.detach();
  };
}

async function throwAwayServer() {
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
  // Root's server runs as another account: what that cannot reach here would be elsewhere, and stay when the run is over.
  await chmod(dataDir, 0o755);
  const server = await attachEmbeddedPostgres({ dataDir, durable: false });
  return {
    url: server.url,
    async detach() {
      await server.detach();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

function urlOf(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
