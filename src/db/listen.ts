/** Notifications of PostgreSQL: to hear that something happened elsewhere, never what. */
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';

export type Listener = { close(): Promise<void> };

/** How long to wait before connecting again. */
const PAUSE_MS = 1000;

/**
 * Listens on `channel` over a connection of its own to `url`, which must lead to PostgreSQL itself, and connects again
 * when it breaks. `onNotice` is also called after each connection, as what was said meanwhile is lost. `onError` is told
 * of the first failure of a row.
 */
export function listenTo(
  url: string,
  channel: string,
  { onNotice, onError }: { onNotice(): void; onError(error: Error): void },
): Listener {
  const closing = new AbortController();
  let isFailing = false;
  const hear = async () => {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'gatehouse-listen',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    });
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    client.on('error', () => end());
    client.on('end', () => end());
    client.on('notification', onNotice);
    closing.signal.addEventListener('abort', () => end(), { once: true });
    try {
      await client.connect();
      await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
      isFailing = false;
      onNotice();
      await over;
    } finally {
      await client.end().catch(() => {});
    }
  };
  const loop = async () => {
    while (!closing.signal.aborted) {
      try {
        await hear();
      } catch (error) {
        if (!isFailing) {
          onError(error instanceof Error ? error : new Error(String(error)));
        }
        isFailing = true;
      }
      await setTimeout(PAUSE_MS, undefined, { signal: closing.signal, ref: false }).catch(() => {});
    }
  };
  const looping = loop();
  return {
    async close() {
      closing.abort();
      await looping;
    },
  };
}
