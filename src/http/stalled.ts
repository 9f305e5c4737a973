/** Streams over HTTP whose client takes nothing any more. */
import type { ServerResponse } from 'node:http';

/** How long a client may take nothing of what is there for it, as a WebSocket may at most leave a ping unanswered. */
const PATIENCE_MS = 24_000;

const LOOK_MS = 4000;

/**
 * Looks again and again at the responses under way, and ends the connection of those whose client is there and takes
 * nothing: they would keep their place and their buffers for ever. Returns what stops.
 */
export function endStalled(underWay: Iterable<ServerResponse>): () => void {
  const stalls = new WeakMap<ServerResponse, { written: number; since: number }>();
  const look = () => {
    const now = performance.now();
    for (const response of underWay) {
      const written = response.socket?.bytesWritten ?? 0;
      const stall = stalls.get(response);
      if (!response.writableNeedDrain) {
        stalls.delete(response);
      } else if (stall?.written !== written) {
        stalls.set(response, { written, since: now });
      } else if (now - stall.since >= PATIENCE_MS) {
        // Without a reset, the system would go on offering what it has for the client.
        response.socket?.resetAndDestroy();
      }
    }
  };
  const timer = setInterval(look, LOOK_MS).unref();
  return () => clearInterval(timer);
}
