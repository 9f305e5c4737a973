import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { serverAudits } from 'graphql-http';
import { createClient as createEventClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { bearer, get, type Operation, openSocket, post, send, transports } from './wire.ts';

const viewer = '{ viewer { kind } }';
const LARGEST = 1_048_576;

let world: TestGateway;
let url: string;

beforeAll(async () => {
  world = await createGateway();
  url = world.gateway.url;
});

afterAll(() => world.close());

/** What comes out of bytes that no client library would send. */
async function sendBytes(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end(bytes);
  return await text(socket);
}

describe.each(Object.entries(transports))('%s', (name, transport) => {
  it('answers a key and nobody', async () => {
    expect(await transport(url, { query: viewer }, world.key)).toEqual({
      data: { viewer: { kind: 'API_KEY' } },
    });
    expect(await transport(url, { query: viewer }, null)).toEqual({
      data: { viewer: { kind: 'ANONYMOUS' } },
    });
  });

  it('takes variables and the name of an operation', async () => {
    const operation = {
      query:
        'query A { viewer { kind } } query B($id: ID!) { viewer { permissions(organizationId: $id) } }',
      operationName: 'B',
      variables: { id: 'org_01h45ytscbebyvny4gc8cr8ma2' },
    };
    expect(await transport(url, operation, null)).toEqual({
      data: { viewer: { permissions: [] } },
    });
  });

  it.each<[string, Operation]>([
    ['a broken document', { query: '{ viewer {' }],
    ['an unknown field', { query: '{ viewer { kin } }' }],
    ['two kinds of faults', { query: 'query ($a: Int) { viewer { kin } }' }],
    ['no such operation', { query: viewer, operationName: 'Other' }],
    ['two operations without a name', { query: 'query A { __typename } query B { __typename }' }],
    ['fragments only', { query: 'fragment A on Viewer { kind }' }],
    ['a subscription, of which there is none', { query: 'subscription { x }' }],
    [
      'a variable of another type',
      { query: 'query ($n: Int) { users(first: $n) { totalCount } }', variables: { n: 'many' } },
    ],
    ['a page that is too large', { query: '{ users(first: 101) { nodes { id } } }' }],
    ['an id that is none', { query: '{ nodes(ids: ["x", "org_1"]) { id } }' }],
  ])('refuses as POST does: %s', async (_what, operation) => {
    const expected = await transports.POST?.(url, operation, world.key);
    expect(expected?.errors?.length).toBeGreaterThan(0);
    const codes = expected?.errors?.map(({ extensions }) => extensions?.code);
    expect(codes).not.toContain('INTERNAL_SERVER_ERROR');
    expect(await transport(url, operation, world.key)).toEqual(expected);
  });

  const nested = (levels: number, open: string, close: string) =>
    `${open.repeat(levels)}${close.repeat(levels)}`;

  it.each<[string, Operation]>([
    ['contains more than 5000 tokens', { query: `{ ${'a '.repeat(4999)} }` }],
    ['document is nested too deeply', { query: `{ a ${nested(100, '{a', '}')} }` }],
    ['document is nested too deeply', { query: `{ a ${nested(2000, '{a', '}')} }` }],
    ['document is nested too deeply', { query: `{ a(b: ${nested(100, '[', ']')}) }` }],
    ['document is nested too deeply', { query: `{ a(b: ${nested(2000, '[', ']')}) }` }],
    [
      'variables are nested too deeply',
      { query: viewer, variables: { a: JSON.parse(nested(250, '[', ']')) } },
    ],
  ])('refuses before anything else what %s', async (why, operation) => {
    const { data, errors } = await transport(url, operation, world.key);
    expect(data).toBeUndefined();
    expect(errors).toEqual([
      {
        message: expect.stringContaining(why),
        extensions: { code: expect.stringMatching(/^(?:GRAPHQL_PARSE_FAILED|BAD_USER_INPUT)$/) },
      },
    ]);
  });

  it('takes what is just within the limits', async () => {
    const long = await transport(url, { query: `{ ${'a '.repeat(4998)} }` }, world.key);
    expect(long.errors?.[0]?.extensions?.code).toBe('GRAPHQL_VALIDATION_FAILED');
    const deep = { query: viewer, variables: { a: JSON.parse(nested(199, '[', ']')) } };
    expect((await transport(url, deep, world.key)).errors).toBeUndefined();
  });

  it('does not know mutations yet, and never would by GET', async () => {
    const answer = await transport(url, { query: 'mutation { x }' }, world.key);
    const code = name.includes('GET') ? 'BAD_REQUEST' : 'GRAPHQL_VALIDATION_FAILED';
    expect(answer.errors?.[0]?.extensions?.code).toBe(code);
  });
});

describe('client libraries', () => {
  it('graphql-ws is let in with a key in connection_init', async () => {
    const client = createSocketClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: bearer(world.key),
      retryAttempts: 0,
    });
    const results = [];
    for await (const result of client.iterate({ query: viewer })) {
      results.push(result);
    }
    await client.dispose();
    expect(results).toEqual([{ data: { viewer: { kind: 'API_KEY' } } }]);
  });

  it('graphql-sse is let in with a key in its headers', async () => {
    const client = createEventClient({
      url: `${url}/graphql`,
      headers: bearer(world.key),
      retryAttempts: 0,
    });
    const results = [];
    for await (const result of client.iterate({ query: viewer })) {
      results.push(result);
    }
    client.dispose();
    expect(results).toEqual([{ data: { viewer: { kind: 'API_KEY' } } }]);
  });
});

