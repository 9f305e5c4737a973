/** One operation that came over a WebSocket, on its way through the server's own pipeline. */
import { type ExecutionArgs, type GraphQLError, getOperationAST } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { createGraphQLError } from 'graphql-yoga';
import { withinSpan } from '../telemetry/tracing.ts';
import type { GraphqlServer } from './graphql.ts';
import { isGraphQLError } from './mask-bugs.ts';
import type { Operation } from './operation.ts';

type Pipeline = Pick<ReturnType<GraphqlServer['getEnveloped']>, 'execute' | 'subscribe'>;

const pipelines = new WeakMap<object, Pipeline>();

/**
 * Parses and validates as over HTTP, with the same plugins. Resolves to what is wrong with the operation, or to what
 * `pipelineOf` executes.
 */
export async function prepare(
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
    if (!getOperationAST(document, operationName)) {
      return [noOperation()];
    }
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
    pipelines.set(args.contextValue, {
      execute: (given) => withinSpan(operation.exchange, () => execute(given)),
      subscribe: (given) => withinSpan(operation.exchange, () => subscribe(given)),
    });
    return args;
  } catch (error) {
    if (isGraphQLError(error)) {
      return [error];
    }
    throw error;
  }
}

// In the words that the server has for it over HTTP.
function noOperation(): GraphQLError {
  return createGraphQLError('Could not determine what operation to execute.', {
    extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
  });
}

/** What executes an operation that was prepared. */
export function pipelineOf({ contextValue }: ExecutionArgs): Pipeline {
  const pipeline = pipelines.get(Object(contextValue));
  if (pipeline === undefined) {
    throw new Error('An operation came past onSubscribe.');
  }
  // It executes once, and may last.
  pipelines.delete(Object(contextValue));
  return pipeline;
}
