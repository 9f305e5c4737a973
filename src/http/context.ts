/** What the resolvers of one operation have at hand. */
import type { Caller } from '../auth/caller.ts';
import type { Read } from '../db/database.ts';
import { Acts } from '../domain/acts.ts';
import type { Idempotency } from '../domain/idempotency.ts';
import type { TransactionRunner } from '../domain/transaction.ts';
import type { Feed } from '../feed/feed.ts';
import type { Context } from '../graphql/context.ts';
import { Loaders } from '../loaders/loaders.ts';
import type { Needs } from '../loaders/needs.ts';
import type { Followed } from './follow-feed.ts';
import { demandRoom, type StreamLimits } from './limits/streams.ts';
import type { Operation } from './operation.ts';

export type ContextSources = {
  read: Read;
  runner: TransactionRunner;
  /** Reads the rights of a principal anew. */
  renew(principal: Caller['principal']): Promise<Caller['principal']>;
  feed: Feed;
  limits: StreamLimits;
};

/** What acts are bound to. */
type Asked = Pick<Context, 'principal' | 'requestId'> & Pick<Operation, 'exchange'>;

/** Makes what makes contexts. */
export function createContexts({ read, runner, renew, feed, limits }: ContextSources) {
  const actsOf = (asked: Asked, idempotency?: Idempotency): Acts => {
    const { principal, requestId, exchange } = asked;
    // In the result they are data, which nobody else looks into.
    const noteRefusal = (code: string) => exchange.codes.add(code);
    return new Acts({ runner, principal, requestId, idempotency }, noteRefusal);
  };
  return {
    actsOf,
    /** For the same caller in another moment. */
    renewed: (context: Followed, principal: Followed['principal']): Context => ({
      ...context,
      principal,
      loaders: new Loaders(read, principal),
    }),
    /** `needs`: what the document needs of the rows that are read; undefined: everything. */
    contextOf({ caller, requestId, exchange, whenGone }: Operation, needs?: Needs): Followed {
      return {
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
        loaders: new Loaders(read, caller.principal, needs, caller.known),
        async renew() {
          this.principal = await renew(this.principal);
          this.loaders = new Loaders(read, this.principal);
        },
        acts: actsOf({ principal: caller.principal, requestId, exchange }),
      };
    },
  };
}
