/** Where events stand. */

/** Where an event stands: in the stream of the environment, and, if it is of an organization, in that one's. */
export type EventPlace = {
  epoch: number;
  /** Decimal digits: 64 bits, more than a number of JavaScript has. */
  transactionId: string;
  /** Decimal digits. */
  position: string;
  /** uuid */
  organizationId: string | null;
  sequence: number | null;
};

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
