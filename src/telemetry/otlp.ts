/** The packages of OpenTelemetry, loaded only where traces are asked for. */
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { createTracing, type Tracing } from './tracing.ts';

/** How long a stop waits for a collector that does not answer. */
const PATIENCE_MS = 3000;

/** Sends spans by OTLP (protobuf over HTTP) to `url`, in batches. Nothing of it is global to the process. */
export function createOtlpTracing(options: {
  url: string;
  ratio: number;
  byParent: boolean;
}): Tracing {
  const { url, ratio, byParent } = options;
  const root = new TraceIdRatioBasedSampler(ratio);
  const provider = new TracerProvider({
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last, so that they count.
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'gatehouse' }))
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: byParent ? new ParentBasedSampler({ root }) : root,
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })],
  });
  return createTracing({
    tracer: provider.getTracer('gatehouse'),
    running: new AsyncLocalStorageContextManager(),
    async flush() {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, PATIENCE_MS);
      // A collector that is away keeps no gateway from stopping.
      await Promise.race([provider.shutdown().catch(() => {}), late]);
      clearTimeout(timer);
    },
  });
}
