import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../src/config.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
const URL = 'http://collector:4318/v1/traces';

describe('the variables of OpenTelemetry', () => {
  it.each<[Record<string, string>, object | undefined]>([
    [{}, undefined],
    [{ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'nonsense' }, undefined],
    [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }, undefined],
    [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined],
    [ENDPOINT, { url: URL, ratio: 1, byParent: true }],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/x/' },
      { url: 'http://collector:4318/x/v1/traces' },
    ],
    [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://t/x' }, { url: 'https://t/x' }],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, { url: 'http://localhost:4318/v1/traces' }],
    [
      { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'always_off' },
      { ratio: 0, byParent: false },
    ],
    [
      { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' },
      { ratio: 0.25, byParent: false },
    ],
    [
      { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' },
      { ratio: 1, byParent: true },
    ],
    [
      { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'always_on', OTEL_TRACES_SAMPLER_ARG: '0.25' },
      { ratio: 1 },
    ],
  ])('%j', (env, expected) => {
    const { tracing } = readConfig(env);
    if (expected === undefined) {
      expect(tracing).toBeUndefined();
    } else {
      expect(tracing).toMatchObject(expected);
    }
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'hunter2'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'grpc://hunter2'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/json'],
    ['OTEL_TRACES_EXPORTER', 'zipkin'],
    ['OTEL_TRACES_SAMPLER', 'sometimes'],
    ['OTEL_TRACES_SAMPLER', 'toString'],
    ['OTEL_TRACES_SAMPLER_ARG', '2'],
    ['OTEL_TRACES_SAMPLER_ARG', 'x'],
  ])('%s is refused as %j, without its value', (name, value) => {
    const read = () => readConfig({ ...ENDPOINT, [name]: value });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(new RegExp(`^${name} must be [^.]+(?:\\.[^.]+)*\\.$`));
    expect(read).not.toThrow('hunter2');
  });
});
