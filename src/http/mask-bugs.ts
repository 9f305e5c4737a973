/** Errors that nobody foresaw: the log gets them whole, the caller gets a request id to ask about. */
import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import { createGraphQLError, handleStreamOrSingleExecutionResult, type Plugin } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { Context } from '../graphql/context.ts';
import { withoutSecrets } from '../telemetry/secrets.ts';

/** Masks the errors of results, whatever transport they leave by, and over HTTP those that kept a result from being. */
export function maskBugs(log: Logger): Plugin<Context, { requestId: string }> {
  const mask = (requestId: string) => (error: unknown) => maskError(error, requestId, log);
  return {
    onExecute({ args }) {
      const { requestId }: Context = args.contextValue;
      return {
        onExecuteDone: (payload) =>
          handleStreamOrSingleExecutionResult(payload, ({ result, setResult }) => {
            if (result.errors) {
              setResult({ ...result, errors: result.errors.map(mask(requestId)) });
            }
          }),
      };
    },
    onResultProcess({ result, setResult, serverContext: { requestId } }) {
      if ('errors' in result && result.errors) {
        setResult({ ...result, errors: result.errors.map(mask(requestId)) });
      }
    },
  };
}

/** The error as the caller may see it: what was meant for them as it is, everything else without its message. */
export function maskError(error: unknown, requestId: string, log: Logger): GraphQLError {
  const bug = bugIn(error);
  if (bug === undefined) {
    return quotingNoSecret(error as GraphQLError);
  }
  log.error({ err: bug, requestId }, 'An operation failed');
  const { nodes, source, positions, path } = isGraphQLError(error) ? error : {};
  return createGraphQLError('Something went wrong on our side.', {
    nodes,
    source,
    positions,
    path,
    // `unexpected` makes it a 500 where there is no data, and goes no further.
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId, unexpected: true },
  });
}

/** An error as it is sent where the server does not do that by itself: without what is for the server only. */
export function formatError(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...formatted } = quotingNoSecret(error).toJSON();
  const { http, unexpected, ...rest } = extensions ?? {};
  return Object.keys(rest).length > 0 ? { ...formatted, extensions: rest } : formatted;
}

// Messages quote the document and the variables, and find their way into the logs of those who get them.
function quotingNoSecret(error: GraphQLError): GraphQLError {
  const { nodes, source, positions, path } = error;
  const message = withoutSecrets(error.message);
  const extensions = { ...error.extensions };
  // What the parser has to say about a broken body is a part of that body. The server needs only that there was one.
  const { originalError } = extensions;
  if (isNamed(originalError)) {
    extensions.originalError = { name: originalError.name };
  }
  return message === error.message && originalError === undefined
    ? error
    : createGraphQLError(message, { nodes, source, positions, path, extensions });
}

function isNamed(value: unknown): value is { name: unknown } {
  return typeof value === 'object' && value !== null && 'name' in value;
}

/** Whether it is an error of GraphQL, told by name: a library may bring a copy of the class of its own. */
export function isGraphQLError(error: unknown): error is GraphQLError {
  return error instanceof Error && error.name === 'GraphQLError';
}

// The executor wraps whatever a resolver throws into a GraphQLError, bugs and refusals alike.
function bugIn(error: unknown): unknown {
  if (!isGraphQLError(error)) {
    return error;
  }
  return error.originalError === undefined ? undefined : bugIn(error.originalError);
}
