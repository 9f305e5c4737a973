import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { bearer, get, openSocket, post, type Reply, send } from './wire.ts';

const viewer = '{ viewer { kind } }';
const ALLOWED = 'https://app.example';
const PUBLIC = 'https://id.example';
const ANSWERED = { status: 200, body: '{"data":{"viewer":{"kind":"API_KEY"}}}' };
const REFUSED = {
  status: 403,
  body: '{"errors":[{"message":"Pages of this origin may not use the gateway.","extensions":{"code":"ORIGIN_NOT_ALLOWED"}}]}',
};

let closed: TestGateway;
let some: TestGateway;
let all: TestGateway;

beforeAll(async () => {
  closed = await createGateway();
  const GATEHOUSE_ALLOWED_ORIGINS = `${ALLOWED},http://localhost:3000`;
  const settings = { GATEHOUSE_ALLOWED_ORIGINS, GATEHOUSE_PUBLIC_URL: `${PUBLIC}/gatehouse` };
  some = await createGateway(settings);
  all = await createGateway({ GATEHOUSE_ALLOWED_ORIGINS: '*' });
});

afterAll(async () => {
  for (const world of [closed, some, all]) {
    await world?.close();
  }
});

/** Where it listens, whatever it is called in public. */
function addressOf({ gateway }: TestGateway): string {
  return gateway.localUrl;
}

function crossOrigin({ headers }: Reply): Record<string, unknown> {
  const entries = Object.entries(headers).filter(([name]) => name.startsWith('access-control-'));
  return Object.fromEntries(entries);
}

function preflight(world: TestGateway, origin: string): Promise<Reply> {
  return send(`${addressOf(world)}/graphql`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });
}

async function upgrade(world: TestGateway, headers: Record<string, string>): Promise<number> {
  const address = `${addressOf(world).replace('http', 'ws')}/graphql`;
  const socket = new WebSocket(address, 'graphql-transport-ws', { headers });
  const status = await Promise.race([
    once(socket, 'open').then(() => 101),
    once(socket, 'unexpected-response').then(([, { statusCode }]) => Number(statusCode)),
  ]);
  socket.on('error', () => {});
  socket.terminate();
  return status;
}

/** Neither it nor a likeness of it is allowed. */
const foreign = [
  'https://evil.example',
  'null',
  'https://app.example.evil.example',
  'https://evil-app.example',
  'https://sub.app.example',
  'http://app.example',
  'https://app.example:8443',
  'https://app.example/',
  'https://app.example,https://evil.example',
  'HTTPS://APP.EXAMPLE',
  'https://id.example.evil.example',
  'http://id.example',
  'file://',
  '*',
  'x',
  '',
];

describe.each(foreign)('a page of %j', (origin) => {
  it('is turned away before anything is done', async () => {
    for (const world of [closed, some]) {
      const url = addressOf(world);
      const headers = { ...bearer(world.key), origin };
      for (const reply of [
        await preflight(world, origin),
        await post(url, { query: viewer }, headers),
        await get(url, { query: viewer }, headers),
        await post(url, { query: viewer }, { ...headers, accept: 'text/event-stream' }),
        await get(url, { query: viewer }, { ...headers, accept: 'text/event-stream' }),
        // Not even whether its credentials are good.
        await post(url, '{', { origin, authorization: 'Bearer nobody' }),
      ]) {
        expect(reply).toMatchObject(REFUSED);
        expect(reply.headers.vary).toBe('origin');
        expect(crossOrigin(reply)).toEqual({});
      }
    }
  });

  it('gets no WebSocket', async () => {
    expect(await upgrade(closed, { origin })).toBe(403);
    expect(await upgrade(some, { origin })).toBe(403);
  });
});

