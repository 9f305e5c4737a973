/** What is noted of a request, or of an operation on a WebSocket, for the log and the metrics. */
import type { Logger } from 'pino';
import { withoutSecrets } from './secrets.ts';
import type { Span } from './span.ts';

/** Filled in while it is answered. Never holds what was asked: no variables, addresses, paths or credentials. */
export type Exchange = {
  readonly requestId: string;
  /** Of the WebSocket that the operation came by. */
  readonly connectionId?: string;
  /** What is executed; undefined when it is no operation, or none that could be executed. */
  operation?: { kind: 'query' | 'mutation' | 'subscription'; name: string | undefined };
  /** The codes of the errors it was answered with. */
  readonly codes: Set<string>;
  /** Where traces are asked for. */
  span?: Span;
};

/** One that is over. */
export type Ended = {
  exchange: Exchange;
  route: 'graphql' | 'graphiql' | 'accept' | 'health' | 'metrics' | 'other';
  transport: 'http' | 'event-stream' | 'websocket';
  /** Of HTTP. */
  method?: string;
  status?: number;
  seconds: number;
};

export type Observe = (ended: Ended) => void;

/** The name of an operation is chosen by the caller: no more of it is logged. */
const LONGEST_NAME = 100;

/** Notes the codes of errors, as callers see them. */
export function noteErrors(
  { codes }: Exchange,
  errors: readonly { extensions?: Readonly<Record<string, unknown>> }[],
): void {
  for (const { extensions } of errors) {
    codes.add(typeof extensions?.code === 'string' ? extensions.code : 'OTHER');
  }
}

/** Writes one line for each, at the level `debug`: on the hot path a line costs more than many a query. */
export function logEnded(log: Logger): Observe {
  return ({ exchange, seconds, ...ended }) => {
    if (!log.isLevelEnabled('debug')) {
      return;
    }
    const { requestId, connectionId, operation, codes } = exchange;
    log.debug(
      {
        requestId,
        ...(connectionId && { connectionId }),
        ...ended,
        ...(operation && { operation: operation.kind }),
        ...(operation?.name && { name: withoutSecrets(operation.name).slice(0, LONGEST_NAME) }),
        ...(codes.size > 0 && { codes: [...codes] }),
        ms: Math.round(seconds * 1000),
      },
      'Answered',
    );
  };
}
