/** How many streams of events one caller, and one process, may have at a time. */
import type { Principal } from '../../domain/principal.ts';
import type { Feed } from '../../feed/feed.ts';
import { limitExceeded } from './refusal.ts';

export type StreamLimits = { maxStreamsPerCaller: number; maxStreams: number };

/** A backend with a key of the environment listens for all the people it serves. */
const PEOPLE_PER_BACKEND = 100;

/**
 * Demands that the caller may have one more stream.
 *
 * @throws GraphQLError LIMIT_EXCEEDED
 */
export function demandRoom(
  feed: Pick<Feed, 'count'>,
  principal: Principal,
  { maxStreamsPerCaller, maxStreams }: StreamLimits,
): void {
  const { own, all } = feed.count(principal);
  const isBackend = principal.kind === 'apiKey' && principal.organizationId === null;
  const most = maxStreamsPerCaller * (isBackend ? PEOPLE_PER_BACKEND : 1);
  if (own >= most) {
    throw limitExceeded({ limit: 'streamsPerCaller', max: most, found: own + 1 });
  }
  if (all >= maxStreams) {
    throw limitExceeded({ limit: 'streams', max: maxStreams, found: all + 1 });
  }
}
