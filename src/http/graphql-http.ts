/** GraphQL over HTTP: POST and GET, with server-sent events for those who ask for them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authenticate } from '../auth/authenticate.ts';
import { credentialsOf } from './credentials.ts';
import { GRAPHQL_PATH, type GraphqlServer } from './graphql.ts';
import type { Origins } from './origins.ts';
import { LARGEST_MESSAGE, pathOf, refuse } from './request.ts';
import type { Handler } from './server.ts';

/** Makes the handler of `/graphql`: it resolves to false for every other path. */
export function graphqlHandler(options: {
  graphql: GraphqlServer;
  authenticate: Authenticate;
  origins: Origins;
}): Handler {
  const { graphql, authenticate, origins } = options;
  return async (request, response, exchange) => {
    if (pathOf(request) !== GRAPHQL_PATH) {
      return false;
    }
    if (origins.answer(request, response)) {
      return true;
    }
    const caller = await authenticate(credentialsOf(request));
    if (caller === null) {
      refuse(response, 401, 'UNAUTHENTICATED', 'These credentials are not valid.', {
        'www-authenticate': 'Bearer',
      });
    } else if (accepts(request, response)) {
      const idempotencyKey = request.headersDistinct['idempotency-key']?.join(', ');
      const { requestId } = exchange;
      await graphql(request, response, { caller, requestId, exchange, idempotencyKey });
    }
    return true;
  };
}

// A form can be sent by any page without asking the browser; JSON cannot.
function accepts(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method !== 'POST') {
    return acceptsParameters(request, response);
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
  if (Number(length) > LARGEST_MESSAGE) {
    refuse(response, 413, 'TOO_LARGE', `Send at most ${LARGEST_MESSAGE} bytes.`, {
      connection: 'close',
    });
    return false;
  }
  return true;
}

function acceptsParameters(request: IncomingMessage, response: ServerResponse): boolean {
  const parameters = new URLSearchParams(request.url?.split('?')[1]);
  const broken = ['variables', 'extensions'].find((name) => !isJson(parameters.get(name) || '{}'));
  if (broken !== undefined) {
    refuse(response, 400, 'BAD_REQUEST', `Send the parameter "${broken}" as JSON.`);
  }
  return broken === undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
