/** The one reader of what happens: it hands on each event once it can be seen, for as long as anybody listens. */
import { setTimeout } from 'node:timers/promises';
import type { Read } from '../db/database.ts';
import type { EventRow } from '../loaders/event.ts';
import type { EventPlace, StreamPlace } from '../loaders/event-place.ts';
import { PAGE, readNews, readNow, readPage, readSeen, type Seen } from './read.ts';

export type Tail = {
  /** Looks at once, however often it is called meanwhile. */
  wake(): void;
  /** Resolves when everything from now on will be handed on. To be called before a subscriber reads where it is. */
  ready(): Promise<void>;
  stop(): Promise<void>;
};

/** What is handed on: of each organization in the order of its numbers, or of all in the order of the environment. */
export type Batch = { stream: 'organizations' | 'environment'; events: EventRow[] };

/** How often to look without being woken: what another process has written may have woken nobody. */
const PAUSE_MS = 250;

/** How long to let more come together after each look: a thousand commits a second are not a thousand looks. */
const LEAST_PAUSE_MS = 10;

/** How long to wait after a failure. */
const FAILURE_PAUSE_MS = 500;

/** Without a reason, each waking would make an exception. */
const WOKEN = 'woken';

const ENVIRONMENT = { kind: 'environment' } as const;

/**
 * Starts the tail. `wants` says which streams have subscribers now; a stream that has none costs nothing, and begins
 * anew. It outlives every failure, goes on from where it was, and tells `onError` of the first of a row.
 */
export function startTail(options: {
  read: Read;
  wants(): { organizations: boolean; environment: boolean };
  hand(batch: Batch): Promise<void>;
  onError(error: Error): void;
}): Tail {
  const { read, wants, hand, onError } = options;
  const stopping = new AbortController();
  let nap = new AbortController();
  let isFailing = false;
  let seen: Seen | undefined;
  let place: EventPlace | undefined;
  let began = Promise.withResolvers<void>();

  const wake = () => nap.abort(WOKEN);

  const followOrganizations = async (since: Seen): Promise<void> => {
    let target: Seen | undefined;
    let last: StreamPlace | undefined;
    for (;;) {
      const news = await readNews(read, since, last);
      // What the first statement saw is what has been read when the last page is over: what only later ones saw comes
      // again, and is known again.
      target ??= news.seen;
      if (news.events.length > 0) {
        await hand({ stream: 'organizations', events: news.events });
      }
      last = news.events.at(-1);
      if (news.events.length < PAGE) {
        seen = target;
        return;
      }
    }
  };

  const followEnvironment = async (after: EventPlace): Promise<void> => {
    let from = after;
    for (;;) {
      const events = await readPage(read, ENVIRONMENT, from);
      if (events.length > 0) {
        await hand({ stream: 'environment', events });
      }
      from = events.at(-1) ?? from;
      place = from;
      if (events.length < PAGE) {
        return;
      }
    }
  };

  const look = async () => {
    const wanted = wants();
    const waiting = began;
    began = Promise.withResolvers<void>();
    try {
      seen = wanted.organizations ? (seen ?? (await readSeen(read))) : undefined;
      place = wanted.environment ? (place ?? (await readNow(read, ENVIRONMENT))) : undefined;
      waiting.resolve();
    } catch (error) {
      // Whoever waits for it is told; nobody may.
      waiting.promise.catch(() => {});
      waiting.reject(error);
      throw error;
    }
    if (seen !== undefined) {
      await followOrganizations(seen);
    }
    if (place !== undefined) {
      await followEnvironment(place);
    }
  };

  const loop = async () => {
    while (!stopping.signal.aborted) {
      nap = new AbortController();
      let pause = PAUSE_MS;
      try {
        await look();
        isFailing = false;
      } catch (error) {
        pause = FAILURE_PAUSE_MS;
        if (!isFailing) {
          onError(error instanceof Error ? error : new Error(String(error)));
        }
        isFailing = true;
      }
      await sleep(LEAST_PAUSE_MS, stopping.signal);
      await sleep(pause, nap.signal);
    }
  };
  const looping = loop();

  return {
    wake,
    ready() {
      const { promise } = began;
      wake();
      return promise;
    },
    async stop() {
      stopping.abort();
      wake();
      await looping;
    },
  };
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal, ref: false }).catch(() => {});
}
