/** Who is calling, and in which world. */
import type { IdentityModel, MembershipStatus } from '../db/generated/prisma/enums.ts';
import type { Principal } from '../domain/principal.ts';

/** `identityModel` comes with the same statement. */
export type Caller = {
  principal: Principal;
  identityModel: IdentityModel;
  /** When their token ends; left out for those who have none. */
  expiresAt?: Date;
  /** What was read together with their rights; left out where there is none. */
  known?: KnownRows;
};

/** Rows of which only the few columns are there that lists show. */
export type KnownRows = {
  /** The person themselves; undefined where their sign-in does not vouch for all of them. */
  user: { id: string; isShared: true; isSharedInDetail: true } | undefined;
  /** All their memberships, oldest first, each once for each of its roles; undefined where there are very many. */
  memberships: readonly KnownMembership[] | undefined;
};

export type KnownMembership = {
  membership: { id: string; organizationId: string; status: MembershipStatus };
  organization: { id: string };
  role: { id: string } | null;
};

/** Recognizes callers by the text after `Bearer `; null: it is nobody. The request's id is for the log and for events. */
export type Recognize = (credential: string, requestId: string) => Promise<Caller | null>;
