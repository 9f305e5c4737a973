/** Why streams end, and where whoever comes back goes on. */
import type { EventPlace } from '../loaders/event-place.ts';

export type FeedEnd = keyof typeof REASONS | 'DRAINING';

const REASONS = {
  FORBIDDEN: 'You may not follow these events any more.',
  UNAUTHENTICATED: 'Your credentials are no longer valid.',
  AUTH_METHOD_NOT_ALLOWED: 'The organization does not allow this way to sign in any more.',
  MFA_REQUIRED: 'The organization asks for a sign-in with several factors now.',
  NOT_FOUND: 'The organization was deleted.',
  CURSOR_EXPIRED:
    'Events after this cursor are not kept any more: begin anew after the oldest cursor that works.',
  RESUME_REQUIRED: 'You did not keep up: subscribe again after the last event that you got.',
};

/** What a stream ends with, in the place of an event. */
export class StreamEnd {
  readonly reason: FeedEnd;
  /** Where to go on: after the last event that was told, or where the stream began. */
  readonly place: EventPlace | undefined;

  constructor(reason: FeedEnd, place?: EventPlace) {
    this.reason = reason;
    this.place = place;
  }

  /** The same end at a place. */
  at(place: EventPlace): StreamEnd {
    return new StreamEnd(this.reason, place);
  }

  /** One sentence for people. */
  get message(): string {
    return this.reason === 'DRAINING' ? 'The gateway is stopping.' : REASONS[this.reason];
  }
}
