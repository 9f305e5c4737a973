/** The settings: read once from the environment, checked all together, and from then on plain typed values. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { TrustedIssuer } from './auth/trusted-issuer.ts';
import { readTrustedIssuers } from './auth/trusted-issuer-settings.ts';
import { type LimitConfig, limitSettings, readLimitConfig } from './limit-settings.ts';
import { type MailConfig, mailSettings, readMailConfig } from './mail-settings.ts';
import { rateSetting, setting, switchSetting } from './setting.ts';
import { readTracing, type TracingConfig } from './tracing-config.ts';
import { isOrigin, isPlainHttpUrl, originOf, postgresUrl } from './url-setting.ts';

/** How a setting is called, what it is for, and what it must look like. In the order of the README's table. */
const settings = {
  PORT: setting(
    'Port of the HTTP server; 0 takes a free one.',
    '4000',
    z
      .string()
      .regex(/^\d{1,5}$/)
      .transform(Number)
      .refine((port) => port <= 65_535),
    'a port number from 0 to 65535',
  ),
  HOST: setting(
    'Address the HTTP server listens on.',
    '127.0.0.1',
    z.string().regex(/^[\w.:-]{1,255}$/),
    'an IP address or a host name',
  ),
  DATABASE_URL: setting(
    'Your PostgreSQL (15 or later), instead of the embedded one.',
    undefined,
    postgresUrl(),
    'a URL such as postgresql://user:password@host:5432/database',
  ),
  GATEHOUSE_DIRECT_DATABASE_URL: setting(
    'The same database without a transaction pooler in between, for migrations and LISTEN.',
    undefined,
    postgresUrl(),
    'a URL such as postgresql://user:password@host:5432/database',
  ),
  GATEHOUSE_PREPARED_STATEMENTS: switchSetting(
    'Whether to use prepared statements: "off" behind a pooler that cannot keep them.',
    'on',
  ),
  GATEHOUSE_COMPILE_AFTER: rateSetting(
    'Executions after which a query is compiled; "off": never, and none takes the short way.',
    '10',
    1_000_000,
    0,
  ),
  GATEHOUSE_DATA_DIR: setting(
    'Folder of the embedded PostgreSQL and of files that Gatehouse keeps.',
    '.data',
    z.string().regex(/^[^\0]+$/),
    'the path of a folder',
  ),
  GATEHOUSE_API_KEY: setting(
    'An environment key with all permissions, instead of a generated one.',
    undefined,
    z.string().regex(/^ghk_[A-Za-z0-9_-]{32,200}$/),
    '"ghk_" and at least 32 URL-safe characters',
  ),
  GATEHOUSE_TRUSTED_ISSUERS: setting(
    'Whose tokens people sign in with: JSON, or the path of a file with it.',
    undefined,
    z.string().regex(/^[^\0]+$/),
    'a JSON array of trusted issuers, or the path of a file with one',
  ),
  GATEHOUSE_PUBLIC_URL: setting(
    'Where people reach the gateway, when that is not its own address.',
    undefined,
    z
      .string()
      .refine(isPlainHttpUrl)
      .transform((url) => url.replace(/\/+$/, '')),
    'a URL that begins with https:// or http://, without query or fragment',
  ),
  GATEHOUSE_ALLOWED_ORIGINS: setting(
    'Origins of the web pages that may use the gateway, separated by commas; "*" for all.',
    undefined,
    z
      .string()
      .refine((text) => text === '*' || text.split(',').every(isOrigin))
      .transform((text) => (text === '*' ? text : text.split(',').map(originOf))),
    '"*", or origins such as https://app.example with commas between them',
  ),
  GATEHOUSE_METRICS_TOKEN: setting(
    'Bearer token that opens `/metrics`; without it there are none.',
    undefined,
    z.string().regex(/^[A-Za-z0-9._~+/-]{16,200}=*$/),
    'at least 16 characters that a bearer token may have',
  ),
  // At least as long as the limits of invitations look back.
  GATEHOUSE_EVENT_RETENTION: rateSetting(
    'Days that events are kept, then they go from histories, lists and streams; "off" for ever.',
    'off',
    36_500,
    2,
  ),
  GATEHOUSE_LOG_LEVEL: setting(
    'How much is logged: "error", "warn", "info" or "debug".',
    'info',
    z.enum(['error', 'warn', 'info', 'debug']),
    '"error", "warn", "info" or "debug"',
  ),
  ...mailSettings,
  ...limitSettings,
};

export type Config = MailConfig &
  LimitConfig & {
    port: number;
    host: string;
    /** Undefined: the embedded PostgreSQL. */
    databaseUrl: string | undefined;
    directDatabaseUrl: string | undefined;
    preparedStatements: boolean;
    /** Undefined: never. */
    compileAfter: number | undefined;
    dataDir: string;
    apiKey: string | undefined;
    /** Undefined: none, or on the embedded PostgreSQL the one for development; an empty array is none in any case. */
    trustedIssuers: TrustedIssuer[] | undefined;
    /** Without a slash at the end. */
    publicUrl: string | undefined;
    /** Undefined: the gateway's own only. */
    allowedOrigins: readonly string[] | '*' | undefined;
    /** Undefined: no metrics. */
    metricsToken: string | undefined;
    /** Undefined: no traces. */
    tracing: TracingConfig | undefined;
    /** Days; undefined: events are kept for ever. */
    eventRetention: number | undefined;
    logLevel: 'error' | 'warn' | 'info' | 'debug';
  };

