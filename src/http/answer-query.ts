/** The short way of a query that is compiled: past all that was done with its document before. */
import { normalizedExecutor } from '@graphql-tools/executor';
import type { DocumentNode, ExecutionArgs, ExecutionResult } from 'graphql';
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
export type QueryAnswer = { take(): string } | { result: ExecutionResult };

/** Answers a query by the short way. Undefined: it was not executed, nor charged for; the general way knows what to say. */
export type AnswerQuery = (
  asked: AskedQuery,
  operation: Operation,
) => Promise<QueryAnswer | undefined>;

export function createQueryAnswerer(options: {
  /** Documents by their text; which of them may run, `ready` knows. */
  documents: { get(text: string): DocumentNode | undefined };
  ready: QueryCompiler['ready'];
  /** Whether who pays has asked for too much already. */
  isInDebt(payer: Payer): boolean;
  /** Whether a query may run; it is charged for then. */
  admits(query: ReadyQuery, args: ExecutionArgs, payer: Payer): boolean;
  contextOf(operation: Operation, document: DocumentNode): Context;
  trace: Trace | undefined;
  maxMs: number;
  hideSuggestions: boolean;
}): AnswerQuery {
  const { documents, ready, isInDebt, admits, contextOf, trace, maxMs, hideSuggestions } = options;

  const answer = async (args: ExecutionArgs, query: ReadyQuery): Promise<QueryAnswer> => {
    try {
      const takeData = await query.compiled(args.contextValue, query.values);
      return { take: () => `{"data":${takeData()}}` };
    } catch {
      // By the executor of the general way, whose errors are not quite those of graphql-js.
      const result = await normalizedExecutor({ ...args, hideSuggestions } as ExecutionArgs);
      return { result: result as ExecutionResult };
    }
  };

  return async ({ query: text, variables, operationName, extensions }, operation) => {
    const document = documents.get(text);
    if (document === undefined || extensions?.cost === true) {
      return undefined;
    }
    const { caller, address, exchange } = operation;
    const payer = { principal: caller.principal, address };
    const args: ExecutionArgs = { schema, document, operationName, variableValues: variables };
    const query = isInDebt(payer) ? undefined : ready(args);
    if (query === undefined || !admits(query, args, payer)) {
      return undefined;
    }
    noteOperation(exchange, args);
    const contextValue = contextOf(operation, document);
    const answerInTime = () =>
      inTime(
        () => answer({ ...args, contextValue }, query),
        { maxMs },
        (error): QueryAnswer => {
          readNoMore(contextValue, error);
          return { result: { errors: [error] } };
        },
      );
    return await withinSpan(exchange, () => traced(trace, args, answerInTime));
  };
}
