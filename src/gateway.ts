/** The composition root: settings in, a running gateway out. */
import type { Logger } from 'pino';
import { recognizeKeys } from './auth/api-key.ts';
import { createAuthenticator } from './auth/authenticate.ts';
import { trustedIssuersOf } from './auth/development-issuer.ts';
import { recognizePeople } from './auth/person.ts';
import { createRenewal, createRenewals } from './auth/renew.ts';
import { createTokenVerifier } from './auth/token.ts';
import { createUseNotes } from './auth/use-notes.ts';
import type { Config } from './config.ts';
import { listenTo } from './db/listen.ts';
import { ensureFirstKey } from './domain/first-key.ts';
import { SYSTEM } from './domain/principal.ts';
import { inTransaction } from './domain/transaction.ts';
import { createAnnouncer } from './feed/announce.ts';
import { startFeed } from './feed/feed.ts';
import { acceptHandler } from './http/accept/accept.ts';
import { acceptDocuments } from './http/accept/documents.ts';
import { examples } from './http/examples.ts';
import { graphiqlHandler } from './http/graphiql/graphiql.ts';
import { createGraphqlServer } from './http/graphql.ts';
import { graphqlHandler } from './http/graphql-http.ts';
import { serveWebSockets } from './http/graphql-websocket.ts';
import { healthHandler } from './http/health.ts';
import { createRateLimiter } from './http/limits/rate.ts';
import { metricsHandler } from './http/metrics.ts';
import { createOrigins } from './http/origins.ts';
import {
  type PersistedDocuments,
  readPersistedDocuments,
  withTexts,
} from './http/persisted-documents.ts';
import { securityHeaders } from './http/security-headers.ts';
import { listen } from './http/server.ts';
import { readTemplates } from './jobs/mail/templates.ts';
import { startPost } from './jobs/post.ts';
import { startSweeper } from './jobs/sweeper.ts';
import { openStore } from './store.ts';
import { logEnded, type Observe } from './telemetry/exchange.ts';
import { readLags } from './telemetry/lags.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { safeLog } from './telemetry/safe-log.ts';
import { endSpan, type Tracing } from './telemetry/tracing.ts';

export type Gateway = {
  /** Where people reach it, without a slash at the end. */
  url: string;
  /** Where it is reached from this machine, without a slash at the end. */
  localUrl: string;
  /** Undefined when it is switched off. */
  graphiqlUrl: string | undefined;
  /** The secret of the key that was made because there was none yet; it is nowhere else. */
  newApiKey: string | undefined;
  /** The folder that mail goes to; undefined when there is a mail server. */
  mailFolder: string | undefined;
  /** Stops taking work, lets what is under way end, and leaves the database. Can be called again. */
  stop(): Promise<void>;
};

/** What processes tell each other by: that something happened. */
const CHANNEL = 'gatehouse_events';
const NOTIFY = { name: 'gatehouse_notify', text: `NOTIFY ${CHANNEL}` };

/** With the goodbyes to sockets and to the database, well within the 15 seconds that a stop may take. */
const DRAIN_MS = 10_000;

/**
 * Starts the gateway. The port is taken first, so that a start that fails for it has changed nothing.
 * Rejects with what keeps it from starting, and then leaves nothing open.
 */
