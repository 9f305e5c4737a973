/** The ways in which an operation reaches the gateway, each as close to the wire as it gets. */
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import type { Answer } from '../support/gateway.ts';

export type Operation = {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
  extensions?: Record<string, unknown>;
};

export type Reply = { status: number; headers: IncomingHttpHeaders; body: string };

/** Sends one request as it is told, with nothing added but Host and, for a body, Content-Length. */
export async function send(
  url: string,
  options: {
    method?: string;
    headers?: Record<string, string | string[]>;
    body?: string | Buffer;
  } = {},
): Promise<Reply> {
  const { method = 'GET', headers = {}, body } = options;
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const outgoing = request(url, { method, headers: { ...length, ...headers }, agent: false });
  outgoing.end(body);
  const [response] = await once(outgoing, 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** What comes back for bytes that no client library would send. */
export async function sendBytes(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end(bytes);
  return await text(socket);
}

/** Sends an operation by POST. */
export function post(
  url: string,
  operation: unknown,
  headers: Record<string, string | string[]> = {},
): Promise<Reply> {
  return send(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof operation === 'string' ? operation : JSON.stringify(operation),
  });
}

/** Sends an operation by GET. */
export function get(
  url: string,
  { query, variables, operationName, extensions }: Operation,
  headers: Record<string, string | string[]> = {},
): Promise<Reply> {
  const parameters = new URLSearchParams({ query });
  if (variables !== undefined) {
    parameters.set('variables', JSON.stringify(variables));
  }
  if (operationName !== undefined) {
    parameters.set('operationName', operationName);
  }
  if (extensions !== undefined) {
    parameters.set('extensions', JSON.stringify(extensions));
  }
  return send(`${url}/graphql?${parameters}`, { headers });
}

/** The credentials of a key as headers; none for null. */
export function bearer(key: string | null): Record<string, string> {
  return key === null ? {} : { authorization: `Bearer ${key}` };
}

/** The one result in a body of server-sent events; throws when there is not exactly one, followed by the end. */
export function resultInEvents(body: string): unknown {
  const events = body
    .split('\n\n')
    .map((event) => event.trim())
    .filter((event) => event !== '' && event !== ':');
  const [next = '', complete = '', ...rest] = events;
  const data = /^event: next\ndata: (.*)$/.exec(next)?.[1];
  if (data === undefined || !/^event: complete(?:\ndata:.*)?$/.test(complete) || rest.length > 0) {
    throw new Error(`These are not a result and its end: ${JSON.stringify(body)}`);
  }
  return JSON.parse(data);
}

export type Message = { type: string; id?: string; payload?: unknown };

/** A WebSocket without a client library: what was heard so far, and how it ended. */
export type Socket = {
  socket: WebSocket;
  tell(message: object): void;
  /** The next message; rejects when the socket closes first. */
  hear(): Promise<Message>;
  closed: Promise<{ code: number; reason: string }>;
};

/** Opens a WebSocket in the protocol of GraphQL. */
export async function openSocket(
  url: string,
  protocol = 'graphql-transport-ws',
  headers: Record<string, string> = {},
): Promise<Socket> {
  const address = `${url.replace(/^http/, 'ws')}/graphql`;
  const socket = new WebSocket(address, protocol, { headers });
  const heard: Message[] = [];
  const waiting: ((message: Message) => void)[] = [];
  socket.on('message', (data) => {
    const message: Message = JSON.parse(String(data));
    const next = waiting.shift();
    if (next === undefined) {
      heard.push(message);
    } else {
      next(message);
    }
  });
  socket.on('error', () => {});
  const closed = once(socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }));
  await Promise.race([
    once(socket, 'open'),
    closed.then(() => {
      throw new Error('The WebSocket was refused.');
    }),
  ]);
  return {
    socket,
    closed,
    tell: (message) => socket.send(JSON.stringify(message)),
    hear() {
      const message = heard.shift();
      if (message !== undefined) {
        return Promise.resolve(message);
      }
      const next = new Promise<Message>((resolve) => waiting.push(resolve));
      const end = closed.then(({ code }) => {
        throw new Error(`The WebSocket closed with ${code}.`);
      });
      return Promise.race([next, end]);
    },
  };
}

/** Sends an operation over a WebSocket of its own: its result, or what is wrong with it as one. */
export async function overSocket(
  url: string,
  operation: Operation,
  key: string | null,
): Promise<Answer<unknown>> {
  const { tell, hear, socket } = await openSocket(url);
  try {
    tell({ type: 'connection_init', payload: key === null ? undefined : bearer(key) });
    const ack = await hear();
    if (ack.type !== 'connection_ack') {
      throw new Error(`Expected to be let in, and heard ${JSON.stringify(ack)}`);
    }
    tell({ type: 'subscribe', id: '1', payload: operation });
    const { type, payload } = await hear();
    if (type === 'error') {
      return { errors: payload as Answer<unknown>['errors'] };
    }
    const end = await hear();
    if (type !== 'next' || end.type !== 'complete') {
      throw new Error(`Expected a result and its end, and heard ${type} and ${end.type}`);
    }
    return payload as Answer<unknown>;
  } finally {
    socket.terminate();
  }
}

type Transport = (
  url: string,
  operation: Operation,
  key: string | null,
) => Promise<Answer<unknown>>;

const events = { accept: 'text/event-stream' };

/** Every way to send an operation; each resolves to the result as the client would see it. */
export const transports: Record<string, Transport> = {
  POST: async (url, operation, key) => JSON.parse((await post(url, operation, bearer(key))).body),
  GET: async (url, operation, key) => JSON.parse((await get(url, operation, bearer(key))).body),
  'SSE by POST': async (url, operation, key) =>
    resultInEvents(
      (await post(url, operation, { ...bearer(key), ...events })).body,
    ) as Answer<unknown>,
  'SSE by GET': async (url, operation, key) =>
    resultInEvents(
      (await get(url, operation, { ...bearer(key), ...events })).body,
    ) as Answer<unknown>,
  WebSocket: overSocket,
};
