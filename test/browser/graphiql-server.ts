import { EventEmitter, on, once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSchema, createYoga } from 'graphql-yoga';
import { type GraphiqlExample, graphiqlHandler } from '../../src/http/graphiql/graphiql.ts';

const typeDefs = /* GraphQL */ `
  "Whoever sends the request."
  type Viewer {
    "How the caller was recognized."
    kind: String!
  }
  type Tick {
    number: Int!
    kind: String!
  }
  type Query {
    "Who is calling."
    viewer: Viewer!
  }
  type Subscription {
    tick: Tick!
  }
`;

/**
 * A small server with a `viewer`, a `tick` subscription over SSE that the test drives, and the gateway's way of
 * refusing: 401 for every key that is not in `keys`. `received` holds what came to /graphql, in order.
 */
export async function startGraphiqlServer(examples: readonly GraphiqlExample[]) {
  const keys = new Set<string>();
  const received: { method: string; url: string; authorization: string | undefined }[] = [];
  const ticks = new EventEmitter();
  const subscribed = Promise.withResolvers<void>();
  const unsubscribed = Promise.withResolvers<void>();

  const kindOf = (authorization: string | null) =>
    authorization === null ? 'anonymous' : 'apiKey';
  type Context = { request: Request };
  const schema = createSchema<Context>({
    typeDefs,
    resolvers: {
      Query: {
        viewer: (_root, _args, { request }) => ({
          kind: kindOf(request.headers.get('authorization')),
        }),
      },
      Subscription: {
        tick: {
          subscribe: (_root, _args, { request }) => {
            // It keeps what is said before it is asked for the first time.
            const source = on(ticks, 'tick');
            request.signal.addEventListener('abort', () => unsubscribed.resolve());
            subscribed.resolve();
            return source;
          },
          resolve: ([number]: [number], _args, { request }) => ({
            number,
            kind: kindOf(request.headers.get('authorization')),
          }),
        },
      },
    },
  });
  const yoga = createYoga({ schema, graphiql: false, landingPage: false, logging: false });
  const graphiql = graphiqlHandler({ examples });

  const isRefused = ({ headers: { authorization } }: IncomingMessage) =>
    authorization !== undefined && !keys.has(authorization.replace('Bearer ', ''));

  const server = createServer(async (request, response) => {
    if (await graphiql(request, response)) {
      return;
    }
    const { method = '', url = '', headers } = request;
    received.push({ method, url, authorization: headers.authorization });
    if (isRefused(request)) {
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end('{"errors":[{"message":"Not authenticated."}]}');
      return;
    }
    await yoga(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    origin: `http://127.0.0.1:${port}`,
    keys,
    received,
    subscribed: subscribed.promise,
    unsubscribed: unsubscribed.promise,
    publish: (number: number) => ticks.emit('tick', number),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
