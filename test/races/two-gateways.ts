/** Two gateways in processes of their own on one database, as behind a load balancer. */
import pg from 'pg';
import { startGatewayProcess } from '../cli/gateway-process.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

export type Answer = { __typename: string; code?: string; message?: string } & Record<
  string,
  unknown
>;

export type TwoGateways = TestDatabase & {
  /** Sends a mutation to one of the gateways and returns its result; BUSY is tried again, as callers do. */
  mutate(
    gateway: number,
    name: string,
    input: Record<string, unknown>,
    selection?: string,
  ): Promise<Answer>;
  ask(gateway: number, query: string, variables?: object): Promise<Record<string, unknown>>;
  /** Where they are reached. */
  urls: string[];
};

const KEY = `ghk_${'r'.repeat(43)}`;

/** Starts both, with more settings if any; `close` ends them and drops their database. */
export async function startTwoGateways(
  settings: Record<string, string> = {},
): Promise<TwoGateways> {
  const database = await createDatabase();
  const undo: (() => void)[] = [];
  const options = {
    env: { DATABASE_URL: database.url, GATEHOUSE_API_KEY: KEY, ...settings },
    cwd: process.cwd(),
    cleanUp: (step: () => void) => {
      undo.push(step);
    },
  };
  const gateways = await Promise.all([startGatewayProcess(options), startGatewayProcess(options)]);
  const ask: TwoGateways['ask'] = async (gateway, query, variables) => {
    const response = await fetch(`${gateways[gateway % 2]?.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await response.json();
    if (errors) {
      throw new Error(JSON.stringify(errors));
    }
    return data;
  };
  const mutate: TwoGateways['mutate'] = async (gateway, name, input, selection = '') => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const query = `mutation ($input: ${type}Input!) {
      ${name}(input: $input) { __typename ... on Error { code message } ${selection} }
    }`;
    const answer = (await ask(gateway, query, { input }))[name] as Answer;
    return answer.code === 'BUSY' ? mutate(gateway, name, input, selection) : answer;
  };
  return {
    ...database,
    ask,
    mutate,
    urls: gateways.map(({ url }) => url),
    async close() {
      for (const step of undo) {
        step();
      }
      await Promise.all(gateways.map(({ ended }) => ended));
      await database.close();
    },
  };
}

/** Runs `work` in a transaction on a connection of its own, without any lock of ours. */
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
  } finally {
    await client.end();
  }
}
