import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { get, post, send, sendBytes } from './wire.ts';

const viewer = '{ viewer { kind } }';
const LARGEST = 262_144;

let world: TestGateway;
let url: string;

beforeAll(async () => {
  world = await createGateway();
  url = world.gateway.url;
});

afterAll(() => world.close());

describe('GET', () => {
  it('runs nothing but queries', async () => {
    for (const accept of ['*/*', 'text/event-stream']) {
      const headers = { accept };
      const reply = await get(url, { query: 'mutation { x }' }, headers);
      expect(reply).toMatchObject({ status: 405, headers: { allow: 'POST' } });
      const query = 'query A { __typename } mutation B { x }';
      expect((await get(url, { query, operationName: 'B' }, headers)).status).toBe(405);
    }
  });

  it.each([
    'query=%7Bviewer%7Bkind%7D%7D&variables=%7B',
    'query=%7Bviewer%7Bkind%7D%7D&variables=%5B%5D',
    'query=%7Bviewer%7Bkind%7D%7D&variables=1',
    'query=%7Bviewer%7Bkind%7D%7D&extensions=%7B',
    'query=%ZZ',
    'query=',
    '',
    'query[]=1',
  ])('refuses broken parameters: %s', async (parameters) => {
    const accept = 'application/graphql-response+json';
    const reply = await send(`${url}/graphql?${parameters}`, { headers: { accept } });
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.body).errors).toHaveLength(1);
  });

  it('does not read a body', async () => {
    const body = JSON.stringify({ query: '{ nothing }' });
    const headers = { 'content-type': 'application/json' };
    const reply = await send(`${url}/graphql?query=${encodeURIComponent(viewer)}`, {
      headers,
      body,
    });
    expect(reply.status).toBe(200);
  });
});

