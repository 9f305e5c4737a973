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
