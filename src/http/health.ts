/** Whether the process lives, and whether it can serve. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pathOf } from './request.ts';

const PATIENCE_MS = 2000;

/**
 * Makes the handler of `/health/live` (200 while the process runs) and `/health/ready` (200 while `check` resolves in
 * time, else 503). It resolves to false for every other path.
 */
export function healthHandler(check: () => Promise<void>) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const path = pathOf(request);
    if (path === '/health/live') {
      answer(response, true, 'live');
      return true;
    }
    if (path !== '/health/ready') {
      return false;
    }
    const ready = await answersInTime(check);
    answer(response, ready, ready ? 'ready' : 'not ready');
    return true;
  };
}

async function answersInTime(check: () => Promise<void>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, PATIENCE_MS, false);
  try {
    return await Promise.race([check().then(() => true), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

function answer(response: ServerResponse, good: boolean, status: string): void {
  response
    .writeHead(good ? 200 : 503, {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    })
    .end(JSON.stringify({ status }));
}
