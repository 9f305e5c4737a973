/** Clients of the feed, as products use them: graphql-ws and graphql-sse. */
import { createClient as createSse } from 'graphql-sse';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

export type Told = { data?: Record<string, Event> | null; errors?: readonly TheError[] };
export type Event = {
  id: string;
  cursor: string;
  type: string;
  cause: string;
  sequence: number | null;
  [field: string]: unknown;
};
export type TheError = { message: string; extensions?: { code?: string; cursor?: string | null } };

export type Stream = {
  /** Everything that was told so far. */
  told: Told[];
  /** The events in it. */
  events(): Event[];
  /** The last error, if any. */
  error(): TheError | undefined;
  /** Resolves when it is over. */
  over: Promise<void>;
  isOver(): boolean;
  close(): void;
};

export const FIELDS = 'id cursor type cause sequence organizationId occurredAt';

/** The whole of a subscription to events. */
export function eventsOf(
  input: object = {},
  fields = FIELDS,
): { query: string; variables: object } {
  return {
    query: `subscription Listen($organizationId: ID, $after: String, $filter: EventFilter) {
      event: events(organizationId: $organizationId, after: $after, filter: $filter) { ${fields} } }`,
    variables: input,
  };
}

type Operation = { query: string; variables?: object };

function collect(
  begin: (sink: {
    next(value: unknown): void;
    error(error: unknown): void;
    complete(): void;
  }) => () => void,
): Stream {
  const told: Told[] = [];
  const { promise: over, resolve } = Promise.withResolvers<void>();
  let isOver = false;
  const end = () => {
    isOver = true;
    resolve();
  };
  const close = begin({
    next: (value) => told.push(value as Told),
    error(error) {
      const errors = Array.isArray(error) ? error : [{ message: String(error), cause: error }];
      told.push({ errors: errors as TheError[] });
      end();
    },
    complete: end,
  });
  return {
    told,
    events: () => told.flatMap(({ data }) => (data?.event ? [data.event] : [])),
    error: () => told.flatMap(({ errors }) => errors ?? []).at(-1),
    over,
    isOver: () => isOver,
    close,
  };
}

/** Listens over a WebSocket of its own. */
export function overWebSocket(url: string, credential: string, operation: Operation): Stream {
  const client = webSocketClient(url, credential);
  const stream = collect((sink) =>
    client.subscribe({ ...operation, variables: { ...operation.variables } }, sink as never),
  );
  return {
    ...stream,
    close() {
      stream.close();
      client.dispose();
    },
  };
}

export function webSocketClient(url: string, credential: string, options: object = {}): Client {
  return createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${credential}` },
    retryAttempts: 0,
    ...options,
  });
}

/** Listens by server-sent events; `begun` resolves when it is told what happens from then on. */
export function overEventStream(
  url: string,
  credential: string,
  operation: Operation,
): Stream & { begun: Promise<void> } {
  const client = createSse({
    url: `${url}/graphql`,
    headers: { authorization: `Bearer ${credential}` },
    retryAttempts: 0,
  });
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const asked = { ...operation, variables: { ...operation.variables } };
  const stream = collect((sink) =>
    client.subscribe(asked, sink as never, { connected: () => resolve() }),
  );
  return {
    ...stream,
    begun,
    close() {
      stream.close();
      client.dispose();
    },
  };
}

type Listen = (url: string, credential: string, operation: Operation) => Stream;

export const transports: Record<'WebSocket' | 'SSE', Listen> = {
  WebSocket: overWebSocket,
  SSE: overEventStream,
};