export async function startGateway(
  config: Config,
  options: { log: Logger; onProgress?: (message: string) => void },
): Promise<Gateway> {
  const { host, port, publicUrl, allowedOrigins = [], metricsToken } = config;
  const persistedDocuments = await readDocuments(config);
  const templates = await readTemplates(config.mailTemplates);
  const { onProgress } = options;
  const log = safeLog(options.log);
  const observers = [logEnded(log), endSpan];
  const tracing = await startTracing(config);
  const observe: Observe = (ended) => {
    for (const tell of observers) {
      tell(ended);
    }
  };
  let check = () => Promise.reject<void>(new Error('The gateway is starting.'));
  const http = await listen({
    host,
    port,
    log,
    health: healthHandler(() => check()),
    headers: securityHeaders(publicUrl),
    observe,
    tracing,
  });
  try {
    const onError = (error: Error) => log.warn({ err: error }, 'A database connection broke');
    const onFeedError = (error: Error) =>
      log.warn({ err: error }, 'Events cannot be followed just now');
    const trace = tracing?.trace;
    const issuers = await trustedIssuersOf(config);
    const store = await openStore(config, { asGateway: true, onProgress, onError, trace });
    const { database, runner } = store;
    const newApiKey = await inTransaction(
      runner,
      { principal: SYSTEM, environment: 'exclusive' },
      (tx) => ensureFirstKey(tx, config.apiKey),
    ).catch(async (error: unknown) => {
      await store.close();
      throw error;
    });
    const { read } = database;
    const verifier = createTokenVerifier(issuers, { log });
    const notes = createUseNotes({ runner, log });
    const authenticate = createAuthenticator({
      key: recognizeKeys(database),
      person: recognizePeople({ read, runner, verifier, notes, log }),
    });
    const rate = createRateLimiter(config);
    const feed = startFeed({ read, renewAll: createRenewals(read), onError: onFeedError });
    const announce = createAnnouncer(() => read(NOTIFY, []));
    store.onCommit(() => {
      feed.wake();
      announce();
    });
    const listener = listenTo(store.directUrl, CHANNEL, {
      onNotice: () => feed.wake(),
      onError: onFeedError,
    });
    const graphql = createGraphqlServer({
      read,
      runner,
      feed,
      renew: createRenewal(read),
      trace,
      log,
      limits: config,
      compileAfter: config.compileAfter,
      rate,
      persistedDocuments,
    });
    const origins = createOrigins({ allowed: allowedOrigins, publicUrl });
    const edge = { ...config, graphql, authenticate, origins, rate, persistedDocuments };
    const closeSockets = serveWebSockets(http.server, { ...edge, observe, tracing, log });
    const handlers = [graphqlHandler(edge), acceptHandler()];
    if (config.graphiql) {
      handlers.push(graphiqlHandler({ examples }));
    }
    if (metricsToken !== undefined) {
      const { waitingTurns } = store;
      const lags = () => readLags(read);
      const metrics = createMetrics({ pools: database.pools, waitingTurns, lags });
      observers.push(metrics.observe);
      handlers.push(metricsHandler(metrics, metricsToken));
    }
    http.serve(handlers);
    check = () => database.ping();
    const sweeper = startSweeper({ ...config, runner, log });
    const url = publicUrl ?? http.url;
    const { queue } = store;
    const { prisma } = database;
    const { redirectUrls, mailFrom: sender } = config;
    const letterhead = { templates, url, redirectUrls, sender };
    const post = await startPost({ ...config, prisma, runner, queue, letterhead, log }).catch(
      async (error: unknown) => {
        await Promise.all([sweeper.stop(), notes.stop()]);
        await store.close();
        throw error;
      },
    );
    let stopped: Promise<void> | undefined;
    const stop = async () => {
      check = () => Promise.reject(new Error('The gateway is stopping.'));
      feed.drain();
      await Promise.all([
        closeSockets(DRAIN_MS),
        http.close(DRAIN_MS),
        sweeper.stop(),
        post.stop(DRAIN_MS),
      ]);
      await Promise.all([feed.stop(), listener.close(), notes.stop()]);
      await store.close();
      await tracing?.stop();
    };
    return {
      url,
      localUrl: http.url,
      graphiqlUrl: config.graphiql ? `${url}/graphiql` : undefined,
      newApiKey,
      mailFolder: post.folder,
      stop() {
        stopped ??= stop();
        return stopped;
      },
    };
  } catch (error) {
    await http.close(0);
    await tracing?.stop();
    throw error;
  }
}

async function readDocuments({
  persistedDocuments: path,
}: Config): Promise<PersistedDocuments | undefined> {
  return path === undefined
    ? undefined
    : withTexts(await readPersistedDocuments(path), Object.values(acceptDocuments));
}

// The packages of OpenTelemetry are many: they are loaded only where traces are asked for.
async function startTracing({ tracing }: Config): Promise<Tracing | undefined> {
  if (tracing === undefined) {
    return undefined;
  }
  const { createOtlpTracing } = await import('./telemetry/otlp.ts');
  return createOtlpTracing(tracing);
}
