import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, createGateway, type TestGateway } from '../support/gateway.ts';
import { hostileDocuments } from '../support/hostile-documents.ts';
import { bearer, openSocket, post, transports } from './wire.ts';

const viewer = { query: '{ viewer { kind } }' };

let world: TestGateway;
let url: string;

beforeAll(async () => {
  world = await createGateway();
  url = world.gateway.url;
});

afterAll(() => world.close());

function expectNothing({ data, errors }: Answer<unknown>): void {
  expect(errors?.length).toBeGreaterThan(0);
  expect(Object.values(data ?? {}).filter((value) => value !== null)).toEqual([]);
}

describe.each(Object.entries(transports))('%s', (_name, transport) => {
  it.each(Object.entries(hostileDocuments))('refuses %s', async (_what, hostile) => {
    const { operation, code, limit } = hostile;
    const answer = await transport(url, operation, world.key);
    expectNothing(answer);
    expect(answer.errors?.length).toBeLessThanOrEqual(100);
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code, ...(limit && { limit }) });
    if (limit !== undefined) {
      const [{ message, extensions: { max, found } = {} } = { message: '' }] = answer.errors ?? [];
      expect(Number(found)).toBeGreaterThan(Number(max));
      for (const said of [limit, max, found]) {
        expect(message).toContain(String(said));
      }
    }
    expect(answer).toEqual(await transports.POST?.(url, operation, world.key));
  });

  it('answers others meanwhile', async () => {
    const harm = Object.values(hostileDocuments).map(({ operation }) =>
      transport(url, operation, world.key),
    );
    expect(await transport(url, viewer, null)).toEqual({ data: { viewer: { kind: 'ANONYMOUS' } } });
    for (const answer of await Promise.all(harm)) {
      expectNothing(answer);
    }
  });
});

// These do not fit into a URL: Node refuses it with 431 before anybody looks at it.
describe('a megabyte', () => {
  const million = 1_000_000;

  it.each([
    ['of comments', { query: `{ viewer { kind } }${'#\n'.repeat(million / 4)}` }],
    ['of blanks', { query: `{ viewer { kind } }${' '.repeat(million)}` }],
    ['of one string', { query: `{ node(id: "${'x'.repeat(million)}") { id } }` }],
    ['of lines', { query: `{ node(id: """${'\n'.repeat(million / 4)}""") { id } }` }],
    ['of brackets', { query: '{a'.repeat(million / 2) }],
  ])('%s is refused over POST, server-sent events and WebSocket', async (_what, operation) => {
    for (const name of ['POST', 'SSE by POST', 'WebSocket']) {
      const answer = await transports[name]?.(url, operation, world.key);
      expect(answer, name).toEqual({
        errors: [
          {
            message: expect.stringContaining('"documentLength"'),
            extensions: {
              code: 'LIMIT_EXCEEDED',
              limit: 'documentLength',
              max: 100_000,
              found: operation.query.length,
            },
          },
        ],
      });
    }
  });

  it('is not needed: comments are tokens, too', async () => {
    const operation = { query: `{ viewer { kind } }${'#\n'.repeat(5000)}` };
    for (const name of ['POST', 'SSE by POST', 'WebSocket']) {
      const answer = await transports[name]?.(url, operation, world.key);
      const extensions = { code: 'LIMIT_EXCEEDED', limit: 'tokens', max: 5000, found: 5006 };
      expect(answer?.errors?.[0]?.extensions, name).toEqual(extensions);
    }
  });

  it('of ids in the variables is refused, too', async () => {
    const ids = Array.from({ length: 30_000 }, () => 'org_01h45ytscbebyvny4gc8cr8ma2');
    const operation = {
      query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
      variables: { ids },
    };
    for (const name of ['POST', 'SSE by POST', 'WebSocket']) {
      const answer = await transports[name]?.(url, operation, world.key);
      expect(answer?.errors?.[0]?.extensions?.code, name).toBe('INVALID_INPUT');
    }
  });

  it('in a URL is not read', async () => {
    const address = `${url}/graphql?query=${'x'.repeat(million)}`;
    const status = await fetch(address).then(
      (response) => response.status,
      () => 'closed',
    );
    expect([431, 'closed']).toContain(status);
    expect(await transports.GET?.(url, viewer, null)).toHaveProperty('data');
  });
});

it('is told over HTTP by the status, to those who know that results have one', async () => {
  const { operation } = hostileDocuments['deep fields'] ?? {};
  const accept = 'application/graphql-response+json';
  const told = await post(url, operation, { ...bearer(world.key), accept });
  expect(told.status).toBe(400);
  expect((await post(url, operation, bearer(world.key))).status).toBe(200);
});

it('leaves the socket open on which others wait', async () => {
  const { tell, hear, socket } = await openSocket(url);
  tell({ type: 'connection_init' });
  await hear();
  const harm = Object.values(hostileDocuments);
  for (const [index, { operation }] of harm.entries()) {
    tell({ type: 'subscribe', id: `harm ${index}`, payload: operation });
  }
  tell({ type: 'subscribe', id: 'good', payload: viewer });
  const heard = [];
  for (let ended = 0; ended <= harm.length; ) {
    const message = await hear();
    heard.push(message);
    ended += message.type === 'next' ? 0 : 1;
  }
  expect(heard.filter(({ id }) => id === 'good')).toEqual([
    { id: 'good', type: 'next', payload: { data: { viewer: { kind: 'ANONYMOUS' } } } },
    { id: 'good', type: 'complete' },
  ]);
  socket.terminate();
});
