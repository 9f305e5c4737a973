import { describe, expect, it } from 'vitest';
import { ConfigError, describeSettings, readConfig } from '../src/config.ts';
import { type Expectation, limitExpectations } from './limit-expectations.ts';
import { mailExpectations } from './mail-expectations.ts';

const KEY = `ghk_${'aZ09_-'.repeat(6)}`;
const URL_OF_DATABASE = 'postgresql://gatehouse:hunter2@db.example:5432/gatehouse';

const databaseUrls = {
  good: [URL_OF_DATABASE, 'postgres://h/d', 'postgresql://u@[::1]/d?sslmode=require'].map(
    (url): [string, string] => [url, url],
  ),
  bad: [
    'mysql://u:hunter2@h/d',
    'hunter2',
    '//h/d',
    'postgresql:',
    'postgresql:///d',
    'postgresql://h:hunter2/d',
    ' ',
  ],
};

const expectations: Record<string, Expectation> = {
  PORT: {
    field: 'port',
    byDefault: 4000,
    good: [
      ['0', 0],
      ['1', 1],
      ['8080', 8080],
      ['65535', 65535],
    ],
    bad: ['65536', '-1', '1.5', '0x50', '4e3', '80 ', ' 80', '80\n', 'http', '123456', '٤'],
  },
  HOST: {
    field: 'host',
    byDefault: '127.0.0.1',
    good: ['0.0.0.0', '::1', 'localhost', 'a-b.example'].map((host) => [host, host]),
    bad: ['http://localhost', 'a b', 'a/b', '[::1]', 'a\nb', 'x'.repeat(256)],
  },
  DATABASE_URL: { field: 'databaseUrl', byDefault: undefined, ...databaseUrls },
  GATEHOUSE_DIRECT_DATABASE_URL: {
    field: 'directDatabaseUrl',
    byDefault: undefined,
    ...databaseUrls,
    beside: { DATABASE_URL: URL_OF_DATABASE },
  },
  GATEHOUSE_PREPARED_STATEMENTS: {
    field: 'preparedStatements',
    byDefault: true,
    good: [
      ['on', true],
      ['off', false],
    ],
    bad: ['true', 'On', 'yes', '0', 'off '],
  },
  GATEHOUSE_COMPILE_AFTER: {
    field: 'compileAfter',
    byDefault: 10,
    good: [
      ['off', undefined],
      ['0', 0],
      ['1000000', 1_000_000],
    ],
    bad: ['on', '-1', '1.5', '1000001', ' 1'],
  },
  GATEHOUSE_DATA_DIR: {
    field: 'dataDir',
    byDefault: '.data',
    good: ['/var/lib/x', 'a b', 'ü'].map((path) => [path, path]),
    bad: ['a\0b'],
  },
  GATEHOUSE_API_KEY: {
    field: 'apiKey',
    byDefault: undefined,
    good: [KEY, `ghk_${'x'.repeat(32)}`, `ghk_${'x'.repeat(200)}`].map((key) => [key, key]),
    bad: [
      `ghk_${'x'.repeat(31)}`,
      `ghk_${'x'.repeat(201)}`,
      `GHK_${'x'.repeat(32)}`,
      'x'.repeat(40),
      `ghk_${'x'.repeat(32)}\n`,
      `ghk_${'ü'.repeat(32)}`,
      `ghk_${'x'.repeat(32)} ${'x'.repeat(32)}`,
    ],
  },
  GATEHOUSE_TRUSTED_ISSUERS: {
    field: 'trustedIssuers',
    byDefault: undefined,
    good: [
      ['[]', []],
      [' [ ] ', []],
    ],
    bad: ['{}', '[', '[hunter2]', 'no/such/file', '/', ' ', 'a\0b', '{"keys":[]}'],
  },
  GATEHOUSE_PUBLIC_URL: {
    field: 'publicUrl',
    byDefault: undefined,
    good: [
      ['https://id.example', 'https://id.example'],
      ['http://id.example:8080/gatehouse', 'http://id.example:8080/gatehouse'],
      ['https://id.example/', 'https://id.example'],
    ],
    bad: [
      'id.example',
      'ftp://id.example',
      'javascript:alert(1)',
      'https:id.example',
      'https://',
      'https://id.example?x=hunter2',
      'https://id.example?',
      'https://id.example#x',
      'https://u:hunter2@id.example',
      'https://:hunter2@id.example',
      'https://id.example/\nx',
    ],
  },
  GATEHOUSE_ALLOWED_ORIGINS: {
    field: 'allowedOrigins',
    byDefault: undefined,
    good: [
      ['*', '*'],
      ['https://app.example', ['https://app.example']],
      [
        'https://App.example:443, http://localhost:3000',
        ['https://app.example', 'http://localhost:3000'],
      ],
      ['https://bücher.example', ['https://xn--bcher-kva.example']],
    ],
    bad: [
      'app.example',
      'null',
      'https://app.example/',
      'https://app.example/path',
      'https://*.app.example',
      '*.app.example',
      'https://app.example,',
      'https://app.example,*',
      '*,*',
      'https://u:hunter2@app.example',
      'https://app.example?hunter2',
      'https://app.example#hunter2',
      'https://app.example https://other.example',
      'ftp://app.example',
      'file://',
      'https://',
      'https://a b',
    ],
  },
  GATEHOUSE_METRICS_TOKEN: {
    field: 'metricsToken',
    byDefault: undefined,
    good: ['x'.repeat(16), 'aZ09._~+/-aaaaaa==', 'x'.repeat(200)].map((token) => [token, token]),
    bad: ['hunter2', 'x'.repeat(15), 'x'.repeat(201), `${'x'.repeat(16)} x`, `${'x'.repeat(16)}\n`],
  },
  GATEHOUSE_EVENT_RETENTION: {
    field: 'eventRetention',
    byDefault: undefined,
    good: [
      ['off', undefined],
      ['2', 2],
      ['36500', 36_500],
    ],
    bad: ['1', '0', '36501', 'OFF', '2.5', '-2', '2d', ' 2'],
  },
  GATEHOUSE_LOG_LEVEL: {
    field: 'logLevel',
    byDefault: 'info',
    good: ['error', 'warn', 'info', 'debug'].map((level) => [level, level]),
    bad: ['silent', 'INFO', '30', 'trace'],
  },
  ...mailExpectations,
  ...limitExpectations,
};

