/** Errors that nobody foresaw: the log gets them whole, the caller gets a request id to ask about. */
import { handleStreamOrSingleExecutionResult } from '@envelop/core';
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { Context } from '../graphql/context.ts';

/** Masks the errors of results, whatever transport they leave by. */
export function maskBugs(log: Logger): Plugin<Context> {
  return {
    onExecute({ args }) {
      const { requestId }: Context = args.contextValue;
      return {
        onExecuteDone: (payload) =>
          handleStreamOrSingleExecutionResult(payload, ({ result, setResult }) => {
            if (result.errors) {
              const errors = result.errors.map((error) => maskError(error, requestId, log));
              setResult({ ...result, errors });
            }
          }),
      };
    },
  };
}

/** The error as the caller may see it: what was meant for them as it is, everything else without its message. */
export function maskError(
  error: unknown,
  requestId: string | undefined,
  log: Logger,
): GraphQLError {
  const bug = bugIn(error);
  if (bug === undefined) {
    return error as GraphQLError;
  }
  log.error({ err: bug, requestId }, 'An operation failed');
  const { nodes, source, positions, path } = error instanceof GraphQLError ? error : {};
  return new GraphQLError('Something went wrong on our side.', {
    nodes,
    source,
    positions,
    path,
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
  });
}

// The executor wraps whatever a resolver throws into a GraphQLError, bugs and refusals alike.
function bugIn(error: unknown): unknown {
  if (!(error instanceof GraphQLError)) {
    return error;
  }
  return error.originalError === undefined || error.originalError === null
    ? undefined
    : bugIn(error.originalError);
}
