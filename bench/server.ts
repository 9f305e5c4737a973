/** The PostgreSQL of a run, with databases that come and go with it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { attachEmbeddedPostgres } from '../src/db/embedded/embedded.ts';

export type Server = {
  /** The process id of a throw-away server; of another one, undefined. */
  pid: number | undefined;
  /** Makes a database and returns its URL: an empty one, or a copy of one that was made and that nobody is using. */
  createDatabase(name: string, original?: string): Promise<string>;
  /** Drops the databases that were made, and leaves the server; a throw-away one is gone then. */
  close(): Promise<void>;
};

/** Uses the server at `url`, or else an embedded one in a temporary folder. */
export async function openServer(url: string | undefined): Promise<Server> {
  const server =
    url === undefined ? await throwAwayServer() : { url, pid: undefined, remove: async () => {} };
  const made: string[] = [];
  return {
    pid: server.pid,
    async createDatabase(name, original) {
      const unique = `gatehouse_bench_${name.toLowerCase().replaceAll(/\W/g, '_')}_${process.pid}`;
      const template =
        original === undefined
          ? ''
          : ` TEMPLATE ${new URL(original).pathname.slice(1)} STRATEGY FILE_COPY`;
      await administer(server.url, `CREATE DATABASE ${unique}${template}`);
      made.push(unique);
      const own = new URL(server.url);
      own.pathname = `/${unique}`;
      return own.href;
    },
    async close() {
      for (const name of made) {
        await administer(server.url, `DROP DATABASE ${name} WITH (FORCE)`);
      }
      await server.remove();
    },
  };
}

/** A quarter of what the machine has, as PostgreSQL's manual advises, and no more than the largest world needs. */
const SHARED_BUFFERS_MB = Math.min(2048, Math.floor(totalmem() / 4 / 2 ** 20));

async function throwAwayServer() {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
  const attach = () => attachEmbeddedPostgres({ dataDir: join(folder, 'data'), durable: false });
  const fresh = await attach();
  await administer(fresh.url, `ALTER SYSTEM SET shared_buffers = '${SHARED_BUFFERS_MB}MB'`);
  // It takes this when it starts.
  await fresh.detach();
  const server = await attach();
  const [found] = await administer(
    server.url,
    `SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid`,
  );
  return {
    url: server.url,
    pid: found?.pid,
    async remove() {
      await server.detach();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function administer(url: string, statement: string): Promise<{ pid?: number }[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ pid?: number }>(statement)).rows;
  } finally {
    await client.end();
  }
}
