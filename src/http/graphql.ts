/** The GraphQL server: one parser, one validation and one context for every transport. */
import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { Caller } from '../auth/authenticate.ts';
import type { Read } from '../db/database.ts';
import { createActs } from '../domain/acts.ts';
import type { TransactionRunner } from '../domain/transaction.ts';
import type { Context } from '../graphql/context.ts';
import { schema } from '../graphql/schema.ts';
import { createLoaders } from '../loaders/loaders.ts';
import { takeIdempotencyKeys } from './idempotency.ts';
import { refuseBatches } from './limits/batch.ts';
import { createDocumentCache } from './limits/document-cache.ts';
import { type Limits, limitOperations } from './limits/limits.ts';
import type { RateLimiter } from './limits/rate.ts';
import { validateDocuments } from './limits/validation.ts';
import { maskBugs } from './mask-bugs.ts';
import { type PersistedDocuments, usePersistedDocuments } from './persisted-documents.ts';

/** What a transport knows about an operation before it runs. */
export type Operation = {
  caller: Caller;
  /** The remote address, of whoever is connected to us. */
  address: string;
  requestId: string;
  /** The header of this name, where the transport has headers. */
  idempotencyKey?: string;
};

export type GraphqlServer = YogaServerInstance<Operation, Context>;

/** The path of GraphQL over every transport. */
export const GRAPHQL_PATH = '/graphql';

/** About two hundred documents of an ordinary client. */
const CACHED_CHARACTERS = 500_000;

/** Makes the GraphQL server. Bugs are logged with their request id, and masked for the caller. */
export function createGraphqlServer({
  read,
  runner,
  log,
  limits,
  rate,
  persistedDocuments,
}: {
  read: Read;
  runner: TransactionRunner;
  log: Logger;
  limits: Limits & { introspection: boolean; suggestions: boolean };
  rate: RateLimiter;
  /** Undefined: every document runs. */
  persistedDocuments: PersistedDocuments | undefined;
}): GraphqlServer {
  const freshLoaders = () => createLoaders(read);
  return createYoga<Operation, Context>({
    schema,
    context: ({ caller, requestId }): Context => ({
      ...caller,
      requestId,
      loaders: freshLoaders(),
      freshLoaders,
      acts: createActs({ runner, principal: caller.principal, requestId }),
    }),
    graphqlEndpoint: GRAPHQL_PATH,
    graphiql: false,
    landingPage: false,
    multipart: false,
    batching: false,
    cors: false,
    logging: false,
    // By the plugin below, which knows the request id and serves every transport.
    maskedErrors: false,
    parserAndValidationCache: {
      documentCache: createDocumentCache(CACHED_CHARACTERS),
      // What is broken comes once, or to fill the memory.
      errorCache: { get: () => undefined, set: () => {} },
    },
    plugins: [
      limitOperations(limits, rate),
      refuseBatches(),
      usePersistedDocuments(persistedDocuments),
      validateDocuments(limits),
      takeIdempotencyKeys(({ principal, requestId }, idempotency) => ({
        acts: createActs({ runner, principal, requestId, idempotency }),
      })),
      maskBugs(log),
    ],
  });
}
