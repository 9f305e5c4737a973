/** The GraphQL server: one parser, one validation and one context for every transport. */
import type { DocumentNode } from 'graphql';
import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Caller } from '../auth/caller.ts';
import type { Read } from '../db/database.ts';
import type { TransactionRunner } from '../domain/transaction.ts';
import { unreadRightsOf } from '../domain/unread-rights.ts';
import type { Feed } from '../feed/feed.ts';
import type { Context } from '../graphql/context.ts';
import { needsOf } from '../graphql/needs.ts';
import { schema } from '../graphql/schema.ts';
import type { Trace } from '../telemetry/tracing.ts';
import { type AnswerQuery, createQueryAnswerer } from './answer-query.ts';
import { createQueryCompiler } from './compile-queries.ts';
import { createContexts } from './context.ts';
import { followFeed } from './follow-feed.ts';
import { takeIdempotencyKeys } from './idempotency.ts';
import { refuseBatches } from './limits/batch.ts';
import { createAdmission, type Limits, limitOperations } from './limits/limits.ts';
import type { RateLimiter } from './limits/rate.ts';
import type { StreamLimits } from './limits/streams.ts';
import { validateDocuments } from './limits/validation.ts';
import { maskBugs } from './mask-bugs.ts';
import { noteOperations } from './note-operations.ts';
import type { Operation } from './operation.ts';
import { type PersistedDocuments, usePersistedDocuments } from './persisted-documents.ts';
import { takeResults } from './take-results.ts';
import { traceOperations } from './trace-operations.ts';

export type GraphqlServer = YogaServerInstance<Operation, Context> & {
  /** The short way of queries. */
  answerQuery: AnswerQuery;
};

/** The path of GraphQL over every transport. */
export const GRAPHQL_PATH = '/graphql';

/** About two hundred documents of an ordinary client: a document is a multiple of its text, and a thousand large ones gigabytes. */
const CACHED_CHARACTERS = 500_000;

/** Makes the GraphQL server. Bugs are logged with their request id, and masked for the caller. */
export function createGraphqlServer({
  read,
  runner,
  renew,
  feed,
  trace,
  log,
  limits,
  rate,
  persistedDocuments,
  compileAfter,
}: {
  read: Read;
  /** Reads the rights of a principal anew. */
  renew(principal: Caller['principal']): Promise<Caller['principal']>;
  runner: TransactionRunner;
  feed: Feed;
  trace?: Trace;
  log: Logger;
  limits: Limits & StreamLimits & { introspection: boolean; suggestions: boolean };
  rate: RateLimiter;
  /** Undefined: every document runs. */
  persistedDocuments: PersistedDocuments | undefined;
  /** Executions after which a query is compiled; undefined: never, and none takes the short way. */
  compileAfter: number | undefined;
}): GraphqlServer {
  const documents = new LRUCache<string, DocumentNode>({
    maxSize: CACHED_CHARACTERS,
    sizeCalculation: (_document, text) => text.length,
  });
  const queries = createQueryCompiler(compileAfter);
  const { contextOf, renewed, actsOf } = createContexts({ read, runner, renew, feed, limits });
  const needsIn = (document: DocumentNode | undefined) =>
    compileAfter === undefined ? undefined : document && needsOf(document);
  /** With all the rights of whoever asks, also those that were left unread. */
  const withRights = async <Asked extends Operation>(operation: Asked): Promise<Asked> => {
    const { caller } = operation;
    if (unreadRightsOf(caller.principal) === undefined) {
      return operation;
    }
    // What was read together with others does not go with these: the account may be gone since.
    const principal = await renew(caller.principal);
    return { ...operation, caller: { ...caller, principal, known: undefined } };
  };
  const yoga = createYoga<Operation, Context>({
    schema,
    context: async (operation) =>
      contextOf(await withRights(operation), needsIn(documents.get(operation.params.query ?? ''))),
    graphqlEndpoint: GRAPHQL_PATH,
    graphiql: false,
    landingPage: false,
    multipart: false,
    batching: false,
    // The edge has looked at the length, which must be given and which node holds to.
    maxRequestBodySize: false,
    cors: false,
    logging: false,
    // By the plugin below, which knows the request id and serves every transport.
    maskedErrors: false,
    parserAndValidationCache: {
      documentCache: documents,
      // What is broken comes once, or to fill the memory.
      errorCache: { get: () => undefined, set: () => {} },
    },
    plugins: [
      queries.plugin,
      limitOperations(limits, rate),
      refuseBatches(),
      usePersistedDocuments(persistedDocuments),
      validateDocuments(limits),
      takeIdempotencyKeys((asked, idempotency) => ({ acts: actsOf(asked, idempotency) })),
      maskBugs(log),
      noteOperations(),
      followFeed({
        log,
        contextFor: renewed,
      }),
      traceOperations(trace),
      takeResults(),
    ],
  });
  const answerQuery = createQueryAnswerer({
    documents,
    ready: queries.ready,
    isInDebt: (payer) => rate.take(payer, 0) > 0,
    admits: createAdmission(limits, rate),
    contextOf: (operation, document) => contextOf(operation, needsIn(document)),
    withRights,
    trace,
    maxMs: limits.maxOperationMs,
    hideSuggestions: !limits.suggestions,
  });
  return Object.assign(yoga, { answerQuery });
}
