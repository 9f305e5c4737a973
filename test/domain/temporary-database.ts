import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { ensureEnvironment } from '../../src/domain/environment.ts';
import { inTransaction } from '../../src/domain/transaction.ts';

export async function createDatabase(): Promise<{ url: string; database: Database; close(): Promise<void> }> {
  const name = `dom_${randomBytes(6).toString('hex')}`;
  const base = 'postgresql://postgres@127.0.0.1:5999/';
  const admin = new pg.Client(`${base}postgres`);
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  const url = base + name;
  await migrate(url);
  const database = openDatabase({ url });
  const runner = { prisma: database.prisma, newId: () => uuidv7(), randomBytes };
  await inTransaction(runner, { actor: { kind: 'SYSTEM' }, environment: 'exclusive' }, (tx) => ensureEnvironment(tx));
  return {
    url,
    database,
    async close() {
      await database.close();
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}
