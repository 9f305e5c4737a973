/** Notes of every operation, whatever transport it comes by, what it is and how it ends. */

import type { ExecutionArgs } from 'graphql';
import { getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../graphql/context.ts';
import { type Exchange, noteErrors } from '../telemetry/exchange.ts';

type Asked = Context & { exchange: Exchange };

/** Fills in the exchange that stands in the context: the operation, and over HTTP the codes of its errors. */
export function noteOperations(): Plugin<Context, { exchange: Exchange }> {
  const note = ({ args }: { args: ExecutionArgs }) => {
    const { exchange }: Asked = args.contextValue as Asked;
    noteOperation(exchange, args);
  };
  return {
    onExecute: note,
    onSubscribe: note,
    onResultProcess({ result, serverContext: { exchange } }) {
      if ('errors' in result && result.errors) {
        noteErrors(exchange, result.errors);
      }
    },
    onResponse({ response }) {
      // Event streams would be kept by caches otherwise, for a moment.
      response.headers.set('cache-control', 'no-store');
    },
  };
}

export function noteOperation(
  exchange: Exchange,
  { document, operationName }: ExecutionArgs,
): void {
  const operation = getOperationAST(document, operationName);
  if (operation) {
    exchange.operation = { kind: operation.operation, name: operation.name?.value };
  }
}
