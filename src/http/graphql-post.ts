/**
 * The short way of an ordinary query: a POST of JSON whose document ran before goes straight to the pipeline that all
 * transports share, without the Request and Response that the general way builds around it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { AskedQuery } from './answer-query.ts';
import { endOfTurn } from './end-of-turn.ts';
import type { GraphqlServer } from './graphql.ts';
import type { Operation } from './operation.ts';

/**
 * Answers a request whose credentials, media type and length were found good. Whatever is not ordinary goes the general
 * way, before it is executed or, when it has errors, with what it came to.
 */
export function answerPost(
  graphql: GraphqlServer,
): (request: IncomingMessage, response: ServerResponse, operation: Operation) => Promise<void> {
  return async (request, response, operation) => {
    const mediaType = isPlain(request) ? mediaTypeFor(request.headers.accept) : undefined;
    if (mediaType === undefined) {
      await graphql(request, response, operation);
      return;
    }
    const body = await bodyOf(request);
    if (body === undefined) {
      return;
    }
    const asked = readQuery(body);
    const answer = asked && (await graphql.answerQuery(asked, operation));
    if (answer === undefined || 'result' in answer) {
      // To read it a second time would double what a large one costs.
      Object.assign(request, { body: asked ?? Readable.from([body]) });
      await graphql(request, response, { ...operation, ...answer });
      return;
    }
    await endOfTurn();
    const text = answer.take();
    response.writeHead(200, {
      'content-type': `${mediaType}; charset=utf-8`,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
    });
    response.end(text);
  };
}

function isPlain({ method, url = '', headers }: IncomingMessage): boolean {
  return (
    method === 'POST' &&
    !url.includes('?') &&
    headers['content-encoding'] === undefined &&
    headers['content-length'] !== '0'
  );
}

/** The media type of the answer, as the general way chooses it; undefined: it is no plain JSON, or not that easy to say. */
function mediaTypeFor(accept = '*/*'): string | undefined {
  const [first = '', ...parameters] = accept.toLowerCase().split(',', 1)[0]?.split(';') ?? [];
  if (parameters.some((parameter) => parameter.includes('charset'))) {
    return undefined;
  }
  return MEDIA_TYPES.get(first.trim());
}

const MEDIA_TYPES = new Map([
  ['*/*', 'application/json'],
  ['application/json', 'application/json'],
  ['application/graphql-response+json', 'application/graphql-response+json'],
]);

/** Undefined: whoever sent it hung up before its end. */
function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('close', () => resolve(undefined));
    // It is closed, too.
    request.once('error', () => {});
  });
}

/** Undefined: not an operation as it should be, of which the general way knows what to say. */
function readQuery(body: Buffer): AskedQuery | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  const { query, variables, operationName, extensions, ...rest } = Object(value);
  const isGood =
    typeof query === 'string' &&
    isObjectOrNothing(variables) &&
    isObjectOrNothing(extensions) &&
    (operationName == null || typeof operationName === 'string') &&
    Object.keys(rest).length === 0 &&
    !Array.isArray(value);
  return isGood ? { query, variables, operationName, extensions } : undefined;
}

function isObjectOrNothing(value: unknown): boolean {
  return value == null || (typeof value === 'object' && !Array.isArray(value));
}
