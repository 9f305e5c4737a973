/** Where events stand, compared. */
import type { EventPlace } from './event.ts';

/** The part of a place that orders the stream of the environment. */
export type StreamPlace = Pick<EventPlace, 'epoch' | 'transactionId' | 'position'>;

/** Whether `a` stands after `b` in the stream of the environment. */
export function isAfter(a: StreamPlace, b: StreamPlace): boolean {
  if (a.epoch !== b.epoch) {
    return a.epoch > b.epoch;
  }
  const byTransaction = BigInt(a.transactionId) - BigInt(b.transactionId);
  return byTransaction === 0n ? BigInt(a.position) > BigInt(b.position) : byTransaction > 0n;
}
