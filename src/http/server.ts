/** The HTTP server: it owns the port from the first moment and serves as soon as there is something to serve. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { refuse, requestIdOf } from './request.ts';

/** Answers a request and resolves to true, or leaves it alone and resolves to false. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

export type HttpServer = {
  server: Server;
  /** `http://host:port`, as it can be reached from this machine. */
  url: string;
  /** Takes requests from now on; until then every one is told to come back. */
  serve(handlers: Handler[]): void;
  /** Takes no new connections, lets requests in flight end, and cuts off what lasts longer than `patienceMs`. */
  close(patienceMs: number): Promise<void>;
};

/** Listens on `host` and `port`. Rejects with the system's error when it cannot, for example EADDRINUSE. */
export async function listen(options: {
  host: string;
  port: number;
  log: Logger;
}): Promise<HttpServer> {
  const { host, port, log } = options;
  let handlers: Handler[] = [];
  const server = createServer((request, response) => {
    answer(handlers, request, response).catch((error: unknown) => {
      log.error({ err: error, requestId: requestIdOf(request) }, 'A request failed');
      if (response.headersSent) {
        response.destroy();
      } else {
        refuse(response, 503, 'UNAVAILABLE', 'The gateway cannot answer now.');
      }
    });
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, host, resolve);
  await promise;
  server.off('error', reject);
  return {
    server,
    url: urlOf(server.address() as AddressInfo),
    serve(ready) {
      handlers = ready;
    },
    async close(patienceMs) {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      const timer = setTimeout(() => server.closeAllConnections(), patienceMs);
      await closed.promise;
      clearTimeout(timer);
    },
  };
}

async function answer(
  handlers: Handler[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (handlers.length === 0) {
    refuse(response, 503, 'UNAVAILABLE', 'The gateway is starting.', { 'retry-after': '1' });
    return;
  }
  for (const handle of handlers) {
    if (await handle(request, response)) {
      return;
    }
  }
  refuse(response, 404, 'NOT_FOUND', 'There is nothing here.');
}

function urlOf({ address, family, port }: AddressInfo): string {
  const reachable = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return `http://${family === 'IPv6' ? `[${reachable}]` : reachable}:${port}`;
}
