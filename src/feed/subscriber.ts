/** One subscription: a bounded queue between what happens and whoever listens. */
import { setTimeout } from 'node:timers/promises';
import type { Principal } from '../domain/principal.ts';
import type { EventRow } from '../loaders/event.ts';
import type { EventPlace } from '../loaders/event-place.ts';
import { isAfter } from '../loaders/event-place.ts';
import { type FeedEnd, StreamEnd } from './end.ts';
import type { Topic } from './topic.ts';

/** Reads the events after a place, at most a page, and then whether they may be told: else the stream ends by that. */
export type ReadPage = (after: EventPlace) => Promise<{ events: EventRow[]; isLast: boolean }>;

/** `atOnce`: without what was taken before. `place`: where to go on, if not after the last event that was told. */
type HowToEnd = { atOnce?: boolean; place?: EventPlace };

export type Subscriber = {
  topic: Topic;
  /** Whether the caller may still listen to the topic. */
  admits(principal: Principal): boolean;
  /** Begins after a place, once everything that happens from now on will be taken. */
  begin(after: EventPlace): void;
  /** Takes an event that just happened. */
  take(event: EventRow): void;
  /** Ends it, after what was taken before unless `atOnce`. */
  end(end: FeedEnd, how?: HowToEnd): void;
  events: AsyncIterableIterator<EventRow | StreamEnd>;
};

/** How long to wait before reading again what could not be read. */
const FAILURE_PAUSE_MS = 500;

/** How many events wait for whoever does not listen just now. */
const MOST_WAITING = 256;

/** How long whoever has more than that waiting may ask for nothing. */
const PATIENCE_MS = 5000;

type SubscriberOptions = {
  topic: Topic;
  readPage: ReadPage;
  admits(principal: Principal): boolean;
  isWanted(event: EventRow): boolean;
  /** Told once, when nobody listens any more. */
  onClose(): void;
};

/**
 * Makes a subscriber that begins with what the table has, page by page as it is asked for, and goes on with what it
 * takes as soon as it has caught up. What happens meanwhile is not kept but read. When more happens than can wait, it
 * goes back to reading, as many events may come at once; only who asks for none of them any more is ended.
 */
export function createSubscriber(options: SubscriberOptions): Subscriber {
  const { topic, readPage, admits, isWanted, onClose } = options;
  const queue: EventRow[] = [];
  let place: EventPlace | undefined;
  let told: EventPlace | undefined;
  let isLive = false;
  let hasMissed = false;
  let ending: StreamEnd | undefined;
  let isClosed = false;
  let askedAt = performance.now();
  let wake: (() => void) | undefined;

  const isNewSince = (from: EventPlace, event: EventRow) =>
    topic.kind === 'organization'
      ? Number(event.sequence) > Number(from.sequence)
      : isAfter(event, from);

  // The numbers of an organization have no holes, so that a hole says that something was missed, whatever the cause.
  const isNextAfter = (from: EventPlace, event: EventRow) =>
    topic.kind !== 'organization' || Number(event.sequence) === Number(from.sequence) + 1;

  const close = () => {
    if (!isClosed) {
      isClosed = true;
      queue.length = 0;
      onClose();
      wake?.();
    }
  };

  const end = (reason: FeedEnd, { atOnce = false, place: goOn }: HowToEnd = {}) => {
    if (atOnce) {
      queue.length = 0;
    }
    ending ??= new StreamEnd(reason, goOn);
    wake?.();
  };

  const receive = (event: EventRow) => {
    place = event;
    if (isWanted(event)) {
      queue.push(event);
    }
    if (topic.kind === 'organization' && event.type === 'ORGANIZATION_DELETED') {
      end('NOT_FOUND');
    }
  };

  /** Reads what has happened until there is something to tell, or nothing left to read. */
  const catchUp = async (): Promise<void> => {
    while (place && !isLive && !isClosed && ending === undefined && queue.length === 0) {
      hasMissed = false;
      const page = await readPage(place).catch(() => null);
      if (page === null) {
        // The database is away: the stream goes on from here when it is back.
        await setTimeout(FAILURE_PAUSE_MS, undefined, { ref: false });
        continue;
      }
      const { events, isLast } = page;
      if (ending !== undefined || isClosed) {
        return;
      }
      for (const event of events) {
        receive(event);
      }
      // In the same breath, so that nothing can happen in between.
      isLive = isLast && !hasMissed;
    }
  };

  const next = async (): Promise<IteratorResult<EventRow | StreamEnd>> => {
    askedAt = performance.now();
    while (queue.length === 0 && ending === undefined && !isClosed) {
      if (place !== undefined && !isLive) {
        await catchUp();
        continue;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await promise;
      wake = undefined;
    }
    const event = queue.shift();
    if (event !== undefined && !isClosed) {
      told = event;
      return { done: false, value: event };
    }
    if (ending !== undefined && !isClosed) {
      const value = told === undefined || ending.place ? ending : ending.at(told);
      close();
      return { done: false, value };
    }
    close();
    return { done: true, value: undefined };
  };
  return {
    topic,
    admits,
    begin(after) {
      place = after;
      told = after;
      wake?.();
    },
    take(event) {
      // Before it begins, everything is still to be read.
      if (place === undefined || ending !== undefined || !isNewSince(place, event)) {
        return;
      }
      if (isLive && (queue.length >= MOST_WAITING || !isNextAfter(place, event))) {
        isLive = false;
        wake?.();
      }
      if (!isLive) {
        hasMissed = true;
        if (queue.length > 0 && performance.now() - askedAt > PATIENCE_MS) {
          end('RESUME_REQUIRED', { atOnce: true });
        }
        return;
      }
      receive(event);
      wake?.();
    },
    end,
    events: {
      next,
      return() {
        close();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    },
  };
}
