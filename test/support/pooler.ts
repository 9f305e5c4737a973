/** PgBouncer in transaction mode in front of a database. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { unprivilegedAccounts } from '../../src/db/embedded/account.ts';

export type Pooler = { url: string; close(): Promise<void> };

/** Where Debian puts it. */
const PROGRAM = '/usr/sbin/pgbouncer';

export function hasPooler(): boolean {
  return existsSync(PROGRAM);
}

/** Starts one in front of the database at `target`, with few connections to it so that they are shared. */
export async function startPooler(target: string): Promise<Pooler> {
  const { hostname, port: serverPort, username, password, pathname } = new URL(target);
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-pooler-'));
  const port = await freePort();
  const file = (name: string) => join(folder, name);
  const secret = decodeURIComponent(password);
  await writeFile(file('users.txt'), `"${username}" "${secret}"\n`);
  await writeFile(
    file('pgbouncer.ini'),
    `[databases]
${pathname.slice(1)} = host=${hostname} port=${serverPort} dbname=${pathname.slice(1)} user=${username} password=${secret}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${file('users.txt')}
pool_mode = transaction
default_pool_size = 8
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
`,
  );
  // It refuses to run as root, as PostgreSQL does.
  const [account] = process.getuid?.() === 0 ? await unprivilegedAccounts() : [];
  if (account !== undefined) {
    await chmod(folder, 0o700);
    for (const path of [folder, file('users.txt'), file('pgbouncer.ini')]) {
      await chown(path, account.uid, account.gid);
    }
  }
  const child = spawn(PROGRAM, ['-q', file('pgbouncer.ini')], {
    stdio: 'ignore',
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  const url = new URL(target);
  url.host = `127.0.0.1:${port}`;
  await untilReady(child, url.href);
  return {
    url: url.href,
    async close() {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.query('SELECT 1');
      return;
    } catch {
      await sleep(50);
    } finally {
      await client.end().catch(() => {});
    }
  }
  throw new Error('PgBouncer has ended before it was ready.');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
