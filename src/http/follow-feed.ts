/** Subscriptions: each event is executed for whoever listens, with the rights of the moment. */
import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  validateSubscriptionArgs,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Logger } from 'pino';
import { StreamEnd } from '../feed/end.ts';
import type { Subscription } from '../feed/feed.ts';
import type { Context } from '../graphql/context.ts';
import { encodeEventCursor } from '../graphql/event-cursor.ts';
import type { EventRow } from '../loaders/event.ts';
import { maskError } from './mask-bugs.ts';

type Result = IteratorResult<ExecutionResult>;

/** What a resolver of a subscription leaves for whoever executes its events. */
export type Followed = Context & { subscription?: Subscription };

/** The results of an event, by who asks for what: the same for the same rights, document and variables. */
type Results = WeakMap<EventRow, Map<string, Promise<ExecutionResult>>>;

/**
 * Executes subscriptions: for each event with a context of its own, as rights change while a stream lasts, and once for
 * all streams that would be told the same, letter by letter: those of one principal with one sign-in, the same rights,
 * document and variables.
 */
export function followFeed(options: {
  /** A context for one event. */
  contextFor(context: Followed, principal: Subscription['caller']['principal']): Context;
  log: Logger;
}): Plugin {
  const results: Results = new WeakMap();
  const documents = numbers<DocumentNode>();
  return {
    onSubscribe({ setSubscribeFn }) {
      setSubscribeFn(async (args: ExecutionArgs) => {
        const valid = validateSubscriptionArgs(args);
        if (!('schema' in valid)) {
          return { errors: valid };
        }
        const source = await createSourceEventStream(valid);
        if (!(Symbol.asyncIterator in source)) {
          return source;
        }
        const { subscription } = args.contextValue as Followed;
        if (subscription === undefined) {
          throw new Error('A subscription began without a stream of the feed.');
        }
        const { document, operationName, variableValues } = args;
        const asked = JSON.stringify([documents.of(document), operationName, variableValues]);
        const executeFor = (event: EventRow) =>
          share(results, event, `${asked} ${subscription.caller.print}`, () =>
            answer(args, event, subscription),
          );
        return respond(subscription, source, executeFor);
      });
    },
  };

  async function answer(
    args: ExecutionArgs,
    event: EventRow,
    { caller: { principal } }: Subscription,
  ): Promise<ExecutionResult> {
    const context = args.contextValue as Followed;
    const contextValue = options.contextFor(context, principal);
    const { errors, ...result } = await execute({ ...args, rootValue: event, contextValue });
    return errors === undefined
      ? result
      : {
          ...result,
          errors: errors.map((error) => maskError(error, context.requestId, options.log)),
        };
  }
}

/** The results of a stream, which end with the reason why it did: no event is passed over. */
function respond(
  { events, begin }: Subscription,
  source: AsyncIterable<unknown>,
  executeFor: (event: EventRow) => Promise<ExecutionResult>,
): AsyncIterableIterator<ExecutionResult> {
  const iterator = source[Symbol.asyncIterator]();
  let isOver = false;
  let told = begin;
  const close = async (): Promise<Result> => {
    isOver = true;
    await events.return?.();
    await iterator.return?.();
    return { done: true, value: undefined };
  };
  return {
    async next(): Promise<Result> {
      if (isOver) {
        return { done: true, value: undefined };
      }
      const { done, value } = await iterator.next();
      if (done || (value instanceof StreamEnd && value.reason === 'DRAINING')) {
        return close();
      }
      if (value instanceof StreamEnd) {
        await close();
        return { done: false, value: { errors: [ending(value)] } };
      }
      const event = value as EventRow;
      const result = await executeFor(event);
      if (result.data == null) {
        // It could not be told, as when the database went away: whoever comes back gets it.
        const end = new StreamEnd('RESUME_REQUIRED', told);
        await close();
        return { done: false, value: { errors: [...(result.errors ?? []), ending(end)] } };
      }
      told = event;
      return { done: false, value: result };
    },
    return: close,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function ending({ reason: code, message, place }: StreamEnd): GraphQLError {
  const cursor = place === undefined ? null : encodeEventCursor(place);
  return new GraphQLError(message, { extensions: { code, cursor } });
}

function share(
  results: Results,
  event: EventRow,
  key: string,
  make: () => Promise<ExecutionResult>,
): Promise<ExecutionResult> {
  const known = results.get(event) ?? new Map();
  results.set(event, known);
  const result = known.get(key) ?? make();
  known.set(key, result);
  return result;
}

/** Numbers things in the order in which they are seen first. */
function numbers<Thing extends object>(): { of(thing: Thing): number } {
  const known = new WeakMap<Thing, number>();
  let last = 0;
  return {
    of(thing) {
      const number = known.get(thing) ?? ++last;
      known.set(thing, number);
      return number;
    },
  };
}
