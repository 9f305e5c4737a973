/** A door in front of PostgreSQL that writes down every statement that passes. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A statement with its parameters, as they were sent. */
export type Execution = { text: string; values: (string | Buffer | null)[] };

export type Proxy = {
  /** The URL of the same database, through the door. */
  url: string;
  /** What has passed since the last call. */
  take(): Execution[];
  close(): void;
};

/** Opens a door to the database at `url`, which must be reachable without TLS. */
export async function openProxy(url: string): Promise<Proxy> {
  const target = new URL(url);
  const passed: Execution[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    const watch = watcher((execution) => passed.push(execution));
    client.on('data', watch);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => sockets.delete(from));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = new URL(url);
  own.hostname = '127.0.0.1';
  own.port = String((server.address() as AddressInfo).port);
  return {
    url: own.href,
    take: () => passed.splice(0),
    close() {
      server.close();
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}

/** Reads the messages of one client, of which only the first has no type. */
function watcher(tell: (execution: Execution) => void): (chunk: Buffer) => void {
  const texts = new Map<string, string>();
  let rest = Buffer.alloc(0);
  let typeBytes = 0;
  let bound: Execution = { text: '', values: [] };
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= typeBytes + 4 && rest.length >= typeBytes + rest.readInt32BE(typeBytes)) {
      const end = typeBytes + rest.readInt32BE(typeBytes);
      const type = typeBytes === 0 ? '' : String.fromCharCode(rest.readUInt8(0));
      const body = reader(rest.subarray(typeBytes + 4, end));
      rest = rest.subarray(end);
      typeBytes = 1;
      if (type === 'P') {
        texts.set(body.text(), body.text());
      } else if (type === 'B') {
        bound = readBind(body, texts);
      } else if (type === 'E') {
        tell(bound);
      } else if (type === 'Q') {
        tell({ text: body.text(), values: [] });
      }
    }
  };
}

function readBind(body: ReturnType<typeof reader>, texts: Map<string, string>): Execution {
  body.text();
  const text = texts.get(body.text()) ?? '';
  const formats = Array.from({ length: body.int16() }, () => body.int16());
  const values = Array.from({ length: body.int16() }, (_, at) => {
    const bytes = body.bytes();
    const isBinary = (formats.length === 1 ? formats[0] : formats[at]) === 1;
    return bytes === null || isBinary ? bytes : bytes.toString();
  });
  return { text, values };
}

function reader(body: Buffer) {
  let at = 0;
  const take = (length: number) => {
    at += length;
    return body.subarray(at - length, at);
  };
  return {
    text() {
      const text = take(body.indexOf(0, at) - at).toString();
      at += 1;
      return text;
    },
    int16: () => take(2).readInt16BE(),
    bytes() {
      const length = take(4).readInt32BE();
      return length < 0 ? null : Buffer.from(take(length));
    },
  };
}
