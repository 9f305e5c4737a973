/** A gateway that is watched from both sides: its log is kept, and the way to its database can be cut. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { startGateway } from '../../src/gateway.ts';
import { newDataDir } from '../support/data-dir.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

export type LogLine = {
  level: number;
  msg: string;
  requestId?: string;
  connectionId?: string;
  err?: { message: string; stack: string };
};

export type ObservedGateway = {
  database: TestDatabase;
  url: string;
  /** The secret of the first key. */
  key: string;
  /** What was logged so far, oldest first. */
  log: LogLine[];
  /** Ends all connections to the database and refuses new ones. */
  cut(): Promise<void>;
  /** Lets connections through again. */
  mend(): Promise<void>;
  close(): Promise<void>;
};

/** Starts it on a free port, over a database of its own or one that is there, with everything logged. */
export async function observeGateway(
  settings: Record<string, string> = {},
  given?: TestDatabase,
): Promise<ObservedGateway> {
  const database = given ?? (await createDatabase());
  const way = await openWay(new URL(database.url));
  const log: LogLine[] = [];
  const config = readConfig({
    PORT: '0',
    DATABASE_URL: way.url,
    GATEHOUSE_DATA_DIR: newDataDir(),
    ...settings,
  });
  const gateway = await startGateway(config, {
    log: pino({ level: 'trace' }, { write: (line) => log.push(JSON.parse(line)) }),
  });
  return {
    database,
    url: gateway.url,
    key: gateway.newApiKey ?? '',
    log,
    cut: way.cut,
    mend: way.mend,
    async close() {
      await gateway.stop();
      await way.cut();
      await database.close();
    },
  };
}

async function openWay(target: URL) {
  const sockets = new Set<Socket>();
  let server: Server;
  const listen = async (port: number) => {
    server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname);
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.once('close', () => {
          sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };
  const port = await listen(0);
  const url = new URL(target);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    async cut() {
      if (server.listening) {
        const closed = once(server, 'close');
        server.close();
        for (const socket of sockets) {
          socket.destroy();
        }
        await closed;
      }
    },
    async mend() {
      await listen(port);
    },
  };
}
