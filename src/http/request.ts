/** What every transport asks of a request. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { withoutSecrets } from '../telemetry/secrets.ts';

const REQUEST_ID = /^[\w.:-]{1,100}$/;

/** The id that the caller gave the request, when it can stand in a log, or a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  const isSane = typeof given === 'string' && REQUEST_ID.test(given);
  return isSane && withoutSecrets(given) === given ? given : randomUUID();
}

/** The remote address: of whoever is connected to us, whatever headers say about others behind them. */
export function addressOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? '';
}

/** The path of a request, without its query. */
export function pathOf(request: IncomingMessage): string {
  const [path = '/'] = (request.url ?? '/').split('?', 1);
  return path;
}

const codes = new WeakMap<ServerResponse, string>();

/** The code that the request was refused with, if it was by `refuse`. */
export function refusalOf(response: ServerResponse): string | undefined {
  return codes.get(response);
}

/** Answers with a refusal in the form of a GraphQL result; `details` stand in its extensions. */
export function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
  details: Record<string, unknown> = {},
): void {
  codes.set(response, code);
  const body = JSON.stringify({ errors: [{ message, extensions: { code, ...details } }] });
  response
    .writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      ...headers,
    })
    .end(body);
}
