// Bare graphql-ws as a contender: every subscriber is told the same result, which nobody has executed anything for.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema, type DocumentNode, type ExecutionResult, parse } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { takePart } from '../contender.ts';

const schema = buildSchema('type Query { none: Boolean } type Subscription { none: Boolean }');

const documents = new Map<string, DocumentNode>();

function parseOnce(query: string): DocumentNode {
  const document = documents.get(query) ?? parse(query);
  documents.set(query, document);
  return document;
}

type Tell = (result: ExecutionResult) => void;
const listeners = new Set<Tell>();

function source(): AsyncIterableIterator<ExecutionResult> {
  const queue: ExecutionResult[] = [];
  let wake: (() => void) | undefined;
  const tell = (result: ExecutionResult) => {
    queue.push(result);
    wake?.();
  };
  listeners.add(tell);
  return {
    async next() {
      while (queue.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return { done: false, value: queue.shift() ?? {} };
    },
    return() {
      listeners.delete(tell);
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

// Tells everybody what was posted, so many times.
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  response.end();
  const { results }: { results: ExecutionResult[] } = JSON.parse(String(Buffer.concat(chunks)));
  for (const result of results) {
    for (const tell of listeners) {
      tell(result);
    }
  }
});
const sockets = new WebSocketServer({ server, path: '/graphql' });
useServer(
  {
    schema,
    // Documents are not validated, nor executed.
    onSubscribe: (_context, _id, { query }) => ({ schema, document: parseOnce(query) }),
    subscribe: () => source(),
  },
  sockets,
);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
takePart(`http://127.0.0.1:${port}/graphql`, () => {
  server.close();
  return Promise.resolve();
});
