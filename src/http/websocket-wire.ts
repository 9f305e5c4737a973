/** One WebSocket and the protocol that is spoken on it. */
import type { Server as Protocol } from 'graphql-ws';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';

/** The close code for a failure on our side. */
const INTERNAL_ERROR = 1011;

/** The close code of the protocol for a message that it does not know. */
const INVALID_MESSAGE = 4400;

/** Bytes of a reason: a close frame has room for no more (RFC 6455, 5.5). */
const LONGEST_REASON = 123;

const KEEP_ALIVE_MS = 12_000;

/**
 * Lets `protocol` speak on `socket` until it closes. What clients do wrong ends their socket with the code that
 * belongs to it; what goes wrong on our side is logged and ends it without a word about the cause.
 */
export function speak<Extra extends { socket: WebSocket }>(
  protocol: Protocol<Extra>,
  extra: Extra,
  log: Logger,
): void {
  const { socket } = extra;
  const fail = (error: unknown) => {
    // What only a server may say is parsed, and then nobody is there for it.
    if (error instanceof Error && error.message.startsWith('Unexpected message of type ')) {
      socket.close(INVALID_MESSAGE, 'Invalid message received');
      return;
    }
    log.error({ err: error }, 'A WebSocket failed');
    socket.close(INTERNAL_ERROR, 'Internal server error');
  };
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) => send(socket, text),
      // A reason may quote the client, at any length.
      close: (code, reason) => socket.close(code, shortened(reason)),
      onMessage: (take) => socket.on('message', (data) => take(String(data)).catch(fail)),
    },
    extra,
  );
  // A frame that is too large or none at all: the socket closes itself with the code that says so.
  socket.on('error', (error) => log.debug({ err: error }, 'A WebSocket client broke the rules'));
  const stopPinging = keepAlive(socket);
  socket.once('close', (code, reason) => {
    stopPinging();
    closed(code, String(reason)).catch(fail);
  });
}

/** Closes all sockets with 1001, and ends those whose client does not answer within `patienceMs`. */
export async function sayGoodbye(sockets: Set<WebSocket>, patienceMs: number): Promise<void> {
  const timer = setTimeout(() => {
    for (const socket of sockets) {
      socket.terminate();
    }
  }, patienceMs);
  await Promise.all(
    [...sockets].map((socket) => {
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.close(1001, 'Going away');
      return closed;
    }),
  );
  clearTimeout(timer);
}

function shortened(reason = ''): string {
  const bytes = Buffer.from(reason);
  // Half a character at the end is left out.
  const [text = ''] = bytes.toString('utf8', 0, LONGEST_REASON - 2).split('\uFFFD', 1);
  return bytes.length <= LONGEST_REASON ? reason : text;
}

function send(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.readyState !== socket.OPEN) {
      resolve();
      return;
    }
    socket.send(text, (error) => {
      // Whoever closed the socket meanwhile no longer waits for it.
      if (error && socket.readyState === socket.OPEN) {
        reject(error);
      } else {
        resolve();
      }
    });
  });
}

// A client that vanished without a word is noticed by its silence.
function keepAlive(socket: WebSocket): () => void {
  let heard = true;
  socket.on('pong', () => {
    heard = true;
  });
  const timer = setInterval(() => {
    if (!heard) {
      socket.terminate();
      return;
    }
    heard = false;
    socket.ping();
  }, KEEP_ALIVE_MS);
  return () => clearInterval(timer);
}
