/**
 * Which web pages may use the gateway. It has no cookies, so a page has only the rights of the credentials it holds
 * itself; pages of other origins are turned away all the same, before anything is done for them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse } from './request.ts';

/** Where pages may come from: exact origins such as `https://app.example`, or everywhere. */
export type AllowedOrigins = readonly string[] | '*';

export type Origins = {
  /** Whether it comes from no page, from one of our own origin, or from one that is allowed. */
  permits(request: IncomingMessage): boolean;
  /**
   * Does what the CORS protocol asks of a request: resolves it (with 403 for a page that is not allowed, with 204 for
   * an allowed preflight) and returns true, or leaves it with the headers that its page needs and returns false.
   */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
};

const METHODS = 'GET, POST';
const ASKED = 'authorization, content-type, idempotency-key, traceparent, tracestate, x-request-id';
const SHOWN = 'retry-after, www-authenticate, x-request-id';
const PREFLIGHT_S = '600';

/** Makes the rule. The gateway's own origin is that of `publicUrl`, and whatever it is reached by. */
export function createOrigins(options: {
  allowed: AllowedOrigins;
  publicUrl: string | undefined;
}): Origins {
  const { allowed, publicUrl } = options;
  const isEverywhere = allowed === '*';
  const known = new Set(isEverywhere ? [] : allowed);
  if (publicUrl !== undefined) {
    known.add(new URL(publicUrl).origin);
  }

  const permits = (request: IncomingMessage) => {
    const { origin: origins = [] } = request.headersDistinct;
    const site = request.headers['sec-fetch-site'];
    // Only the browser itself can set it, and it knows better than we do behind which proxy we are.
    if (isEverywhere || site === 'same-origin') {
      return true;
    }
    const [origin, ...others] = origins;
    if (origin === undefined) {
      // An image or a link of another site comes without an origin; so does everybody who is no browser.
      return site === undefined || site === 'none';
    }
    return others.length === 0 && (known.has(origin) || isOwn(origin, request));
  };

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('vary', 'origin');
    if (!permits(request)) {
      const message = 'Pages of this origin may not use the gateway.';
      refuse(response, 403, 'ORIGIN_NOT_ALLOWED', message);
      return true;
    }
    const { origin } = request.headers;
    if (origin === undefined) {
      return false;
    }
    response.setHeader('access-control-allow-origin', isEverywhere ? '*' : origin);
    response.setHeader('access-control-expose-headers', SHOWN);
    if (request.method !== 'OPTIONS' || !request.headers['access-control-request-method']) {
      return false;
    }
    response
      .writeHead(204, {
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': ASKED,
        'access-control-max-age': PREFLIGHT_S,
        'cache-control': 'no-store',
      })
      .end();
    return true;
  };

  return { permits, answer };
}

// GraphiQL is served from wherever the gateway is reached. The scheme is not compared: a proxy may have ended TLS.
function isOwn(origin: string, { headers: { host } }: IncomingMessage): boolean {
  const page = URL.parse(origin);
  return (
    page !== null && page.host !== '' && page.host === URL.parse(`${page.protocol}//${host}`)?.host
  );
}
