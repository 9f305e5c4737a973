/** The short way of a query that is compiled: past all that was done with its document before. */
import { type DocumentNode, type ExecutionArgs, type ExecutionResult, execute } from 'graphql';
import type { Context } from '../graphql/context.ts';
import { schema } from '../graphql/schema.ts';
import { type Trace, withinSpan } from '../telemetry/tracing.ts';
import { type QueryCompiler, type ReadyQuery, readNoMore } from './compile-queries.ts';
import type { Payer } from './limits/rate.ts';
import { inTime } from './limits/time.ts';
import { noteOperation } from './note-operations.ts';
import type { Operation } from './operation.ts';
import { traced } from './trace-operations.ts';

/** What a client asks for. */
export type AskedQuery = {
  query: string;
  variables?: Record<string, unknown> | null;
  operationName?: string | null;
  extensions?: Record<string, unknown> | null;
};

/** The answer as it is sent, or what the general way is to make one of. */
export type QueryAnswer = { text: string } | { result: ExecutionResult };

/** Answers a query by the short way. Undefined: it was not executed, nor charged for; the general way knows what to say. */
export type AnswerQuery = (
  asked: AskedQuery,
  operation: Operation,
) => Promise<QueryAnswer | undefined>;

export function createQueryAnswerer(options: {
  /** The documents that were found valid, by their text. */
  documents: { get(text: string): DocumentNode | undefined };
  ready: QueryCompiler['ready'];
  /** Whether a query (the same object for the same one) may run; it is charged for then. */
  admits(query: object, args: ExecutionArgs, payer: Payer): boolean;
  contextOf(operation: Operation, document: DocumentNode): Context;
  trace: Trace | undefined;
  maxMs: number;
}): AnswerQuery {
  const { documents, ready, admits, contextOf, trace, maxMs } = options;

  const answer = async (args: ExecutionArgs, query: ReadyQuery): Promise<QueryAnswer> => {
    try {
      const data = await query.compiled(args.contextValue, query.values);
      return { text: `{"data":${data}}` };
    } catch {
      return { result: await execute(args) };
    }
  };

  return async ({ query: text, variables, operationName, extensions }, operation) => {
    const document = documents.get(text);
    if (document === undefined || extensions?.cost === true) {
      return undefined;
    }
    const args: ExecutionArgs = { schema, document, operationName, variableValues: variables };
    const query = ready(args);
    const { caller, address, exchange } = operation;
    if (
      query === undefined ||
      !admits(query.compiled, args, { principal: caller.principal, address })
    ) {
      return undefined;
    }
    noteOperation(exchange, args);
    const contextValue = contextOf(operation, document);
    const work = () => answer({ ...args, contextValue }, query);
    return await inTime(
      () => withinSpan(exchange, () => traced(trace, args, work)),
      { maxMs },
      (error) => {
        readNoMore(contextValue, error);
        return { result: { errors: [error] } };
      },
    );
  };
}
