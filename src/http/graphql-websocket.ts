/** GraphQL over WebSocket, in the protocol graphql-transport-ws. */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { type ExecutionArgs, GraphQLError } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { Authenticate } from '../auth/authenticate.ts';
import { GRAPHQL_PATH, type GraphqlServer, type Operation } from './graphql.ts';
import { LARGEST_MESSAGE } from './request.ts';

/** The close code of the protocol for credentials that are refused. */
const UNAUTHORIZED = 4401;

/**
 * Serves WebSockets on `server`. Credentials come in `connection_init` as `{ authorization: "Bearer …" }` and are
 * looked at again for every operation. Returns what closes all sockets with 1001.
 */
export function serveWebSockets(
  server: Server,
  graphql: GraphqlServer,
  authenticate: Authenticate,
): () => Promise<void> {
  const sockets = new WebSocketServer({
    server,
    path: GRAPHQL_PATH,
    maxPayload: LARGEST_MESSAGE,
  });
  const { dispose } = useServer(
    {
      async onConnect({ connectionParams, extra }) {
        const caller = await authenticate(credentials(connectionParams));
        if (caller === null) {
          extra.socket.close(UNAUTHORIZED, 'Unauthorized');
        }
        return caller !== null;
      },
      async onSubscribe({ connectionParams, extra }, _id, payload) {
        const caller = await authenticate(credentials(connectionParams));
        if (caller === null) {
          extra.socket.close(UNAUTHORIZED, 'Unauthorized');
          return [new GraphQLError('These credentials are not valid.')];
        }
        return prepare(graphql, payload, { caller, requestId: randomUUID() });
      },
      execute: (args) => pipelineOf(args).execute(args),
      subscribe: (args) => pipelineOf(args).subscribe(args),
    },
    sockets,
  );
  return async () => {
    await dispose();
  };
}

function credentials(parameters: Record<string, unknown> | undefined): string | undefined {
  const value = parameters?.authorization ?? parameters?.Authorization;
  return value === undefined || value === null ? undefined : String(value);
}

type Pipeline = Pick<ReturnType<GraphqlServer['getEnveloped']>, 'execute' | 'subscribe'>;

const pipelines = new WeakMap<object, Pipeline>();

// The same plugins as over HTTP: parsing, validating and executing go through the server's own pipeline.
async function prepare(
  graphql: GraphqlServer,
  { query, variables, operationName, extensions }: SubscribePayload,
  operation: Operation,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  const { schema, parse, validate, contextFactory, execute, subscribe } = graphql.getEnveloped({
    ...operation,
    params: {
      query,
      variables: variables ?? undefined,
      operationName: operationName ?? undefined,
      extensions: extensions ?? undefined,
    },
  });
  try {
    const document = parse(query);
    const errors = validate(schema, document);
    if (errors.length > 0) {
      return errors;
    }
    const args = {
      schema,
      document,
      variableValues: variables,
      operationName,
      contextValue: await contextFactory(),
    };
    pipelines.set(args.contextValue, { execute, subscribe });
    return args;
  } catch (error) {
    if (error instanceof GraphQLError) {
      return [error];
    }
    throw error;
  }
}

function pipelineOf({ contextValue }: ExecutionArgs): Pipeline {
  const pipeline = pipelines.get(Object(contextValue));
  if (pipeline === undefined) {
    throw new Error('An operation came past onSubscribe.');
  }
  return pipeline;
}
