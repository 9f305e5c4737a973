/** Two gateways in processes of their own on one database, as behind a load balancer. */
import { rm } from 'node:fs/promises';
import pg from 'pg';
import { startGatewayProcess } from '../cli/gateway-process.ts';
import { newDataDir } from '../support/data-dir.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createIssuer } from '../support/issuer.ts';

export type Answer = { __typename: string; code?: string; message?: string } & Record<
  string,
  unknown
>;

export type TwoGateways = TestDatabase & {
  /**
   * Sends a mutation to one of the gateways and returns its result; BUSY is tried again, as callers do. With the key
   * unless another credential (or null for none) is given.
   */
  mutate(
    gateway: number,
    name: string,
    input: Record<string, unknown>,
    selection?: string,
    credential?: string | null,
  ): Promise<Answer>;
  ask(
    gateway: number,
    query: string,
    variables?: object,
    credential?: string | null,
  ): Promise<Record<string, unknown>>;
  /** A token of the person with this address, whom both gateways know by it. */
  tokenOf(email: string): Promise<string>;
  /** Where they are reached. */
  urls: string[];
};

const KEY = `ghk_${'r'.repeat(43)}`;

/** Starts both, with more settings if any; `close` ends them and drops their database. */
export async function startTwoGateways(
  settings: Record<string, string> = {},
): Promise<TwoGateways> {
  const database = await createDatabase();
  const issuer = await createIssuer({
    settings: { linkingDomains: '*', authMethod: 'GOOGLE', provider: 'Test' },
  });
  const dataDir = newDataDir();
  const undo: (() => void)[] = [];
  const options = {
    env: {
      DATABASE_URL: database.url,
      GATEHOUSE_API_KEY: KEY,
      GATEHOUSE_DATA_DIR: dataDir,
      GATEHOUSE_TRUSTED_ISSUERS: issuer.settings,
      ...settings,
    },
    cwd: process.cwd(),
    cleanUp: (step: () => void) => {
      undo.push(step);
    },
  };
  const gateways = await Promise.all([startGatewayProcess(options), startGatewayProcess(options)]);
  const ask: TwoGateways['ask'] = async (gateway, query, variables, credential = KEY) => {
    const response = await fetch(`${gateways[gateway % 2]?.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(credential !== null && { authorization: `Bearer ${credential}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await response.json();
    if (errors) {
      throw new Error(JSON.stringify(errors));
    }
    return data;
  };
  const mutate: TwoGateways['mutate'] = async (...asked) => {
    const [gateway, name, input, selection = '', credential] = asked;
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const query = `mutation ($input: ${type}Input!) {
      ${name}(input: $input) { __typename ... on Error { code message } ${selection} }
    }`;
    const answer = (await ask(gateway, query, { input }, credential))[name] as Answer;
    return answer.code === 'BUSY' ? mutate(...asked) : answer;
  };
  return {
    ...database,
    ask,
    mutate,
    tokenOf: (email) => issuer.token({ sub: email, email, email_verified: true }),
    urls: gateways.map(({ url }) => url),
    async close() {
      for (const step of undo) {
        step();
      }
      await Promise.all(gateways.map(({ ended }) => ended));
      await database.close();
      await issuer.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const DEADLOCK = '40P01';

/** Runs `work` in a transaction on a connection of its own, without any lock of ours; undone, if it is in a deadlock. */
export async function naively(
  { url }: TestDatabase,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('BEGIN');
    await work(client);
    await client.query('COMMIT');
  } catch (error) {
    // Locks that nobody has put into an order: the others go on, and what they have done is judged.
    if (!(error instanceof pg.DatabaseError && error.code === DEADLOCK)) {
      throw error;
    }
  } finally {
    await client.end();
  }
}