function refusalOf(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error instanceof Error ? error.message : '';
  }
  throw new Error(`Was accepted: ${JSON.stringify(env)}`);
}

it('knows exactly the settings that are tried here', () => {
  expect(Object.keys(expectations).sort()).toEqual(
    describeSettings()
      .map(({ name }) => name)
      .sort(),
  );
});

describe.each(Object.entries(expectations))(
  '%s',
  (name, { field, byDefault, good, bad, beside }) => {
    it('has its default when it is unset or empty', () => {
      expect(readConfig({ ...beside })[field]).toEqual(byDefault);
      expect(readConfig({ ...beside, [name]: '' })[field]).toEqual(byDefault);
    });

    it.each(good)('is accepted as %j', (text, value) => {
      expect(readConfig({ ...beside, [name]: text })[field]).toEqual(value);
    });

    it.each(bad)('is refused as %j, by its name and what it must be, without its value', (text) => {
      const message = refusalOf({ ...beside, [name]: text });
      expect(message).toMatch(new RegExp(`^${name} must be .*\\.$`));
      expect(message).not.toContain('hunter2');
      expect(message).toBe(refusalOf({ ...beside, [name]: bad[0] ?? '' }));
    });
  },
);

it('says all that is wrong at once, in one line', () => {
  const wrong = Object.fromEntries(
    Object.entries(expectations).map(([name, { bad }]) => [name, bad[0] ?? '']),
  );
  const message = refusalOf({ ...wrong, GATEHOUSE_DATABSE_URL: 'hunter2' });
  for (const name of Object.keys(wrong)) {
    expect(message).toContain(`${name} must be `);
  }
  expect(message).toContain('GATEHOUSE_DATABSE_URL is not a setting of Gatehouse.');
  expect(message).not.toContain('hunter2');
  expect(message).not.toContain('\n');
});

it('refuses misspelt settings of its own and leaves those of others alone', () => {
  expect(refusalOf({ GATEHOUSE_PORT: '4000' })).toBe(
    'GATEHOUSE_PORT is not a setting of Gatehouse.',
  );
  expect(refusalOf({ GATEHOUSE_: 'x' })).toBe('GATEHOUSE_ is not a setting of Gatehouse.');
  expect(readConfig({ GATEHOUSE_PORT: '', GATEHOUS: 'x', PATH: '/bin', LANG: 'C' })).toEqual(
    readConfig({}),
  );
});

it('wants the database itself beside the way around its pooler', () => {
  const GATEHOUSE_DIRECT_DATABASE_URL = URL_OF_DATABASE;
  const refusal = 'GATEHOUSE_DIRECT_DATABASE_URL needs DATABASE_URL.';
  expect(refusalOf({ GATEHOUSE_DIRECT_DATABASE_URL })).toBe(refusal);
  expect(refusalOf({ GATEHOUSE_DIRECT_DATABASE_URL, DATABASE_URL: '' })).toBe(refusal);
});
