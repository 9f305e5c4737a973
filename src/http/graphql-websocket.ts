/** GraphQL over WebSocket, in the protocol graphql-transport-ws. */
import { randomUUID } from 'node:crypto';
import { type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { ExecutionArgs, GraphQLError } from 'graphql';
import { handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { createGraphQLError } from 'graphql-yoga';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Authenticate, Caller } from '../auth/authenticate.ts';
import { credentialsIn } from './credentials.ts';
import { GRAPHQL_PATH, type GraphqlServer } from './graphql.ts';
import { COST_OF_REFUSAL, type RateLimiter } from './limits/rate.ts';
import { limitExceeded } from './limits/refusal.ts';
import { formatError, maskError } from './mask-bugs.ts';
import { type PersistedDocuments, persistedText } from './persisted-documents.ts';
import { addressOf, pathOf } from './request.ts';
import { pipelineOf, prepare } from './websocket-operation.ts';
import { sayGoodbye, speak } from './websocket-wire.ts';

type Extra = { socket: WebSocket; address: string };

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
    log: Logger;
    rate: RateLimiter;
    persistedDocuments: PersistedDocuments | undefined;
    maxBodyBytes: number;
    maxOperationsPerSocket: number;
  },
): (patienceMs: number) => Promise<void> {
  const { graphql, authenticate, log, rate, persistedDocuments } = options;
  const underWay = new Set<Promise<unknown>>();
  let stopping = false;

  const follow = <Value>(work: Promise<Value>): Promise<Value> => {
    underWay.add(work);
    const forget = () => underWay.delete(work);
    work.then(forget, forget);
    return work;
  };

  /** The caller; null when the socket is told to close. */
  const identify = async (extra: Extra, parameters: Parameters): Promise<Caller | null> => {
    const caller = await authenticate(credentialsIn(parameters));
    const { socket, address } = extra;
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
    const requestId = randomUUID();
    try {
      const caller = await identify(extra, parameters);
      if (caller === null) {
        return [createGraphQLError('These credentials are not valid.')];
      }
      const { address } = extra;
      const query = persistedText(payload, persistedDocuments) ?? payload.query;
      return await prepare(graphql, { ...payload, query }, { caller, address, requestId });
    } catch (error) {
      return [maskError(error, requestId, log)];
    }
  };

  const letIn = async (extra: Extra, parameters: Parameters): Promise<boolean> => {
    try {
      return (await identify(extra, parameters)) !== null;
    } catch (error) {
      log.error({ err: error }, 'A WebSocket could not be let in');
      extra.socket.close(TRY_AGAIN_LATER, 'Try again later');
      return false;
    }
  };

  const protocol = makeServer<Record<string, unknown>, Extra>({
    onConnect: ({ connectionParams, extra }) => letIn(extra, connectionParams),
    onSubscribe({ connectionParams, extra, subscriptions }, _id, payload) {
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
      return follow(begin(extra, connectionParams, payload));
    },
    execute: (args) => follow(Promise.resolve(pipelineOf(args).execute(args))),
    subscribe: (args) => pipelineOf(args).subscribe(args),
    onNext: (_context, _id, _payload, _args, { errors, ...result }) => ({
      ...result,
      ...(errors && { errors: errors.map(formatError) }),
    }),
    onError: (_context, _id, _payload, errors) => errors.map(formatError),
  });

  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxBodyBytes,
    handleProtocols: (offered) => handleProtocols(offered),
  });
  server.on('upgrade', (request, stream, head) => {
    const refusal = stopping ? 503 : pathOf(request) === GRAPHQL_PATH ? undefined : 404;
    if (refusal === undefined) {
      sockets.handleUpgrade(request, stream, head, (socket) =>
        speak(protocol, { socket, address: addressOf(request) }, log),
      );
    } else {
      refuseUpgrade(stream, refusal);
    }
  });

  return async (patienceMs) => {
    stopping = true;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      underWay.clear();
      resolve();
    }, patienceMs);
    while (underWay.size > 0) {
      await Promise.race([Promise.allSettled(underWay), late]);
      // What was prepared begins to execute now, and what was executed is sent.
      await setImmediate();
    }
    clearTimeout(timer);
    await sayGoodbye(sockets.clients, GOODBYE_MS);
  };
}

function refuseUpgrade(stream: Duplex, status: 404 | 503): void {
  // Whoever hung up meanwhile needs no answer.
  stream.on('error', () => stream.destroy());
  stream.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  );
}
