import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { bearer, openSocket, transports } from './wire.ts';

const organizations = '{ organizations { nodes { id } } }';
/** More than an operation takes that nobody blocks, on a busy machine, too. */
const MOST_MS = 1500;

let world: TestGateway;
let url: string;
let other: pg.Client;

beforeAll(async () => {
  world = await createGateway({
    GATEHOUSE_MAX_OPERATION_MS: String(MOST_MS),
    GATEHOUSE_MAX_OPERATIONS_PER_SOCKET: '2',
  });
  url = world.gateway.url;
  other = new pg.Client({ connectionString: world.url });
  await other.connect();
});

afterAll(async () => {
  await other.end();
  await world.close();
});

/** While `work` runs, whoever reads or writes an organization waits. */
async function whileBlocked<Result>(work: () => Promise<Result>): Promise<Result> {
  await other.query('BEGIN');
  await other.query('LOCK TABLE organization IN ACCESS EXCLUSIVE MODE');
  try {
    return await work();
  } finally {
    await other.query('ROLLBACK');
  }
}

const tooLong = (sentence: RegExp) => ({
  errors: [
    {
      message: expect.stringMatching(sentence),
      extensions: {
        code: 'LIMIT_EXCEEDED',
        limit: 'operationMs',
        max: MOST_MS,
        found: expect.any(Number),
      },
    },
  ],
});

describe.each(Object.entries(transports))('%s', (_name, transport) => {
  it('gives up an operation that takes too long', async () => {
    const answer = await whileBlocked(() => transport(url, { query: organizations }, world.key));
    expect(answer).toEqual(
      tooLong(/^This exceeds the limit "operationMs": it is \d+, .* allowed\.$/),
    );
    expect(await transport(url, { query: organizations }, world.key)).not.toHaveProperty('errors');
  });
});

it('begins no mutation after its time, and says that the one under way may be done', async () => {
  const create = (slug: string) =>
    `${slug}: organizationCreate(input: { displayName: "X", slug: "${slug}" }) { __typename }`;
  const answer = await whileBlocked(() =>
    world.ask(`mutation { ${create('first')} ${create('second')} }`),
  );
  expect(answer).toEqual(tooLong(/ It may have been done nevertheless\.$/));
  const find = async (slug: string) =>
    (await world.ask(`{ organization(by: { slug: "${slug}" }) { slug } }`)).data?.organization;
  await expect.poll(() => find('first')).toEqual({ slug: 'first' });
  await world.ask(`mutation { ${create('third')} }`);
  expect(await find('third')).toEqual({ slug: 'third' });
  expect(await find('second')).toBeNull();
});

it('runs so many operations on one socket, and refuses those beyond at once', async () => {
  const { tell, hear, socket } = await openSocket(url);
  tell({ type: 'connection_init', payload: bearer(world.key) });
  await hear();
  const subscribe = (id: string, query: string) =>
    tell({ type: 'subscribe', id, payload: { query } });
  const refused = await whileBlocked(async () => {
    subscribe('a', organizations);
    subscribe('b', organizations);
    subscribe('c', '{ __typename }');
    return await hear();
  });
  const extensions = { code: 'LIMIT_EXCEEDED', limit: 'operationsPerSocket', max: 2, found: 3 };
  expect(refused).toEqual({
    id: 'c',
    type: 'error',
    payload: [{ message: expect.stringContaining('"operationsPerSocket"'), extensions }],
  });
  const heard = [await hear(), await hear(), await hear(), await hear()];
  expect(heard.map(({ id, type }) => `${id} ${type}`).sort()).toEqual([
    'a complete',
    'a next',
    'b complete',
    'b next',
  ]);
  subscribe('d', '{ __typename }');
  expect(await hear()).toEqual({
    id: 'd',
    type: 'next',
    payload: { data: { __typename: 'Query' } },
  });
  socket.terminate();
});