/** Thrown with every setting that is wrong, by name and with what is expected; never with its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the settings out of environment variables, and out of the file that one of them may name (`readFile` throws
 * when there is none). An empty variable counts as unset.
 *
 * @throws ConfigError naming every setting that is wrong.
 */
export function readConfig(
  env: Record<string, string | undefined>,
  readFile = (path: string) => readFileSync(path, 'utf8'),
): Config {
  const problems: string[] = [];
  const read = <Value>(
    name: keyof typeof settings,
    schema: z.ZodType<Value>,
  ): Value | undefined => {
    const text = env[name] || settings[name].byDefault;
    if (text === undefined) {
      return undefined;
    }
    const result = schema.safeParse(text);
    if (!result.success) {
      problems.push(`${name} must be ${settings[name].expected}.`);
    }
    return result.data;
  };
  const readIssuers = (): TrustedIssuer[] | undefined => {
    const name = 'GATEHOUSE_TRUSTED_ISSUERS';
    const text = read(name, settings[name].schema);
    const json = text === undefined ? undefined : jsonOf(text, readFile);
    if (json === undefined) {
      if (text !== undefined) {
        problems.push(`${name} must be ${settings[name].expected}.`);
      }
      return undefined;
    }
    const result = readTrustedIssuers(json);
    if ('issuers' in result) {
      return result.issuers;
    }
    problems.push(...result.problems.map(({ path, message }) => `${name}${path} ${message}.`));
    return undefined;
  };
  const config = {
    port: read('PORT', settings.PORT.schema),
    host: read('HOST', settings.HOST.schema),
    databaseUrl: read('DATABASE_URL', settings.DATABASE_URL.schema),
    directDatabaseUrl: read(
      'GATEHOUSE_DIRECT_DATABASE_URL',
      settings.GATEHOUSE_DIRECT_DATABASE_URL.schema,
    ),
    preparedStatements: read(
      'GATEHOUSE_PREPARED_STATEMENTS',
      settings.GATEHOUSE_PREPARED_STATEMENTS.schema,
    ),
    compileAfter: read('GATEHOUSE_COMPILE_AFTER', settings.GATEHOUSE_COMPILE_AFTER.schema),
    dataDir: read('GATEHOUSE_DATA_DIR', settings.GATEHOUSE_DATA_DIR.schema),
    apiKey: read('GATEHOUSE_API_KEY', settings.GATEHOUSE_API_KEY.schema),
    trustedIssuers: readIssuers(),
    publicUrl: read('GATEHOUSE_PUBLIC_URL', settings.GATEHOUSE_PUBLIC_URL.schema),
    allowedOrigins: read('GATEHOUSE_ALLOWED_ORIGINS', settings.GATEHOUSE_ALLOWED_ORIGINS.schema),
    metricsToken: read('GATEHOUSE_METRICS_TOKEN', settings.GATEHOUSE_METRICS_TOKEN.schema),
    tracing: readTracing(env, problems),
    eventRetention: read('GATEHOUSE_EVENT_RETENTION', settings.GATEHOUSE_EVENT_RETENTION.schema),
    logLevel: read('GATEHOUSE_LOG_LEVEL', settings.GATEHOUSE_LOG_LEVEL.schema),
    ...readMailConfig(read),
    ...readLimitConfig(read),
  };
  problems.push(...unknownSettings(env));
  if (
    config.directDatabaseUrl !== undefined &&
    config.databaseUrl === undefined &&
    !env.DATABASE_URL
  ) {
    problems.push('GATEHOUSE_DIRECT_DATABASE_URL needs DATABASE_URL.');
  }
  if (problems.length > 0) {
    throw new ConfigError(problems.join(' '));
  }
  return config as Config;
}

/** The settings as lines for `--help` and the README: name, meaning, default. */
export function describeSettings(): { name: string; meaning: string; byDefault: string }[] {
  return Object.entries(settings).map(([name, { meaning, byDefault }]) => ({
    name,
    meaning,
    byDefault: byDefault ?? '',
  }));
}

// A misspelt setting would otherwise silently do nothing.
function unknownSettings(env: Record<string, string | undefined>): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('GATEHOUSE_') && env[name] && !(name in settings))
    .map((name) => `${name} is not a setting of Gatehouse.`);
}

/** What stands in the setting itself or in the file that it names; undefined when that is no JSON array. */
function jsonOf(text: string, readFile: (path: string) => string): unknown[] | undefined {
  try {
    const json: unknown = JSON.parse(/^\s*[[{]/.test(text) ? text : readFile(text));
    return Array.isArray(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
