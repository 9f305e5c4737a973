/** How an operation is told that it asks for too much. */
import { createGraphQLError } from 'graphql-yoga';

/** A limit that was met: its name, the most that it allows, and what was found. */
export type Excess = { limit: string; max: number; found: number };

/** The sentence for an excess, which names the limit, its value and what was found. */
export function describeExcess({ limit, max, found }: Excess): string {
  return `This exceeds the limit "${limit}": it is ${found}, and at most ${max} is allowed.`;
}

/** LIMIT_EXCEEDED; `more` follows the sentence that says by how much. */
export function limitExceeded(excess: Excess, more = '') {
  return createGraphQLError(`${describeExcess(excess)}${more}`, {
    extensions: { code: 'LIMIT_EXCEEDED', ...excess, http: { spec: true, status: 400 } },
  });
}

/** The sentence for a caller who has to wait. */
export function describeWait(retryAfterMs: number): string {
  return `This exceeds the limit "rate": try again in ${retryAfterMs} ms.`;
}

/** RATE_LIMITED, over HTTP with the status and header that say the same (RFC 6585, RFC 9110 section 10.2.3). */
export function rateLimited(retryAfterMs: number) {
  return createGraphQLError(describeWait(retryAfterMs), {
    extensions: {
      code: 'RATE_LIMITED',
      limit: 'rate',
      retryAfterMs,
      http: { status: 429, headers: { 'Retry-After': secondsOf(retryAfterMs) } },
    },
  });
}

/** Milliseconds as the value of `Retry-After`. */
export function secondsOf(milliseconds: number): string {
  return String(Math.ceil(milliseconds / 1000));
}
