/** Who is calling, and in which world. */
import type { IdentityModel } from '../db/generated/prisma/enums.ts';
import type { Principal } from '../domain/principal.ts';

/** `identityModel` comes with the same statement. */
export type Caller = {
  principal: Principal;
  identityModel: IdentityModel;
  /** When their token ends; left out for those who have none. */
  expiresAt?: Date;
  /** What is asked most of a person about themselves; left out where their sign-in does not vouch for all of them. */
  self?: Self;
};

/** The few columns of a user that lists show, and that the person sees them. */
export type Self = {
  id: string;
  email: string;
  name: string | null;
  isShared: true;
  isSharedInDetail: true;
};

/** Recognizes callers by the text after `Bearer `; null: it is nobody. The request's id is for the log and for events. */
export type Recognize = (credential: string, requestId: string) => Promise<Caller | null>;
