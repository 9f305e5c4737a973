import { beforeAll, describe, expect, it } from 'vitest';
import {
  filesWith,
  forbiddenImports,
  importCycles,
  importsOf,
  type Rule,
  readSources,
  type Sources,
} from './support/source-rules.ts';

const databaseTypes = 'db/generated/prisma/client.ts';
const enums = 'db/generated/prisma/enums.ts';

/** The first rule that fits counts. */
const rules: [pattern: string, rule: Rule][] = [
  [
    'domain/**',
    {
      values: ['domain/**', enums, 'node:crypto', 'node:url'],
      types: [databaseTypes],
    },
  ],
  [
    'loaders/**',
    {
      values: [
        'loaders/**',
        'domain/**',
        'db/statement.ts',
        'db/tables.ts',
        enums,
        'kysely',
        'dataloader',
      ],
      types: ['db/database.ts', databaseTypes],
    },
  ],
  [
    'graphql/**',
    {
      values: [
        'graphql/**',
        'domain/**',
        'db/generated/pothos.ts',
        'graphql',
        'graphql-scalars',
        '@pothos/*',
      ],
      types: ['loaders/**', 'feed/**', 'db/tables.ts', databaseTypes],
    },
  ],
  [
    'auth/**',
    {
      values: [
        'auth/**',
        'domain/**',
        'loaders/statement.ts',
        'db/embedded/**',
        enums,
        'kysely',
        'jose',
        'lru-cache',
        'zod',
        'node:*',
        'node:*/*',
      ],
      types: ['config.ts', 'db/database.ts', databaseTypes, 'pino'],
    },
  ],
  [
    'feed/**',
    {
      values: [
        'feed/**',
        'loaders/event-horizon.ts',
        'loaders/event-place.ts',
        'domain/permission.ts',
        'loaders/event.ts',
        'loaders/event-horizon.ts',
        'loaders/event-place.ts',
        'loaders/statement.ts',
        'db/database.ts',
        'kysely',
        'node:timers/promises',
      ],
      types: ['domain/**', databaseTypes],
    },
  ],
  [
    'jobs/**',
    {
      values: ['jobs/**', 'domain/**', 'pg-boss', 'nodemailer', 'liquidjs', 'node:*', 'node:*/*'],
      types: ['db/database.ts', 'pino'],
    },
  ],
  [
    'db/**',
    { values: ['db/**', 'node:*', 'node:*/*', 'pg', 'pg/lib/utils.js', 'kysely', '@prisma/**'] },
  ],
  [
    'http/**',
    {
      values: [
        'http/**',
        'execution/**',
        'graphql/**',
        'auth/**',
        'feed/**',
        'loaders/loaders.ts',
        'domain/acts.ts',
        'domain/errors.ts',
        'domain/idempotency.ts',
        'domain/unread-rights.ts',
        'telemetry/**',
        'node:*',
        'node:*/*',
        '@graphql-tools/executor',
        'graphql',
        'graphql-ws',
        'graphql-yoga',
        '@graphql-yoga/render-graphiql/**',
        'lru-cache',
        'ws',
      ],
      types: [
        'db/database.ts',
        'domain/principal.ts',
        'domain/transaction.ts',
        'loaders/event.ts',
        'loaders/needs.ts',
        'pino',
      ],
    },
  ],
  ['execution/**', { values: ['execution/**', 'graphql'] }],
  [
    'telemetry/**',
    {
      values: ['telemetry/**', 'prom-client', '@opentelemetry/*'],
      types: ['db/database.ts', 'db/statement.ts', 'pino'],
    },
  ],
  [
    'config.ts',
    {
      values: [
        'auth/trusted-issuer.ts',
        'auth/trusted-issuer-settings.ts',
        'node:fs',
        'limit-settings.ts',
        'mail-settings.ts',
        'setting.ts',
        'tracing-config.ts',
        'url-setting.ts',
        'zod',
      ],
    },
  ],
  ['tracing-config.ts', { values: [] }],
  ['limit-settings.ts', { values: ['setting.ts', 'zod'] }],
  ['mail-settings.ts', { values: ['setting.ts', 'zod'] }],
  ['setting.ts', { values: ['zod'] }],
  ['url-setting.ts', { values: ['zod'] }],
  [
    'store.ts',
    { values: ['config.ts', 'db/**', 'domain/**', 'jobs/queue.ts', 'node:crypto', 'pg', 'uuid'] },
  ],
  [
    'gateway.ts',
    {
      values: [
        'config.ts',
        'store.ts',
        ...['auth', 'db', 'domain', 'feed', 'graphql', 'http', 'jobs', 'loaders', 'telemetry'].map(
          (folder) => `${folder}/**`,
        ),
      ],
      types: ['pino'],
    },
  ],
  [
    'cli/**',
    {
      values: [
        'cli/**',
        'gateway.ts',
        'store.ts',
        'config.ts',
        'auth/**',
        'db/**',
        'domain/**',
        'jobs/**',
        'node:*',
        'node:*/*',
        ...['commander', 'pino', 'csv-parse', 'cli-progress', '@clack/prompts', 'zod'],
      ],
    },
  ],
  ['main.ts', { values: ['cli/program.ts'] }],
];