describe('a page that is allowed', () => {
  it('is answered, and shown what it needs, by name and not by wildcard', async () => {
    const url = addressOf(some);
    for (const origin of [ALLOWED, 'http://localhost:3000', PUBLIC]) {
      const headers = { ...bearer(some.key), origin };
      for (const reply of [
        await post(url, { query: viewer }, headers),
        await get(url, { query: viewer }, headers),
      ]) {
        expect(reply).toMatchObject(ANSWERED);
        expect(reply.headers.vary).toBe('origin');
        expect(crossOrigin(reply)).toEqual({
          'access-control-allow-origin': origin,
          'access-control-expose-headers': 'retry-after, www-authenticate, x-request-id',
        });
      }
      expect(await upgrade(some, { origin })).toBe(101);
    }
  });

  it('can read why it was refused', async () => {
    const url = addressOf(some);
    for (const reply of [
      await post(url, { query: viewer }, { origin: ALLOWED, authorization: 'Bearer nobody' }),
      await post(url, '{', { origin: ALLOWED }),
      await post(url, '{}', { origin: ALLOWED, 'content-type': 'text/plain' }),
    ]) {
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect(reply.headers['access-control-allow-origin']).toBe(ALLOWED);
    }
  });

  it('has its preflight answered, for all that clients send', async () => {
    const reply = await preflight(some, ALLOWED);
    expect(reply).toMatchObject({ status: 204, body: '' });
    expect(reply.headers.vary).toBe('origin');
    expect(crossOrigin(reply)).toEqual({
      'access-control-allow-origin': ALLOWED,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers':
        'authorization, content-type, idempotency-key, traceparent, tracestate, x-request-id',
      'access-control-expose-headers': 'retry-after, www-authenticate, x-request-id',
      'access-control-max-age': '600',
    });
    const headers = { origin: ALLOWED };
    const plain = await send(`${addressOf(some)}/graphql`, { method: 'OPTIONS', headers });
    expect(plain).toMatchObject({ status: 405, headers: { allow: 'GET, POST' } });
  });

  it('may be any page, if that is written out', async () => {
    for (const origin of ['https://evil.example', 'null']) {
      const headers = { ...bearer(all.key), origin };
      const reply = await post(addressOf(all), { query: viewer }, headers);
      expect(reply).toMatchObject(ANSWERED);
      expect(reply.headers['access-control-allow-origin']).toBe('*');
      expect((await preflight(all, origin)).status).toBe(204);
      expect(await upgrade(all, { origin })).toBe(101);
    }
  });

  it('never has cookies sent along', async () => {
    for (const world of [some, all]) {
      const reply = await preflight(world, ALLOWED);
      expect(reply.headers).not.toHaveProperty('access-control-allow-credentials');
    }
  });
});

describe('the gateway itself', () => {
  it('is where GraphiQL comes from, by whatever name it is reached', async () => {
    const url = addressOf(closed);
    const { port } = new URL(url);
    for (const [host, origin] of [
      [`127.0.0.1:${port}`, url],
      [`localhost:${port}`, `http://localhost:${port}`],
      ['ID.example', 'https://id.example'],
      ['id.example:443', 'https://id.example'],
    ] as const) {
      const headers = { ...bearer(closed.key), host, origin };
      expect(await post(url, { query: viewer }, headers), origin).toMatchObject(ANSWERED);
      expect(await upgrade(closed, { host, origin }), origin).toBe(101);
    }
    const { socket } = await openSocket(url, 'graphql-transport-ws', { origin: url });
    socket.terminate();
  });

  it('is told by the browser behind a proxy that renames it', async () => {
    const headers = { ...bearer(closed.key), origin: 'https://id.example' };
    const sites = [
      ['same-origin', 200],
      ['same-site', 403],
      ['cross-site', 403],
    ] as const;
    for (const [site, status] of sites) {
      const asked = { ...headers, 'sec-fetch-site': site };
      expect((await post(addressOf(closed), { query: viewer }, asked)).status, site).toBe(status);
    }
  });
});

describe('without an origin', () => {
  it('comes who is no browser', async () => {
    const reply = await post(addressOf(closed), { query: viewer }, bearer(closed.key));
    expect(reply).toMatchObject(ANSWERED);
    expect(crossOrigin(reply)).toEqual({});
    expect(await upgrade(closed, {})).toBe(101);
  });

  // <img src=…>, <script src=…>, fetch without CORS, a link.
  it.each([
    ['cross-site', 403],
    ['same-site', 403],
    ['none', 200],
    ['same-origin', 200],
  ])('comes what a page of %s loads', async (site, status) => {
    for (const world of [closed, some]) {
      const headers = { ...bearer(world.key), 'sec-fetch-site': site };
      expect((await get(addressOf(world), { query: viewer }, headers)).status).toBe(status);
      const accept = 'text/event-stream';
      const streamed = await get(addressOf(world), { query: viewer }, { ...headers, accept });
      expect(streamed.status).toBe(status);
    }
  });

  it('comes nobody with two of them', async () => {
    const origin = [ALLOWED, ALLOWED];
    expect((await post(addressOf(some), { query: viewer }, { origin })).status).toBe(403);
  });
});

it('serves what is no business of pages to all alike', async () => {
  const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
  for (const path of ['/health/live', '/graphiql', '/nothing']) {
    const reply = await send(`${addressOf(closed)}${path}`, { headers });
    expect(reply.status).toBe(path === '/nothing' ? 404 : 200);
    expect(crossOrigin(reply)).toEqual({});
  }
});
