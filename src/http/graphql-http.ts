/** GraphQL over HTTP: POST and GET, with server-sent events for those who ask for them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authenticate } from '../auth/authenticate.ts';
import { credentialsOf } from './credentials.ts';
import { GRAPHQL_PATH, type GraphqlServer } from './graphql.ts';
import { answerPost } from './graphql-post.ts';
import { COST_OF_REFUSAL, type RateLimiter } from './limits/rate.ts';
import { describeExcess, describeWait, secondsOf } from './limits/refusal.ts';
import type { Origins } from './origins.ts';
import { addressOf, pathOf, refuse } from './request.ts';
import type { Handler } from './server.ts';

/** Makes the handler of `/graphql`: it resolves to false for every other path. */
export function graphqlHandler(options: {
  graphql: GraphqlServer;
  authenticate: Authenticate;
  origins: Origins;
  rate: RateLimiter;
  maxBodyBytes: number;
}): Handler {
  const { graphql, authenticate, origins, rate, maxBodyBytes } = options;
  const answer = answerPost(graphql);
  return async (request, response, exchange) => {
    if (pathOf(request) !== GRAPHQL_PATH) {
      return false;
    }
    if (origins.answer(request, response)) {
      return true;
    }
    const caller = await authenticate(credentialsOf(request), exchange.requestId);
    const address = addressOf(request);
    if (caller === null) {
      const wait = rate.take({ principal: undefined, address }, COST_OF_REFUSAL);
      if (wait > 0) {
        refuseForNow(response, wait);
        return true;
      }
      refuse(response, 401, 'UNAUTHENTICATED', 'These credentials are not valid.', {
        'www-authenticate': 'Bearer',
      });
    } else if (accepts(request, response, maxBodyBytes)) {
      const idempotencyKey = request.headersDistinct['idempotency-key']?.join(', ');
      const { requestId } = exchange;
      const whenGone = whenClosed(response);
      const operation = { caller, address, requestId, exchange, idempotencyKey, whenGone };
      await answer(request, response, operation);
    }
    return true;
  };
}

// A response that is closed before its stream begins never asks the stream to end.
function whenClosed(response: ServerResponse): (then: () => void) => void {
  return (then) => {
    if (response.closed) {
      then();
    } else {
      response.once('close', then);
    }
  };
}

// A form can be sent by any page without asking the browser; JSON cannot.
function accepts(request: IncomingMessage, response: ServerResponse, most: number): boolean {
  if (request.method !== 'POST') {
    return acceptsParameters(request, response, most);
  }
  const { 'content-type': type = '', 'content-length': length } = request.headers;
  if (!/^application\/(?:graphql\+)?json\s*(?:;|$)/i.test(type)) {
    refuse(response, 415, 'UNSUPPORTED_MEDIA_TYPE', 'Send the operation as application/json.');
    return false;
  }
  // The server behind us compares it letter by letter.
  request.headers['content-type'] = 'application/json';
  if (length === undefined) {
    refuse(response, 411, 'LENGTH_REQUIRED', 'Send a Content-Length.', { connection: 'close' });
    return false;
  }
  if (Number(length) > most) {
    refuseTooLarge(response, 413, { max: most, found: Number(length) });
    return false;
  }
  return true;
}

function acceptsParameters(
  request: IncomingMessage,
  response: ServerResponse,
  most: number,
): boolean {
  const { length } = request.url ?? '';
  if (length > most) {
    refuseTooLarge(response, 414, { max: most, found: length });
    return false;
  }
  const parameters = new URLSearchParams(request.url?.split('?')[1]);
  const broken = ['variables', 'extensions'].find((name) => !isJson(parameters.get(name) || '{}'));
  if (broken !== undefined) {
    refuse(response, 400, 'BAD_REQUEST', `Send the parameter "${broken}" as JSON.`);
  }
  return broken === undefined;
}

function refuseTooLarge(
  response: ServerResponse,
  status: 413 | 414,
  { max, found }: { max: number; found: number },
): void {
  const excess = { limit: 'bodyBytes', max, found };
  // What follows is not read.
  const headers = { connection: 'close' };
  refuse(response, status, 'LIMIT_EXCEEDED', describeExcess(excess), headers, excess);
}

function refuseForNow(response: ServerResponse, retryAfterMs: number): void {
  const headers = { 'retry-after': secondsOf(retryAfterMs) };
  const details = { limit: 'rate', retryAfterMs };
  refuse(response, 429, 'RATE_LIMITED', describeWait(retryAfterMs), headers, details);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