describe('the audits of GraphQL over HTTP', () => {
  const audits = serverAudits({ url: () => `${url}/graphql` });

  it('are many', () => {
    expect(audits.filter(({ name }) => name.startsWith('MUST')).length).toBeGreaterThan(10);
  });

  it.each(audits.map((audit) => [audit.name, audit] as const))('%s', async (name, audit) => {
    const result = await audit.fn();
    const reason = 'reason' in result ? result.reason : '';
    if (name.startsWith('MUST')) {
      expect(result.status, reason).toBe('ok');
    } else {
      expect(result.status, reason).not.toBe('error');
    }
  });
});

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
      `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${LARGEST + 1}\r\n\r\n`,
    );
    expect(reply).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('refuses a body that ends early, or hides a second request', async () => {
    const head =
      'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5\r\n';
    expect(await sendBytes(`${head}\r\n{}`)).not.toMatch(/^HTTP\/1\.1 (?:200|5)/);
    expect(await sendBytes(`${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 400 /,
    );
    expect(await sendBytes(`${head}Content-Length: 6\r\n\r\n{}`)).toMatch(/^HTTP\/1\.1 400 /);
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
      expect(await sendBytes(bytes)).toMatch(/^HTTP\/1\.1 400 |^$/);
    }
    expect((await get(url, { query: viewer })).status).toBe(200);
  });
});

describe('WebSocket', () => {
  const init = { type: 'connection_init' };

  it('closes with 1009 on a message that is too large, and with 1007 on one that is no text', async () => {
    const large = await openSocket(url);
    large.socket.send('x'.repeat(LARGEST + 1));
    expect(await large.closed).toMatchObject({ code: 1009 });
    const garbled = await openSocket(url);
    garbled.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect(await garbled.closed).toMatchObject({ code: 1007 });
  });

  it.each([
    ['{'],
    ['null'],
    ['[]'],
    ['{}'],
    ['{"type":"unknown"}'],
    ['{"type":"subscribe"}'],
    ['{"type":"subscribe","id":"1","payload":{"query":1}}'],
    ['{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":"x"}}'],
    ['{"type":"subscribe","id":"1","payload":{"query":"{ a }","operationName":1}}'],
    ['{"type":"subscribe","id":1,"payload":{"query":"{ a }"}}'],
  ])('closes with 4400 on %s', async (message) => {
    const { tell, hear, socket, closed } = await openSocket(url);
    tell(init);
    await hear();
    socket.send(message);
    expect(await closed).toEqual({ code: 4400, reason: 'Invalid message received' });
  });

  it('closes on a message that only a server sends, without a word about why', async () => {
    const { tell, hear, closed } = await openSocket(url);
    tell(init);
    await hear();
    tell({ type: 'connection_ack' });
    expect(await closed).toEqual({ code: 1011, reason: 'Internal server error' });
  });

  it('keeps the order of the protocol', async () => {
    const subscribe = { type: 'subscribe', id: '1', payload: { query: viewer } };
    const early = await openSocket(url);
    early.tell(subscribe);
    expect(await early.closed).toMatchObject({ code: 4401 });
    const twice = await openSocket(url);
    twice.tell(init);
    twice.tell(init);
    expect(await twice.closed).toMatchObject({ code: 4429 });
    const same = await openSocket(url);
    same.tell(init);
    await same.hear();
    same.tell(subscribe);
    same.tell(subscribe);
    expect(await same.closed).toMatchObject({ code: 4409 });
  });

  it('runs many operations on one socket, each with its own answer', async () => {
    const { tell, hear, socket } = await openSocket(url);
    tell(init);
    await hear();
    const ids = Array.from({ length: 20 }, (_, index) => `op${index}`);
    for (const id of ids) {
      tell({ type: 'subscribe', id, payload: { query: `{ ${id}: viewer { kind } }` } });
    }
    const heard = [];
    while (heard.length < 2 * ids.length) {
      heard.push(await hear());
    }
    for (const id of ids) {
      expect(heard.filter((message) => message.id === id)).toEqual([
        { id, type: 'next', payload: { data: { [id]: { kind: 'ANONYMOUS' } } } },
        { id, type: 'complete' },
      ]);
    }
    tell({ type: 'ping', payload: { a: 1 } });
    expect(await hear()).toEqual({ type: 'pong', payload: { a: 1 } });
    socket.terminate();
  });

  it('speaks graphql-transport-ws and nothing else', async () => {
    const other = openSocket(url, 'graphql-ws');
    await expect(other).rejects.toThrow();
    const none = new WebSocket(`${url.replace('http', 'ws')}/graphql`);
    const [code] = await once(none, 'close');
    expect(code).toBe(4406);
  });

  it.each(['/', '/nothing', '/graphiql', '/health/live', '/graphql/'])(
    'is not to be had at %s',
    async (path) => {
      const reply = await sendBytes(
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n\r\n`,
      );
      expect(reply).toMatch(/^HTTP\/1\.1 404 /);
    },
  );

  it('refuses a broken handshake', async () => {
    const reply = await sendBytes(
      'GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(reply).toMatch(/^HTTP\/1\.1 400 /);
  });
});
