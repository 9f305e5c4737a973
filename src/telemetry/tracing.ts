/** Traces, for those who collect them: which part of an answer took how long. They hold no values of anybody. */
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace as traces,
} from '@opentelemetry/api';
import type { Ended, Exchange, Observe } from './exchange.ts';
import type { Span } from './span.ts';

/** Does the work in a span of its own, a part of the one that is running. */
export type Trace = <T>(name: string, attributes: Attributes, work: () => Promise<T>) => Promise<T>;

export type Tracing = {
  /** Begins what came from outside, in the trace that its W3C `traceparent` names. */
  begin(name: string, traceparent: unknown): Span;
  trace: Trace;
  /** Sends what is left. Resolves when that is done, or takes too long. */
  stop(): Promise<void>;
};

/** Which span is running: an AsyncLocalStorage. */
export type Running = {
  active(): Context;
  with<T>(context: Context, work: () => T): T;
};

// https://www.w3.org/TR/trace-context/#traceparent-header, version 00 and what later ones keep of it.
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** Makes the tracing of one gateway on a tracer of its own; `flush` sends what the tracer has kept. */
export function createTracing(options: {
  tracer: Tracer;
  running: Running;
  flush: () => Promise<void>;
}): Tracing {
  const { tracer, running, flush } = options;
  return {
    begin(name, traceparent) {
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER }, parentIn(traceparent));
      const context = traces.setSpan(ROOT_CONTEXT, span);
      return {
        within: (work) => running.with(context, work),
        end({ attributes, isFailure }) {
          span.setAttributes(attributes);
          if (isFailure) {
            span.setStatus({ code: SpanStatusCode.ERROR });
          }
          span.end();
        },
      };
    },
    async trace(name, attributes, work) {
      const span = tracer.startSpan(name, { attributes }, running.active());
      try {
        return await running.with(traces.setSpan(running.active(), span), work);
      } catch (error) {
        // Neither its message nor its stack: they are in the log, under the request id.
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    },
    stop: flush,
  };
}

/** Ends the span of an exchange when that is over. */
export const endSpan: Observe = ({ exchange, status, transport }: Ended) => {
  const { span, requestId, connectionId, operation, codes } = exchange;
  span?.end({
    attributes: {
      'gatehouse.request_id': requestId,
      'gatehouse.transport': transport,
      ...(connectionId && { 'gatehouse.connection_id': connectionId }),
      ...(status && { 'http.response.status_code': status }),
      ...(operation && { 'graphql.operation.type': operation.kind }),
      ...(codes.size > 0 && { 'gatehouse.codes': [...codes] }),
    },
    isFailure: (status ?? 200) >= 500 || codes.has('INTERNAL_SERVER_ERROR'),
  });
};

/** Does the work within the span of the exchange, if it has one. */
export function withinSpan<T>({ span }: Exchange, work: () => T): T {
  return span === undefined ? work() : span.within(work);
}

function parentIn(traceparent: unknown): Context {
  const [, traceId, spanId, flags] =
    (typeof traceparent === 'string' && TRACEPARENT.exec(traceparent)) || [];
  if (traceId === undefined || spanId === undefined || flags === undefined) {
    return ROOT_CONTEXT;
  }
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return traces.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
