/** The one reader of what happens: it hands on each event once it can be seen, for as long as anybody listens. */
import { setTimeout } from 'node:timers/promises';
import type { Read } from '../db/database.ts';
import type { EventPlace, EventRow } from '../loaders/event.ts';
import type { StreamPlace } from '../loaders/event-place.ts';
import { PAGE, readNews, readNow, readPage, readSnapshot, type Snapshot } from './read.ts';

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

/** How long to wait after a failure. */
const FAILURE_PAUSE_MS = 500;

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
  let snapshot: Snapshot | undefined;
  let place: EventPlace | undefined;
  let began = Promise.withResolvers<void>();

  const wake = () => nap.abort();

  const followOrganizations = async (since: Snapshot): Promise<void> => {
    let page: { until: Snapshot; after: StreamPlace } | undefined;
    for (;;) {
      const news = await readNews(read, since, page);
      const until = page?.until ?? news.snapshot;
      if (news.events.length > 0) {
        await hand({ stream: 'organizations', events: news.events });
      }
      const after = news.events.at(-1);
      if (after === undefined || news.events.length < PAGE) {
        snapshot = until;
        return;
      }
      page = { until, after };
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
      snapshot = wanted.organizations ? (snapshot ?? (await readSnapshot(read))) : undefined;
      place = wanted.environment ? (place ?? (await readNow(read, ENVIRONMENT))) : undefined;
      waiting.resolve();
    } catch (error) {
      // Whoever waits for it is told; nobody may.
      waiting.promise.catch(() => {});
      waiting.reject(error);
      throw error;
    }
    if (snapshot !== undefined) {
      await followOrganizations(snapshot);
    }
    if (place !== undefined) {
      await followEnvironment(place);
    }
  };

  const loop = async () => {
    while (!stopping.signal.aborted) {
      nap = new AbortController();
      const signal = AbortSignal.any([nap.signal, stopping.signal]);
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
      await setTimeout(pause, undefined, { signal, ref: false }).catch(() => {});
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
      await looping;
    },
  };
}
