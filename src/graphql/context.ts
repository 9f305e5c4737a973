/** What a resolver has at hand. */
import type { IdentityModel } from '../db/generated/prisma/client.ts';
import type { Principal } from '../domain/principal.ts';
import type { Loaders } from '../loaders/loaders.ts';

export type Context = {
  /** Who is calling, with the rights of this moment. */
  principal: Principal;
  identityModel: IdentityModel;
  loaders: Loaders;
  requestId: string;
};
