/** What a resolver has at hand. */
import type { IdentityModel } from '../db/generated/prisma/client.ts';
import type { Acts } from '../domain/acts.ts';
import type { Principal } from '../domain/principal.ts';
import type { SubscribeOptions } from '../feed/feed.ts';
import type { Loaders } from '../loaders/loaders.ts';

/** What a caller listens to. */
export type Listening = Pick<SubscribeOptions, 'topic' | 'after' | 'isWanted'>;

export type Context = {
  /** Who is calling, with the rights of this moment. */
  principal: Principal;
  identityModel: IdentityModel;
  /** What was read so far. */
  loaders: Loaders;
  /** Forgets what was read, and reads the caller's rights anew: to be called after each act, which changes both. */
  renew(): Promise<void>;
  /** Begins a stream of events for the caller. */
  listen(what: Listening): Promise<AsyncIterable<unknown>>;
  /** All that the caller can do, bound to them and to this request. */
  acts: Acts;
  requestId: string;
};
