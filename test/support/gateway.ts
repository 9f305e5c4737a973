import { rm } from 'node:fs/promises';
import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { type Gateway, startGateway } from '../../src/gateway.ts';
import type { TypedDocumentString } from '../generated/graphql.ts';
import { newDataDir } from './data-dir.ts';
import { createDatabase, type TestDatabase } from './database.ts';

export type Answer<Data> = {
  data?: Data | null;
  errors?: { message: string; path?: (string | number)[]; extensions?: Record<string, unknown> }[];
  extensions?: Record<string, unknown>;
};

export type TestGateway = TestDatabase & {
  gateway: Gateway;
  /** The secret of the first key, which may do everything. */
  key: string;
  /** Sends one operation by POST, with the first key unless another credential (or null for none) is given. */
  ask<Data = Record<string, unknown>, Variables = Record<string, unknown>>(
    query: string | TypedDocumentString<Data, Variables>,
    variables?: Variables,
    credential?: string | null,
  ): Promise<Answer<Data>>;
};

/** A real gateway on a free port over a database of its own, which may have been made before. */
export async function createGateway(
  settings: Record<string, string> = {},
  given?: TestDatabase,
): Promise<TestGateway> {
  const database = given ?? (await createDatabase());
  const config = readConfig({
    PORT: '0',
    DATABASE_URL: database.url,
    GATEHOUSE_DATA_DIR: newDataDir(),
    // From the first time on, so that all that is tested is tested with what is hot otherwise.
    GATEHOUSE_COMPILE_AFTER: process.env.TEST_COMPILE_AFTER ?? '0',
    ...settings,
  });
  const gateway = await startGateway(config, { log: pino({ level: 'silent' }) });
  const key = gateway.newApiKey ?? settings.GATEHOUSE_API_KEY ?? '';
  return {
    ...database,
    gateway,
    key,
    async ask<Data, Variables>(
      query: string | TypedDocumentString<Data, Variables>,
      variables?: Variables,
      credential: string | null = key,
    ) {
      const response = await fetch(`${gateway.localUrl}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(credential === null ? {} : { authorization: `Bearer ${credential}` }),
        },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as Answer<Data>;
    },
    async close() {
      await gateway.stop();
      if (!settings.GATEHOUSE_DATA_DIR) {
        await rm(config.dataDir, { recursive: true, force: true });
      }
      await database.close();
    },
  };
}
