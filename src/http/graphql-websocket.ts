/** GraphQL over WebSocket, in the protocol graphql-transport-ws. */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { ExecutionArgs, GraphQLError } from 'graphql';
import { handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { createGraphQLError } from 'graphql-yoga';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Authenticate } from '../auth/authenticate.ts';
import type { Caller } from '../auth/caller.ts';
import type { Observe } from '../telemetry/exchange.ts';
import { type Tracing, withinSpan } from '../telemetry/tracing.ts';
import { createBag } from './bag.ts';
import { credentialsIn } from './credentials.ts';
import { GRAPHQL_PATH, type GraphqlServer } from './graphql.ts';
import { COST_OF_REFUSAL, type RateLimiter } from './limits/rate.ts';
import { limitExceeded } from './limits/refusal.ts';
import { formatError, maskError } from './mask-bugs.ts';
import type { Origins } from './origins.ts';
import { type PersistedDocuments, persistedText } from './persisted-documents.ts';
import { addressOf, pathOf, requestIdOf } from './request.ts';
import { createSocketExchanges, type SocketExchanges } from './websocket-exchanges.ts';
import { pipelineOf, prepare } from './websocket-operation.ts';
import { sayGoodbye, speak } from './websocket-wire.ts';

type Extra = {
  socket: WebSocket;
  address: string;
  /** The id of the request that the socket began with. */
  connectionId: string;
  exchanges: SocketExchanges;
  log: Logger;
};

type Parameters = Record<string, unknown> | undefined;

/** The close code of the protocol for credentials that are refused. */
const UNAUTHORIZED = 4401;
const TRY_AGAIN_LATER = 1013;

const GOODBYE_MS = 2000;

/**
 * Serves WebSockets on `server`. Credentials come in `connection_init` as `{ authorization: "Bearer …" }` and are
 * looked at again for every operation. Returns what stops: it refuses new operations, lets those under way end for at
 * most `patienceMs`, and closes all sockets with 1001.
 */
export function serveWebSockets(
  server: Server,
  options: {
    graphql: GraphqlServer;
    authenticate: Authenticate;
    origins: Origins;
    observe: Observe;
    tracing: Tracing | undefined;
    log: Logger;
    rate: RateLimiter;
    persistedDocuments: PersistedDocuments | undefined;
    maxBodyBytes: number;
    maxOperationsPerSocket: number;
  },
): (patienceMs: number) => Promise<void> {
  const { graphql, authenticate, origins, log, rate, persistedDocuments } = options;
  const underWay = createBag<Promise<unknown>>();
  let stopping = false;

  const follow = <Value>(work: Promise<Value>): Promise<Value> => {
    const forget = underWay.add(work);
    work.then(forget, forget);
    return work;
  };

  /** The caller; null when the socket is told to close. */
  const identify = async (
    { socket, address }: Extra,
    parameters: Parameters,
    requestId: string,
  ): Promise<Caller | null> => {
    const caller = await authenticate(credentialsIn(parameters), requestId);
    if (caller === null) {
      const wait = rate.take({ principal: undefined, address }, COST_OF_REFUSAL);
      if (wait > 0) {
        socket.close(TRY_AGAIN_LATER, 'Try again later');
      } else {
        socket.close(UNAUTHORIZED, 'Unauthorized');
      }
    }
    return caller;
  };

  const begin = async (
    extra: Extra,
    parameters: Parameters,
    payload: SubscribePayload,
  ): Promise<ExecutionArgs | readonly GraphQLError[]> => {
    const { address, exchanges } = extra;
    const exchange = exchanges.begin(payload);
    const { requestId } = exchange;
    const identifyAndPrepare = async () => {
      const caller = await identify(extra, parameters, requestId);
      if (caller === null) {
        const extensions = { code: 'UNAUTHENTICATED' };
        return [createGraphQLError('These credentials are not valid.', { extensions })];
      }
      const query = persistedText(payload, persistedDocuments) ?? payload.query;
      const operation = { caller, address, requestId, exchange };
      return prepare(graphql, { ...payload, query }, operation);
    };
    try {
      return await withinSpan(exchange, identifyAndPrepare);
    } catch (error) {
      return [maskError(error, requestId, extra.log)];
    }
  };

  const letIn = async (extra: Extra, parameters: Parameters): Promise<boolean> => {
    try {
      return (await identify(extra, parameters, extra.connectionId)) !== null;
    } catch (error) {
      extra.log.error({ err: error }, 'A WebSocket could not be let in');
      extra.socket.close(TRY_AGAIN_LATER, 'Try again later');
      return false;
    }
  };

  const protocol = makeServer<Record<string, unknown>, Extra>({
    onConnect: ({ connectionParams, extra }) => letIn(extra, connectionParams),
    async onSubscribe({ connectionParams, extra, subscriptions }, _id, payload) {
      if (stopping) {
        return [
          createGraphQLError('The gateway is stopping.', { extensions: { code: 'UNAVAILABLE' } }),
        ];
      }
      const found = Object.keys(subscriptions).length;
      const max = options.maxOperationsPerSocket;
      if (found > max) {
        return [limitExceeded({ limit: 'operationsPerSocket', max, found })];
      }
      const begun = await follow(begin(extra, connectionParams, payload));
      if (!('schema' in begun)) {
        extra.exchanges.note(payload, begun);
        extra.exchanges.end(payload);
      }
      return begun;
    },
    execute: (args) => follow(Promise.resolve(pipelineOf(args).execute(args))),
    subscribe: (args) => pipelineOf(args).subscribe(args),
    onNext({ extra }, _id, payload, _args, { errors, ...result }) {
      extra.exchanges.note(payload, errors ?? []);
      return { ...result, ...(errors && { errors: errors.map(formatError) }) };
    },
    onError: (_context, _id, _payload, errors) => errors.map(formatError),
    onComplete: ({ extra }, _id, payload) => extra.exchanges.end(payload),
  });

  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxBodyBytes,
    handleProtocols: (offered) => handleProtocols(offered),
  });
  const refusalOf = (request: IncomingMessage) => {
    if (stopping) {
      return 503;
    }
    if (pathOf(request) !== GRAPHQL_PATH) {
      return 404;
    }
    return origins.permits(request) ? undefined : 403;
  };

  sockets.on('headers', (headers, request) => {
    headers.push(`x-request-id: ${requestIdOf(request)}`);
  });
  server.on('upgrade', (request, stream, head) => {
    const refusal = refusalOf(request);
    const connectionId = requestIdOf(request);
    // From here on it is the id of this request, whoever asks.
    request.headers['x-request-id'] = connectionId;
    if (refusal === undefined) {
      sockets.handleUpgrade(request, stream, head, (socket) => {
        const exchanges = createSocketExchanges(connectionId, options);
        const address = addressOf(request);
        const extra = {
          socket,
          address,
          connectionId,
          exchanges,
          log: log.child({ connectionId }),
        };
        speak(protocol, extra, extra.log);
      });
    } else {
      refuseUpgrade(stream, refusal);
    }
  });

  return async (patienceMs) => {
    stopping = true;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      resolve();
    }, patienceMs);
    while (underWay.size > 0 && !isLate) {
      await Promise.race([Promise.allSettled(underWay), late]);
      // What was prepared begins to execute now, and what was executed is sent.
      await setImmediate();
    }
    clearTimeout(timer);
    await sayGoodbye(sockets.clients, GOODBYE_MS);
  };
}

function refuseUpgrade(stream: Duplex, status: 403 | 404 | 503): void {
  // Whoever hung up meanwhile needs no answer.
  stream.on('error', () => stream.destroy());
  stream.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  );
}
