import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, createGateway, type TestGateway } from '../support/gateway.ts';
import { hostileDocuments } from '../support/hostile-documents.ts';
import { bearer, openSocket, post, send, sendBytes, transports } from './wire.ts';

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
describe('what is long', () => {
  const anyLength = ['POST', 'SSE by POST', 'WebSocket'];

  it.each([
    ['documentLength', `{ viewer { kind } }${' '.repeat(200_000)}`],
    ['documentLength', `{ node(id: "${'x'.repeat(200_000)}") { id } }`],
    ['documentLength', '{a'.repeat(100_000)],
    ['lines', `{ node(id: """${'\n'.repeat(99_000)}""") { id } }`],
    ['tokens', `{ viewer { kind } }\n${'#\r'.repeat(40_000)}`],
  ])('exceeds %s', async (limit, query) => {
    for (const name of anyLength) {
      const answer = await transports[name]?.(url, { query }, world.key);
      const { code, ...extensions } = answer?.errors?.[0]?.extensions ?? {};
      expect({ code, limit: extensions.limit }, name).toEqual({ code: 'LIMIT_EXCEEDED', limit });
      expect(Number(extensions.found)).toBeGreaterThan(Number(extensions.max));
    }
  });

  it('is a list of ids, in the variables', async () => {
    const ids = Array.from({ length: 7000 }, () => 'org_01h45ytscbebyvny4gc8cr8ma2');
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';
    for (const name of anyLength) {
      const answer = await transports[name]?.(url, { query, variables: { ids } }, world.key);
      expect(answer?.errors?.[0]?.extensions?.code, name).toBe('INVALID_INPUT');
    }
  });

  it('is a megabyte, which is not even read', async () => {
    for (const accept of ['application/json', 'text/event-stream']) {
      const headers = `Host: x\r\nAccept: ${accept}\r\nContent-Type: application/json`;
      const reply = await sendBytes(
        url,
        `POST /graphql HTTP/1.1\r\n${headers}\r\nContent-Length: 1000000\r\n\r\n`,
      );
      expect(reply).toMatch(/^HTTP\/1\.1 413 /);
      expect(JSON.parse(reply.split('\r\n\r\n')[1] ?? '').errors[0].extensions).toEqual({
        code: 'LIMIT_EXCEEDED',
        limit: 'bodyBytes',
        max: 262_144,
        found: 1_000_000,
      });
      const address = `${url}/graphql?query=${'x'.repeat(20_000)}`;
      expect((await send(address, { headers: { accept } })).status).toBe(431);
    }
    const { tell, hear, closed } = await openSocket(url);
    tell({ type: 'connection_init' });
    await hear();
    const query = `{ viewer { kind } }${' '.repeat(1_000_000)}`;
    tell({ type: 'subscribe', id: '1', payload: { query } });
    expect(await closed).toMatchObject({ code: 1009 });
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