let sources: Sources;
let everything: Sources;

beforeAll(async () => {
  sources = await readSources(['.ts']);
  everything = await readSources(['.ts', '.mjs', '.js']);
});

describe('the source', () => {
  it('is found', () => {
    expect(Object.keys(sources)).toEqual(
      expect.arrayContaining(['main.ts', 'gateway.ts', 'domain/membership.ts', 'http/server.ts']),
    );
    expect(importsOf('main.ts', sources['main.ts'] ?? '')).toEqual([
      { target: 'cli/program.ts', typeOnly: false },
    ]);
  });

  it('imports only what its place allows', () => {
    expect(forbiddenImports(sources, rules)).toEqual([]);
  });

  it('has no circles', () => {
    expect(importCycles(sources)).toEqual([]);
  });

  it('has no default exports and no barrels', () => {
    expect(filesWith(everything, /^export default\b|\bas default\b/m)).toEqual([]);
    expect(filesWith(everything, /^export (?:type )?(?:\*|\{[^}]*\}) from/m)).toEqual([]);
  });

  it('has no file of more than 300 lines', () => {
    const long = Object.entries(everything).filter(([, text]) => text.split('\n').length > 301);
    expect(long.map(([file]) => file)).toEqual([]);
  });

  it('reads the environment in main.ts alone, and writes to no console', () => {
    expect(filesWith(everything, /\bprocess\.env\b|'node:process'/)).toEqual(['main.ts']);
    expect(filesWith(everything, /\bconsole\b/)).toEqual([]);
    expect(
      filesWith(everything, /\bprocess\.(?:exit|stdout|stderr|argv|on)\b/, [
        'main.ts',
        'cli/**',
        'preload.mjs',
      ]),
    ).toEqual([]);
  });

  it('has neither clock nor randomness in the rules', () => {
    const rulesOnly = Object.fromEntries(
      Object.entries(sources).filter(([file]) => file.startsWith('domain/')),
    );
    const impure =
      /Math\.random|Date\.now|new Date\(\)|\bperformance\b|setTimeout|setInterval|\bimport \{[^}]*random[^}]*\} from|getRandomValues|randomUUID/;
    expect(filesWith(rulesOnly, impure)).toEqual([]);
  });
});

// What finds nothing in the source has to find something somewhere.
describe('the rules', () => {
  it.each([
    ['domain/a.ts', "import { x } from '../graphql/b.ts';"],
    ['domain/a.ts', "import { PrismaClient } from '../db/generated/prisma/client.ts';"],
    ['domain/a.ts', "import type { x } from '../db/database.ts';"],
    ['domain/a.ts', "import pg from 'pg';"],
    ['domain/a.ts', "const x = await import('pg');"],
    ['loaders/a.ts', "import {\n  type A,\n  b,\n} from '../graphql/context.ts';"],
    ['graphql/a.ts', "import { run } from '../loaders/statement.ts';"],
    ['graphql/a.ts', "import type { x } from '../http/request.ts';"],
    ['graphql/a.ts', "import type { Database } from '../db/database.ts';"],
    ['auth/a.ts', "import type { Context } from '../graphql/context.ts';"],
    ['http/a.ts', "import { x } from '../gateway.ts';"],
    ['http/a.ts', "export { x } from '../domain/api-key.ts';"],
    ['cli/a.ts', "import '../graphql/schema.ts';"],
    ['db/a.ts', "import type { x } from '../domain/id.ts';"],
    ['main.ts', "import { x } from './gateway.ts';"],
    ['elsewhere/a.ts', ''],
  ])('refuse in %s: %s', (file, text) => {
    expect(forbiddenImports({ [file]: text }, rules)).toHaveLength(1);
  });

  it.each([
    ['domain/a.ts', "import type { Prisma } from '../db/generated/prisma/client.ts';"],
    ['domain/a.ts', "import { type Prisma } from '../db/generated/prisma/client.ts';"],
    ['graphql/a.ts', "import type { Loaders } from '../loaders/loaders.ts';"],
    ['gateway.ts', "import { x } from './http/server.ts';"],
    ['cli/deep/a.ts', "import { x } from '../../store.ts';"],
  ])('allow in %s: %s', (file, text) => {
    expect(forbiddenImports({ [file]: text }, rules)).toEqual([]);
  });

  it('find circles, through types too, and only circles', () => {
    const b = "import type { C } from './c.ts';";
    const circle = { 'a.ts': "import { b } from './b.ts';", 'b.ts': b, 'c.ts': "import './a.ts';" };
    expect(importCycles(circle)).toEqual(['a.ts → b.ts → c.ts → a.ts']);
    expect(importCycles({ ...circle, 'c.ts': '' })).toEqual([]);
  });

  it('read code, not comments', () => {
    const commented = { 'a.ts': '// console.log\n/* console\n */\nconst url = 1; // console' };
    expect(filesWith(commented, /console/)).toEqual([]);
    expect(filesWith({ 'a.ts': "const x = 'http://x'; console.log(1);" }, /console/)).toEqual([
      'a.ts',
    ]);
  });
});
