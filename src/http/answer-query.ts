/** The short way of a query that is compiled: past all that was done with its document before. */
import { normalizedExecutor } from '@graphql-tools/executor';
import type { DocumentNode, ExecutionArgs, ExecutionResult, GraphQLError } from 'graphql';
import { type UnreadRights, unreadRightsOf } from '../domain/unread-rights.ts';
import type { CompiledQuery } from '../execution/compile.ts';
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
  /** With all the rights of whoever asks. */
  withRights(operation: Operation): Promise<Operation>;
  trace: Trace | undefined;
  maxMs: number;
  hideSuggestions: boolean;
}): AnswerQuery {
  const {
    documents,
    ready,
    isInDebt,
    admits,
    contextOf,
    withRights,
    trace,
    maxMs,
    hideSuggestions,
  } = options;

  /** Those for which rights have to be read. */
  const demanding = new WeakSet<CompiledQuery>();

  /** Undefined: more than that is asked for, or something is wrong. */
  const answerByUnread = async (
    rights: UnreadRights,
    context: Context,
    { compiled, values }: ReadyQuery,
  ): Promise<QueryAnswer | undefined> => {
    if (demanding.has(compiled)) {
      return undefined;
    }
    const takeData = await compiled(context, values).catch(() => undefined);
    if (rights.wereAskedFor) {
      demanding.add(compiled);
      return undefined;
    }
    return takeData && answerOf(takeData);
  };

  const answer = async (args: ExecutionArgs, query: ReadyQuery): Promise<QueryAnswer> => {
    try {
      return answerOf(await query.compiled(args.contextValue, query.values));
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
    let contextValue = contextOf(operation, document);
    /** What is said when the time is over. */
    let late: GraphQLError | undefined;
    const answerByRights = async () => {
      const rights = unreadRightsOf(contextValue.principal);
      if (rights !== undefined) {
        const answered = await answerByUnread(rights, contextValue, query);
        if (answered !== undefined) {
          return answered;
        }
        if (late !== undefined) {
          return { result: { errors: [late] } };
        }
        contextValue = contextOf(await withRights(operation), document);
        if (late !== undefined) {
          readNoMore(contextValue, late);
        }
      }
      return answer({ ...args, contextValue }, query);
    };
    const answerInTime = () =>
      inTime(answerByRights, { maxMs }, (error): QueryAnswer => {
        late = error;
        readNoMore(contextValue, error);
        return { result: { errors: [error] } };
      });
    return await withinSpan(exchange, () => traced(trace, args, answerInTime));
  };
}

function answerOf(takeData: () => string): QueryAnswer {
  return { take: () => `{"data":${takeData()}}` };
}
