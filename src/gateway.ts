/** The composition root: settings in, a running gateway out. */
import type { Logger } from 'pino';
import { createAuthenticator } from './auth/authenticate.ts';
import type { Config } from './config.ts';
import { ensureFirstKey } from './domain/first-key.ts';
import { SYSTEM } from './domain/principal.ts';
import { inTransaction } from './domain/transaction.ts';
import { examples } from './http/examples.ts';
import { graphiqlHandler } from './http/graphiql/graphiql.ts';
import { createGraphqlServer } from './http/graphql.ts';
import { graphqlHandler } from './http/graphql-http.ts';
import { serveWebSockets } from './http/graphql-websocket.ts';
import { healthHandler } from './http/health.ts';
import { createRateLimiter } from './http/limits/rate.ts';
import { readPersistedDocuments } from './http/persisted-documents.ts';
import { listen } from './http/server.ts';
import { startSweeper } from './jobs/sweeper.ts';
import { openStore } from './store.ts';

export type Gateway = {
  /** Where it is reached from this machine, without a slash at the end. */
  url: string;
  /** Undefined when it is switched off. */
  graphiqlUrl: string | undefined;
  /** The secret of the key that was made because there was none yet; it is nowhere else. */
  newApiKey: string | undefined;
  /** Stops taking work, lets what is under way end, and leaves the database. Can be called again. */
  stop(): Promise<void>;
};

/** With the goodbyes to sockets and to the database, well within the 15 seconds that a stop may take. */
const DRAIN_MS = 10_000;

/**
 * Starts the gateway. The port is taken first, so that a start that fails for it has changed nothing.
 * Rejects with what keeps it from starting, and then leaves nothing open.
 */
export async function startGateway(
  config: Config,
  { log, onProgress }: { log: Logger; onProgress?: (message: string) => void },
): Promise<Gateway> {
  const { host, port, persistedDocuments: path } = config;
  const persistedDocuments = path === undefined ? undefined : await readPersistedDocuments(path);
  let check = () => Promise.reject<void>(new Error('The gateway is starting.'));
  const http = await listen({ host, port, log, health: healthHandler(() => check()) });
  try {
    const onError = (error: Error) => log.warn({ err: error }, 'A database connection broke');
    const store = await openStore(config, { asGateway: true, onProgress, onError });
    const { database, runner } = store;
    const newApiKey = await inTransaction(
      runner,
      { principal: SYSTEM, environment: 'exclusive' },
      (tx) => ensureFirstKey(tx, config.apiKey),
    ).catch(async (error: unknown) => {
      await store.close();
      throw error;
    });
    const authenticate = createAuthenticator(database);
    const rate = createRateLimiter(config);
    const { read } = database;
    const graphql = createGraphqlServer({
      read,
      runner,
      log,
      limits: config,
      rate,
      persistedDocuments,
    });
    const edge = { ...config, graphql, authenticate, log, rate, persistedDocuments };
    const closeSockets = serveWebSockets(http.server, edge);
    http.serve([
      graphqlHandler(graphql, authenticate, edge),
      ...(config.graphiql ? [graphiqlHandler({ examples })] : []),
    ]);
    check = () => database.ping();
    const sweeper = startSweeper({ runner, log });
    let stopped: Promise<void> | undefined;
    const stop = async () => {
      check = () => Promise.reject(new Error('The gateway is stopping.'));
      await Promise.all([closeSockets(DRAIN_MS), http.close(DRAIN_MS), sweeper.stop()]);
      await store.close();
    };
    const url = config.publicUrl ?? http.url;
    return {
      url,
      graphiqlUrl: config.graphiql ? `${url}/graphiql` : undefined,
      newApiKey,
      stop() {
        stopped ??= stop();
        return stopped;
      },
    };
  } catch (error) {
    await http.close(0);
    throw error;
  }
}
