/** The HTTP server: it owns the port from the first moment and serves as soon as there is something to serve. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { Ended, Exchange, Observe } from '../telemetry/exchange.ts';
import { type Tracing, withinSpan } from '../telemetry/tracing.ts';
import { createBag } from './bag.ts';
import { pathOf, refusalOf, refuse, requestIdOf } from './request.ts';
import { endStalled } from './stalled.ts';

/** Answers a request and resolves to true, or leaves it alone and resolves to false. */
export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange,
) => Promise<boolean>;

export type HttpServer = {
  server: Server;
  /** `http://host:port`, as it can be reached from this machine. */
  url: string;
  /** Takes requests from now on; until then every one is told to come back. */
  serve(handlers: Handler[]): void;
  /**
   * Refuses new requests, lets those under way end, and then gives up the port. What lasts longer than `patienceMs`
   * is cut off.
   */
  close(patienceMs: number): Promise<void>;
};

export type ListenOptions = {
  host: string;
  port: number;
  log: Logger;
  /** Asked first about every request, also while the gateway starts and stops. */
  health: Handler;
  /** Of every answer, unless a handler says otherwise. */
  headers?: Readonly<Record<string, string>>;
  /** Told of every request when it is over. */
  observe?: Observe;
  /** Begins spans, which `observe` ends. */
  tracing?: Tracing;
};

/** Thrown when the port cannot be had. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

const REFUSALS: Record<string, string> = {
  EADDRINUSE: 'is taken: end what listens there, or set PORT to another one',
  EACCES: 'may not be used by this account: set PORT to one above 1023',
  EADDRNOTAVAIL: 'is on no address of this machine: set HOST to one that is',
  ENOTFOUND: 'is on a host that nobody knows: set HOST to an address of this machine',
};

/**
 * Listens on `host` and `port`.
 *
 * @throws ListenError
 */
export async function listen(options: ListenOptions): Promise<HttpServer> {
  const { log, health, headers = {}, observe = () => {}, tracing } = options;
  let handlers: Handler[] = [];
  let refusal: string | undefined = 'The gateway is starting.';
  const underWay = createBag<ServerResponse>();

  const answer: (...asked: Parameters<Handler>) => Promise<void> = async (...asked) => {
    const [, response] = asked;
    if (await health(...asked)) {
      return;
    }
    if (refusal !== undefined) {
      refuse(response, 503, 'UNAVAILABLE', refusal, { 'retry-after': '1', connection: 'close' });
      return;
    }
    response.once('close', underWay.add(response));
    for (const handle of handlers) {
      if (await handle(...asked)) {
        return;
      }
    }
    refuse(response, 404, 'NOT_FOUND', 'There is nothing here.');
  };

  const isUpgrade = (request: IncomingMessage) => isWebSocket(server, request);
  const server: Server = createServer({ shouldUpgradeCallback: isUpgrade }, (request, response) => {
    const requestId = requestIdOf(request);
    const exchange: Exchange = { requestId, codes: new Set() };
    const { traceparent } = request.headers;
    exchange.span = tracing?.begin(`${request.method} ${routeOf(request)}`, traceparent);
    const since = performance.now();
    response.once('close', () => observe(endOf(exchange, since, request, response)));
    response.setHeader('x-request-id', requestId);
    for (const [name, value] of Object.entries(headers)) {
      response.setHeader(name, value);
    }
    withinSpan(exchange, () => answer(request, response, exchange)).catch((error: unknown) => {
      log.error({ err: error, requestId }, 'A request failed');
      if (response.headersSent) {
        response.destroy();
      } else {
        refuse(response, 503, 'UNAVAILABLE', 'The gateway cannot answer now.');
      }
    });
  });
  await bind(server, options);
  const stopLooking = endStalled(underWay);
  return {
    server,
    url: urlOf(server.address() as AddressInfo),
    serve(ready) {
      handlers = ready;
      refusal = undefined;
    },
    async close(patienceMs) {
      refusal = 'The gateway is stopping.';
      // The port stays open meanwhile, so that readiness can say what is going on.
      await ended(underWay, patienceMs);
      stopLooking();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

function endOf(
  exchange: Exchange,
  since: number,
  request: IncomingMessage,
  response: ServerResponse,
): Ended {
  const refusal = refusalOf(response);
  if (refusal !== undefined) {
    exchange.codes.add(refusal);
  }
  const isStream = String(response.getHeader('content-type')).startsWith('text/event-stream');
  return {
    exchange,
    route: routeOf(request),
    transport: isStream ? 'event-stream' : 'http',
    method: request.method,
    status: response.statusCode,
    seconds: (performance.now() - since) / 1000,
  };
}

// Not the path itself: what strangers ask for may hold anything.
function routeOf(request: IncomingMessage): Ended['route'] {
  const [, first] = pathOf(request).split('/', 2);
  const route = (['graphql', 'graphiql', 'accept', 'health', 'metrics'] as const).find(
    (at) => at === first,
  );
  return route ?? 'other';
}

async function bind(server: Server, { host, port }: ListenOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, host, resolve);
  try {
    await promise;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = REFUSALS[code] ?? `cannot be listened on (${code || String(error)})`;
    throw new ListenError(`Port ${port} of ${host} ${why}.`);
  }
  server.off('error', reject);
}

/** Resolves when all responses are over, but after `patienceMs` at the latest. */
async function ended(underWay: Iterable<ServerResponse>, patienceMs: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, patienceMs);
  const closing = [...underWay].map((response) => {
    response.shouldKeepAlive = false;
    return new Promise((over) => response.once('close', over));
  });
  await Promise.race([Promise.all(closing), late]);
  clearTimeout(timer);
}

// Other upgrades, such as the one to HTTP/2 that some clients offer, are declined by answering as usual.
function isWebSocket(server: Server, { headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket' && server.listenerCount('upgrade') > 0;
}

function urlOf({ address, family, port }: AddressInfo): string {
  const reachable = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return `http://${family === 'IPv6' ? `[${reachable}]` : reachable}:${port}`;
}
