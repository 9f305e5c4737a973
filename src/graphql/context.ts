/** What a resolver has at hand. */
import type { IdentityModel } from '../db/generated/prisma/client.ts';
import type { Acts } from '../domain/acts.ts';
import type { Principal } from '../domain/principal.ts';
import type { Loaders } from '../loaders/loaders.ts';

export type Context = {
  /** Who is calling, with the rights of this moment. */
  principal: Principal;
  identityModel: IdentityModel;
  /** What was read so far. An act makes it stale, and so it begins anew after each. */
  loaders: Loaders;
  freshLoaders(): Loaders;
  /** All that the caller can do, bound to them and to this request. */
  acts: Acts;
  requestId: string;
};
