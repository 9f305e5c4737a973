/** What every transport asks of a request. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { withoutSecrets } from '../telemetry/secrets.ts';

/** Bytes of a request's body, or of a WebSocket message. */
export const LARGEST_MESSAGE = 1_048_576;

const REQUEST_ID = /^[\w.:-]{1,100}$/;

/** The id that the caller gave the request, when it can stand in a log, or a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  const isSane = typeof given === 'string' && REQUEST_ID.test(given);
  return isSane && withoutSecrets(given) === given ? given : randomUUID();
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

/** Answers with a refusal in the form of a GraphQL result. */
export function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  codes.set(response, code);
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  response
    .writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      ...headers,
    })
    .end(body);
}
