/** Where each transport carries its credentials: as the value of an Authorization header; undefined when there is none. */
import type { IncomingMessage } from 'node:http';

/** The credentials of a request. Of two headers neither counts, since a proxy before us may have looked at the other. */
export function credentialsOf({ headersDistinct }: IncomingMessage): string | undefined {
  return headersDistinct.authorization?.join(', ');
}

/** The credentials in the payload of `connection_init`. */
export function credentialsIn(parameters: Record<string, unknown> | undefined): string | undefined {
  const given = parameters?.authorization ?? parameters?.Authorization ?? undefined;
  return given === undefined || typeof given === 'string' ? given : '';
}
