/** What is noted of the operations of one WebSocket. */
import { randomUUID } from 'node:crypto';
import type { SubscribePayload } from 'graphql-ws';
import { type Exchange, noteErrors, type Observe } from '../telemetry/exchange.ts';
import type { Tracing } from '../telemetry/tracing.ts';

export type SocketExchanges = {
  begin(payload: SubscribePayload): Exchange;
  note(payload: SubscribePayload, errors: Parameters<typeof noteErrors>[1]): void;
  end(payload: SubscribePayload): void;
};

/** Keeps an exchange for every operation (told apart by its payload: ids may come again) until it ends. */
export function createSocketExchanges(
  connectionId: string,
  { observe, tracing }: { observe: Observe; tracing: Tracing | undefined },
): SocketExchanges {
  const underWay = new Map<SubscribePayload, { exchange: Exchange; since: number }>();
  return {
    begin(payload) {
      const span = tracing?.begin('WEBSOCKET graphql', payload.extensions?.traceparent);
      const exchange = { requestId: randomUUID(), connectionId, codes: new Set<string>(), span };
      underWay.set(payload, { exchange, since: performance.now() });
      return exchange;
    },
    note(payload, errors) {
      const found = underWay.get(payload);
      if (found !== undefined) {
        noteErrors(found.exchange, errors);
      }
    },
    end(payload) {
      const found = underWay.get(payload);
      if (found !== undefined) {
        underWay.delete(payload);
        const seconds = (performance.now() - found.since) / 1000;
        observe({ exchange: found.exchange, route: 'graphql', transport: 'websocket', seconds });
      }
    },
  };
}
