/** The GraphQL server: one parser, one validation and one context for every transport. */
import type { DocumentNode, ExecutionResult } from 'graphql';
import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Caller } from '../auth/caller.ts';
import type { Read } from '../db/database.ts';
import { type Acts, createActs } from '../domain/acts.ts';
import type { Idempotency } from '../domain/idempotency.ts';
import type { TransactionRunner } from '../domain/transaction.ts';
import type { Feed } from '../feed/feed.ts';
import type { Context } from '../graphql/context.ts';
import { needsOf } from '../graphql/needs.ts';
import { schema } from '../graphql/schema.ts';
import { createLoaders } from '../loaders/loaders.ts';
import type { Exchange } from '../telemetry/exchange.ts';
import type { Trace } from '../telemetry/tracing.ts';
import { createQueryCompiler, type QueryCompiler } from './compile-queries.ts';
import { type Followed, followFeed } from './follow-feed.ts';
import { takeIdempotencyKeys } from './idempotency.ts';
import { refuseBatches } from './limits/batch.ts';
import { type Limits, limitOperations } from './limits/limits.ts';
import type { RateLimiter } from './limits/rate.ts';
import { demandRoom, type StreamLimits } from './limits/streams.ts';
import { validateDocuments } from './limits/validation.ts';
import { maskBugs } from './mask-bugs.ts';
import { noteOperations, noteRefusals } from './note-operations.ts';
import { type PersistedDocuments, usePersistedDocuments } from './persisted-documents.ts';
import { takeResults } from './take-results.ts';
import { traceOperations } from './trace-operations.ts';

/** What a transport knows about an operation before it runs. */
export type Operation = {
  caller: Caller;
  /** The remote address, of whoever is connected to us. */
  address: string;
  requestId: string;
  exchange: Exchange;
  /** The header of this name, where the transport has headers. */
  idempotencyKey?: string;
  /** Calls once nobody waits for the answer any more, where the transport does not close streams by itself. */
  whenGone?(then: () => void): void;
  /** What it came to, where it was executed already and still has to be answered. */
  result?: ExecutionResult;
};

export type GraphqlServer = YogaServerInstance<Operation, Context> & {
  isKnown: QueryCompiler['isKnown'];
};

/** What acts are bound to. */
type Asked = Pick<Context, 'principal' | 'requestId'> & Pick<Operation, 'exchange'>;

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
  const actsOf = (asked: Asked, idempotency?: Idempotency): Acts => {
    const { principal, requestId, exchange } = asked;
    return noteRefusals(createActs({ runner, principal, requestId, idempotency }), exchange);
  };
  const documents = new LRUCache<string, DocumentNode>({
    maxSize: CACHED_CHARACTERS,
    sizeCalculation: (_document, text) => text.length,
  });
  const queries = createQueryCompiler(documents, compileAfter);
  const needsIn = (text: string | null | undefined) => {
    const document = compileAfter === undefined ? undefined : documents.get(text ?? '');
    return document && needsOf(document);
  };
  const yoga = createYoga<Operation, Context>({
    schema,
    context: ({ caller, requestId, exchange, whenGone, params }): Followed => ({
      principal: caller.principal,
      identityModel: caller.identityModel,
      requestId,
      async listen(what) {
        demandRoom(feed, caller.principal, limits);
        this.subscription = await feed.subscribe({
          ...what,
          principal: caller.principal,
          expiresAt: caller.expiresAt?.getTime(),
          // Over HTTP the response ends with its stream; a socket is closed with a code that brings clients back.
          endsAlone: exchange.connectionId === undefined,
        });
        const { events } = this.subscription;
        whenGone?.(() => events.return?.());
        // A stream lasts: what was read to begin it and what its caller could do else is not kept as long.
        Object.assign(this, { loaders: undefined, acts: undefined });
        return events;
      },
      loaders: createLoaders(read, caller.principal, needsIn(params.query), caller.self),
      async renew() {
        this.principal = await renew(this.principal);
        this.loaders = createLoaders(read, this.principal);
      },
      acts: actsOf({ principal: caller.principal, requestId, exchange }),
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
        contextFor: (context, principal) => ({
          ...context,
          principal,
          loaders: createLoaders(read, principal),
        }),
      }),
      traceOperations(trace),
      takeResults(),
    ],
  });
  return Object.assign(yoga, { isKnown: queries.isKnown });
}
