/** The metrics, for those who hold the token for them. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Metrics } from '../telemetry/metrics.ts';
import { credentialsOf } from './credentials.ts';
import { pathOf, refuse } from './request.ts';
import type { Handler } from './server.ts';

/** Makes the handler of `/metrics`; it resolves to false for every other path. */
export function metricsHandler(metrics: Metrics, token: string): Handler {
  const expected = digest(`Bearer ${token}`);
  return async (request, response) => {
    if (pathOf(request) !== '/metrics') {
      return false;
    }
    if (!timingSafeEqual(digest(credentialsOf(request) ?? ''), expected)) {
      refuse(response, 401, 'UNAUTHENTICATED', 'These credentials are not valid.', {
        'www-authenticate': 'Bearer',
      });
    } else if (request.method !== 'GET') {
      refuse(response, 405, 'METHOD_NOT_ALLOWED', 'Metrics are read by GET.', { allow: 'GET' });
    } else {
      const body = await metrics.text();
      response
        .writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' })
        .end(body);
    }
    return true;
  };
}

// Digests are of one length, whatever was sent.
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
