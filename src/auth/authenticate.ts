/** From credentials to a principal, with the rights that stand in the database at this moment. */
import { ANONYMOUS } from '../domain/principal.ts';
import type { Caller, Recognize } from './caller.ts';

/** Turns the value of an Authorization header, or its absence, into a caller; null: these credentials are refused. */
export type Authenticate = (
  authorization: string | undefined,
  requestId: string,
) => Promise<Caller | null>;

const BEARER = /^Bearer +([^\s]+)$/i;

const KEY_PREFIX = 'ghk_';

/** Makes the authenticator. It rejects when the database does not answer: nobody gets in on a failure. */
export function createAuthenticator(recognize: {
  key: Recognize;
  person: Recognize;
}): Authenticate {
  return async (authorization, requestId) => {
    if (authorization === undefined) {
      // Nothing that an anonymous caller may read depends on the model.
      return { principal: ANONYMOUS, identityModel: 'SHARED' };
    }
    const credential = BEARER.exec(authorization)?.[1];
    if (credential === undefined) {
      return null;
    }
    const isKey = credential.startsWith(KEY_PREFIX);
    return await recognize[isKey ? 'key' : 'person'](credential, requestId);
  };
}
