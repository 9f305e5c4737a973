/** The settings of what an operation may ask for, and of what is served at all. */
import { z } from 'zod';
import { countSetting, rateSetting, setting, switchSetting } from './setting.ts';

/** In the order of the README's table. */
export const limitSettings = {
  GATEHOUSE_MAX_DEPTH: countSetting('Levels of fields in an operation.', '20', 1, 100),
  GATEHOUSE_MAX_COST: countSetting(
    'Fields that the answer to an operation can hold: lists count with their size.',
    '250000',
    1,
    1_000_000_000,
  ),
  GATEHOUSE_MAX_ALIASES: countSetting('Aliases in a document.', '250', 0, 100_000),
  GATEHOUSE_MAX_DIRECTIVES: countSetting('Directives in a document.', '100', 0, 100_000),
  GATEHOUSE_MAX_SELECTIONS: countSetting(
    'Selections of a document, fragments followed: n times the same one counts n × n.',
    '20000',
    1,
    10_000_000,
  ),
  GATEHOUSE_MAX_TOKENS: countSetting('Tokens of a document, and lines.', '5000', 1, 100_000),
  GATEHOUSE_MAX_DOCUMENT_LENGTH: countSetting('Characters of a document.', '100000', 1, 10_000_000),
  GATEHOUSE_MAX_BODY_BYTES: countSetting(
    'Bytes of a request or of a WebSocket message.',
    '262144',
    1,
    100_000_000,
  ),
  GATEHOUSE_MAX_OPERATION_MS: countSetting(
    'Milliseconds until a query or mutation is given up.',
    '30000',
    1,
    3_600_000,
  ),
  GATEHOUSE_MAX_OPERATIONS_PER_SOCKET: countSetting(
    'Operations at once on one WebSocket.',
    '100',
    1,
    100_000,
  ),
  GATEHOUSE_MAX_STREAMS_PER_CALLER: countSetting(
    'Subscriptions at once of one person or key in a process (a hundredfold for keys of the environment).',
    '200',
    1,
    1_000_000,
  ),
  GATEHOUSE_MAX_STREAMS: countSetting('Subscriptions at once in a process.', '20000', 1, 1_000_000),
  GATEHOUSE_RATE_PER_CALLER: rateSetting(
    'Cost per minute of one person or key (a hundredfold for keys of the environment), or "off".',
    '6000000',
    1_000_000_000_000,
  ),
  GATEHOUSE_RATE_PER_ADDRESS: rateSetting(
    'Cost per minute of all callers of one address that are nobody we know, or "off".',
    '600000',
    1_000_000_000_000,
  ),
  GATEHOUSE_INTROSPECTION: switchSetting('Whether the schema can be asked for.', 'on'),
  GATEHOUSE_SUGGESTIONS: switchSetting('Whether errors say what else could be meant.', 'on'),
  GATEHOUSE_GRAPHIQL: switchSetting('Whether GraphiQL is served.', 'on'),
  GATEHOUSE_PERSISTED_DOCUMENTS: setting(
    'The only documents that run: a JSON file by their SHA-256, or a folder.',
    undefined,
    z.string().regex(/^[^\0]+$/),
    'the path of a file or folder',
  ),
};

export type LimitConfig = {
  maxDepth: number;
  maxCost: number;
  maxAliases: number;
  maxDirectives: number;
  maxSelections: number;
  maxTokens: number;
  maxDocumentLength: number;
  maxBodyBytes: number;
  maxOperationMs: number;
  maxOperationsPerSocket: number;
  maxStreamsPerCaller: number;
  maxStreams: number;
  /** Points a minute; undefined: without end. */
  ratePerCaller: number | undefined;
  /** Points a minute; undefined: without end. */
  ratePerAddress: number | undefined;
  introspection: boolean;
  suggestions: boolean;
  graphiql: boolean;
  /** Undefined: every document runs. */
  persistedDocuments: string | undefined;
};

type ReadSetting = <Value>(
  name: keyof typeof limitSettings,
  schema: z.ZodType<Value>,
) => Value | undefined;

/** What `read` finds of the limits and switches; undefined in place of what is wrong. */
export function readLimitConfig(read: ReadSetting) {
  const of = limitSettings;
  return {
    maxDepth: read('GATEHOUSE_MAX_DEPTH', of.GATEHOUSE_MAX_DEPTH.schema),
    maxCost: read('GATEHOUSE_MAX_COST', of.GATEHOUSE_MAX_COST.schema),
    maxAliases: read('GATEHOUSE_MAX_ALIASES', of.GATEHOUSE_MAX_ALIASES.schema),
    maxDirectives: read('GATEHOUSE_MAX_DIRECTIVES', of.GATEHOUSE_MAX_DIRECTIVES.schema),
    maxSelections: read('GATEHOUSE_MAX_SELECTIONS', of.GATEHOUSE_MAX_SELECTIONS.schema),
    maxTokens: read('GATEHOUSE_MAX_TOKENS', of.GATEHOUSE_MAX_TOKENS.schema),
    maxDocumentLength: read(
      'GATEHOUSE_MAX_DOCUMENT_LENGTH',
      of.GATEHOUSE_MAX_DOCUMENT_LENGTH.schema,
    ),
    maxBodyBytes: read('GATEHOUSE_MAX_BODY_BYTES', of.GATEHOUSE_MAX_BODY_BYTES.schema),
    maxOperationMs: read('GATEHOUSE_MAX_OPERATION_MS', of.GATEHOUSE_MAX_OPERATION_MS.schema),
    maxOperationsPerSocket: read(
      'GATEHOUSE_MAX_OPERATIONS_PER_SOCKET',
      of.GATEHOUSE_MAX_OPERATIONS_PER_SOCKET.schema,
    ),
    maxStreamsPerCaller: read(
      'GATEHOUSE_MAX_STREAMS_PER_CALLER',
      of.GATEHOUSE_MAX_STREAMS_PER_CALLER.schema,
    ),
    maxStreams: read('GATEHOUSE_MAX_STREAMS', of.GATEHOUSE_MAX_STREAMS.schema),
    ratePerCaller: read('GATEHOUSE_RATE_PER_CALLER', of.GATEHOUSE_RATE_PER_CALLER.schema),
    ratePerAddress: read('GATEHOUSE_RATE_PER_ADDRESS', of.GATEHOUSE_RATE_PER_ADDRESS.schema),
    introspection: read('GATEHOUSE_INTROSPECTION', of.GATEHOUSE_INTROSPECTION.schema),
    suggestions: read('GATEHOUSE_SUGGESTIONS', of.GATEHOUSE_SUGGESTIONS.schema),
    graphiql: read('GATEHOUSE_GRAPHIQL', of.GATEHOUSE_GRAPHIQL.schema),
    persistedDocuments: read(
      'GATEHOUSE_PERSISTED_DOCUMENTS',
      of.GATEHOUSE_PERSISTED_DOCUMENTS.schema,
    ),
  };
}
