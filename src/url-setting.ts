/** What settings that are URLs must look like. */
import { z } from 'zod';

export function postgresUrl() {
  return z.string().refine((text) => {
    const url = URL.parse(text);
    return url !== null && /^postgres(ql)?:$/.test(url.protocol) && url.hostname !== '';
  });
}

// A wildcard parses as a host, and is none.
export function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:\/\/[^/?#@*\\\s]+$/i.test(text.trim());
}

/** An origin as browsers write it. */
export function originOf(text: string): string {
  return new URL(text).origin;
}

export function isPlainHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:\/\/[^?#@\s\\]+$/i.test(text);
}
