/** The standard variables of OpenTelemetry, as far as they decide whether and where traces go. */

export type TracingConfig = {
  /** Where spans are sent by OTLP over HTTP. */
  url: string;
  /** The share of traces that is kept, from 0 to 1. */
  ratio: number;
  /** Whether a caller who traces decides instead, for the part that is ours. */
  byParent: boolean;
};

const DEFAULT_ENDPOINT = 'http://localhost:4318';

const SAMPLERS: Record<string, (argument: number) => Pick<TracingConfig, 'ratio' | 'byParent'>> = {
  always_on: () => ({ ratio: 1, byParent: false }),
  always_off: () => ({ ratio: 0, byParent: false }),
  traceidratio: (ratio) => ({ ratio, byParent: false }),
  parentbased_always_on: () => ({ ratio: 1, byParent: true }),
  parentbased_always_off: () => ({ ratio: 0, byParent: true }),
  parentbased_traceidratio: (ratio) => ({ ratio, byParent: true }),
};

/**
 * Reads what the OpenTelemetry specification says about `OTEL_SDK_DISABLED`, `OTEL_TRACES_EXPORTER`,
 * `OTEL_EXPORTER_OTLP_[TRACES_]ENDPOINT`, `…_PROTOCOL` and `OTEL_TRACES_SAMPLER[_ARG]`; the rest of its variables is
 * read by its own packages. Undefined: no traces, which is so unless an endpoint or the exporter is set. Adds what is
 * wrong to `problems`.
 */
export function readTracing(
  env: Record<string, string | undefined>,
  problems: string[],
): TracingConfig | undefined {
  const exporter = env.OTEL_TRACES_EXPORTER;
  const own = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const common = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const isDisabled = env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || exporter === 'none';
  if (isDisabled || !(exporter || own || common)) {
    return undefined;
  }
  const check = (name: string, isRight: (text: string) => boolean, expected: string) => {
    if (env[name] && !isRight(env[name])) {
      problems.push(`${name} must be ${expected}.`);
    }
  };
  const isUrl = (text: string) => URL.canParse(text) && /^https?:\/\//i.test(text);
  const isProtobuf = (text: string) => text === 'http/protobuf';
  const sampler = env.OTEL_TRACES_SAMPLER || 'parentbased_always_on';
  const samplerNames = Object.keys(SAMPLERS);
  check('OTEL_TRACES_EXPORTER', (text) => text === 'otlp', '"otlp" or "none"');
  for (const kind of ['', 'TRACES_']) {
    const prefix = `OTEL_EXPORTER_OTLP_${kind}`;
    check(`${prefix}ENDPOINT`, isUrl, 'a URL that begins with https:// or http://');
    check(`${prefix}PROTOCOL`, isProtobuf, '"http/protobuf"');
  }
  check(
    'OTEL_TRACES_SAMPLER',
    (text) => Object.hasOwn(SAMPLERS, text),
    `one of ${samplerNames.join(', ')}`,
  );
  const isShare = (text: string) => /^(?:0?\.\d+|[01](?:\.0*)?)$/.test(text);
  check('OTEL_TRACES_SAMPLER_ARG', isShare, 'a number from 0 to 1');
  return {
    url: own || `${(common || DEFAULT_ENDPOINT).replace(/\/+$/, '')}/v1/traces`,
    ratio: 1,
    byParent: true,
    ...SAMPLERS[sampler]?.(Number(env.OTEL_TRACES_SAMPLER_ARG || 1)),
  };
}