describe('POST', () => {
  // A page of another site can send these without asking the browser.
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/graphql',
    'application/jsonp',
    'text/plain; application/json',
    '',
  ])('refuses %j', async (type) => {
    const reply = await post(url, { query: viewer }, { 'content-type': type });
    expect(reply.status).toBe(415);
    expect(JSON.parse(reply.body).errors[0].extensions.code).toBe('UNSUPPORTED_MEDIA_TYPE');
  });

  it('refuses a body without a type', async () => {
    const body = JSON.stringify({ query: viewer });
    expect((await send(`${url}/graphql`, { method: 'POST', body })).status).toBe(415);
  });

  it.each(['application/json', 'Application/JSON; charset=utf-8', 'application/graphql+json'])(
    'takes %s',
    async (type) => {
      const reply = await post(url, { query: viewer }, { 'content-type': type });
      expect(JSON.parse(reply.body)).toEqual({ data: { viewer: { kind: 'ANONYMOUS' } } });
    },
  );

  it.each([
    '',
    '{',
    '{"query":"{ viewer { kind } }"',
    'null',
    '1',
    '"{ viewer { kind } }"',
    'true',
    '[]',
    '[{"query":"{ viewer { kind } }"}]',
    '[{"query":"{ viewer { kind } }"},{"query":"{ viewer { kind } }"}]',
    '{}',
    '{"query":null}',
    '{"query":1}',
    '{"query":{}}',
    '{"query":["{ viewer { kind } }"]}',
    '{"query":"{ viewer { kind } }","variables":"x"}',
    '{"query":"{ viewer { kind } }","variables":[]}',
    '{"query":"{ viewer { kind } }","operationName":1}',
    '{"query":"{ viewer { kind } }","operationName":{}}',
    '{"query":"{ viewer { kind } }","extensions":1}',
    '{"query":"{ viewer { kind } }","extra":1}',
    '\uFEFF{"query":"{ viewer { kind } }"}',
    '\0',
  ])('refuses the body %j', async (body) => {
    const accept = 'application/graphql-response+json';
    const reply = await post(url, body, { accept });
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.body).errors).toHaveLength(1);
    expect(JSON.parse(reply.body)).not.toHaveProperty('data');
  });

  it('refuses a body whose length it is not told', async () => {
    const reply = await sendBytes(
      url,
      'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    );
    expect(reply).toMatch(/^HTTP\/1\.1 411 /);
  });

  it('takes the largest body, and refuses a larger one before it has come', async () => {
    const operation = JSON.stringify({ query: viewer });
    const largest = operation.padEnd(LARGEST, ' ');
    expect((await post(url, largest)).status).toBe(200);
    expect((await post(url, `${largest} `)).status).toBe(413);
    const reply = await sendBytes(
      url,
      `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${LARGEST + 1}\r\n\r\n`,
    );
    expect(reply).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('refuses a body that ends early, or hides a second request', async () => {
    const head =
      'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5\r\n';
    expect(await sendBytes(url, `${head}\r\n{}`)).not.toMatch(/^HTTP\/1\.1 (?:200|5)/);
    expect(await sendBytes(url, `${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 400 /,
    );
    expect(await sendBytes(url, `${head}Content-Length: 6\r\n\r\n{}`)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('HTTP', () => {
  it.each(['HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'])('refuses %s', async (method) => {
    for (const query of ['', `?query=${encodeURIComponent(viewer)}`]) {
      const reply = await send(`${url}/graphql${query}`, { method });
      expect(reply).toMatchObject({ status: 405, headers: { allow: 'GET, POST' } });
      expect(reply.body).not.toContain('ANONYMOUS');
    }
  });

  it('allows no other origin anything', async () => {
    const headers = {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    };
    const replies = [
      await send(`${url}/graphql`, { method: 'OPTIONS', headers }),
      await post(url, { query: viewer }, { origin: headers.origin }),
    ];
    for (const reply of replies) {
      const names = Object.keys(reply.headers);
      expect(names.filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  it.each(['/nothing', '/graphql/', '/GraphQL', '//graphql', '/graphql%20', '/health', '/health/'])(
    'has nothing at %s',
    async (path) => {
      expect((await send(`${url}${path}`)).status).toBe(404);
      expect((await send(`${url}${path}`, { method: 'POST', body: '{}' })).status).toBe(404);
    },
  );

  it('answers in types that it knows, and not in others', async () => {
    expect((await post(url, { query: viewer }, { accept: 'image/png' })).status).toBe(406);
    expect((await get(url, { query: viewer }, { accept: 'text/html' })).status).toBe(406);
    const reply = await post(url, { query: viewer }, { accept: 'text/event-stream' });
    expect(reply.headers['content-type']).toBe('text/event-stream');
  });

  it.each(['abc', 'a.b:c-d_1', 'x'.repeat(100), '0af7651916cd43dd8448eb211c80319c'])(
    'echoes the request id %s',
    async (id) => {
      const reply = await post(url, { query: viewer }, { 'x-request-id': id });
      expect(reply.headers['x-request-id']).toBe(id);
    },
  );

  it.each([['a b'], ['x'.repeat(101)], [''], ['a,b'], ['"a"'], ['é'], ['a', 'b']])(
    'replaces the request id %j',
    async (...ids) => {
      const reply = await post(url, { query: viewer }, { 'x-request-id': ids });
      expect(reply.headers['x-request-id']).toMatch(
        /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
      );
    },
  );

  it('makes no header of a request id', async () => {
    for (const id of ['a\r b: c', 'a\n b: c', 'a%0d%0aset-cookie: x', 'a\0b']) {
      const reply = await sendBytes(
        url,
        `GET /graphql?query={__typename} HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${id}\r\nConnection: close\r\n\r\n`,
      );
      expect(reply).toMatch(/^HTTP\/1\.1 (?:200|400) /);
      expect(reply).not.toMatch(/^ ?b: c|set-cookie/im);
    }
  });

  it('serves on when a client offers HTTP/2 or another protocol', async () => {
    for (const upgrade of ['h2c', 'TLS/1.3', 'x']) {
      const headers = { connection: 'Upgrade', upgrade };
      expect((await get(url, { query: viewer }, headers)).status, upgrade).toBe(200);
    }
  });

  it('survives what is no HTTP', async () => {
    for (const bytes of ['\0\0\0', 'GET\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', '\x16\x03\x01\x02']) {
      expect(await sendBytes(url, bytes)).toMatch(/^HTTP\/1\.1 400 |^$/);
    }
    expect((await get(url, { query: viewer })).status).toBe(200);
  });
});
