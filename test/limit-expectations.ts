/** What the settings of limits and switches accept. */
import type { Config } from '../src/config.ts';

export type Expectation = {
  field: keyof Config;
  byDefault: unknown;
  good: [text: string, value: unknown][];
  bad: string[];
  /** What else has to be set. */
  beside?: Record<string, string>;
};

const noCounts = ['-1', '1.5', '0x10', '1e3', ' 1', '1 ', '1\n', 'hunter2', 'on', '٤'];

function count(field: keyof Config, byDefault: number, least: number, most: number): Expectation {
  return {
    field,
    byDefault,
    good: [least, most].map((value) => [String(value), value]),
    bad: [...(least > 0 ? [String(least - 1)] : []), String(most + 1), 'off', ...noCounts],
  };
}

/** A rate of any size, or none. */
export function rate(field: keyof Config, byDefault: number): Expectation {
  return {
    field,
    byDefault,
    good: [
      ['off', undefined],
      ['1', 1],
      ['100000000', 100_000_000],
    ],
    bad: ['0', '1000000000001', 'OFF', 'none', ...noCounts],
  };
}

function onOff(field: keyof Config): Expectation {
  return {
    field,
    byDefault: true,
    good: [
      ['on', true],
      ['off', false],
    ],
    bad: ['true', 'On', 'yes', '0', 'off '],
  };
}

export const limitExpectations: Record<string, Expectation> = {
  GATEHOUSE_MAX_DEPTH: count('maxDepth', 20, 1, 100),
  GATEHOUSE_MAX_COST: count('maxCost', 250_000, 1, 1_000_000_000),
  GATEHOUSE_MAX_ALIASES: count('maxAliases', 250, 0, 100_000),
  GATEHOUSE_MAX_DIRECTIVES: count('maxDirectives', 100, 0, 100_000),
  GATEHOUSE_MAX_SELECTIONS: count('maxSelections', 20_000, 1, 10_000_000),
  GATEHOUSE_MAX_TOKENS: count('maxTokens', 5000, 1, 100_000),
  GATEHOUSE_MAX_DOCUMENT_LENGTH: count('maxDocumentLength', 100_000, 1, 10_000_000),
  GATEHOUSE_MAX_BODY_BYTES: count('maxBodyBytes', 262_144, 1, 100_000_000),
  GATEHOUSE_MAX_OPERATION_MS: count('maxOperationMs', 30_000, 1, 3_600_000),
  GATEHOUSE_MAX_OPERATIONS_PER_SOCKET: count('maxOperationsPerSocket', 100, 1, 100_000),
  GATEHOUSE_MAX_STREAMS_PER_CALLER: count('maxStreamsPerCaller', 200, 1, 1_000_000),
  GATEHOUSE_MAX_STREAMS: count('maxStreams', 20_000, 1, 1_000_000),
  GATEHOUSE_RATE_PER_CALLER: rate('ratePerCaller', 6_000_000),
  GATEHOUSE_RATE_PER_ADDRESS: rate('ratePerAddress', 600_000),
  GATEHOUSE_INTROSPECTION: onOff('introspection'),
  GATEHOUSE_SUGGESTIONS: onOff('suggestions'),
  GATEHOUSE_GRAPHIQL: onOff('graphiql'),
  GATEHOUSE_PERSISTED_DOCUMENTS: {
    field: 'persistedDocuments',
    byDefault: undefined,
    good: ['/etc/documents.json', 'a b', 'ü'].map((path) => [path, path]),
    bad: ['a\0b'],
  },
};
