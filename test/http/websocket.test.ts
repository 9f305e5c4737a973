import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { openSocket, sendBytes } from './wire.ts';

const viewer = '{ viewer { kind } }';
const LARGEST = 262_144;

let world: TestGateway;
let url: string;

beforeAll(async () => {
  world = await createGateway();
  url = world.gateway.url;
});

afterAll(() => world.close());

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

  it.each<object>([
    { type: 'connection_ack' },
    { type: 'next', id: '1', payload: { data: null } },
    { type: 'error', id: '1', payload: [{ message: 'x' }] },
  ])('closes with 4400 on what only a server says: %j', async (message) => {
    const { tell, hear, closed } = await openSocket(url);
    tell(init);
    await hear();
    tell(message);
    expect(await closed).toEqual({ code: 4400, reason: 'Invalid message received' });
  });

  it('keeps the order of the protocol', async () => {
    const subscribe = { type: 'subscribe', id: '1', payload: { query: viewer } };
    const early = await openSocket(url);
    early.tell(subscribe);
    expect(await early.closed).toEqual({ code: 4401, reason: 'Unauthorized' });
    const twice = await openSocket(url);
    twice.tell(init);
    twice.tell(init);
    expect(await twice.closed).toEqual({
      code: 4429,
      reason: 'Too many initialisation requests',
    });
    const same = await openSocket(url);
    same.tell(init);
    await same.hear();
    same.tell(subscribe);
    same.tell(subscribe);
    expect(await same.closed).toEqual({ code: 4409, reason: 'Subscriber for 1 already exists' });
  });

  it.each(['x'.repeat(1000), 'ü'.repeat(300), `x${'ü'.repeat(300)}`])(
    'closes with 4409 however long the id is: %s',
    async (id) => {
      const { tell, hear, closed } = await openSocket(url);
      tell(init);
      await hear();
      tell({ type: 'subscribe', id, payload: { query: viewer } });
      tell({ type: 'subscribe', id, payload: { query: viewer } });
      const { code, reason } = await closed;
      expect(code).toBe(4409);
      expect(reason).toMatch(/^Subscriber for x?[xü]{40,}$/);
    },
  );

  it('closes with 4408 when nobody asks to be let in', async () => {
    const { closed } = await openSocket(url);
    expect(await closed).toEqual({ code: 4408, reason: 'Connection initialisation timeout' });
  });

  it('lets an id come again when its operation is over', async () => {
    const { tell, hear, socket } = await openSocket(url);
    tell(init);
    await hear();
    for (const _ of [1, 2]) {
      tell({ type: 'subscribe', id: '1', payload: { query: viewer } });
      expect(await hear()).toMatchObject({ id: '1', type: 'next' });
      expect(await hear()).toEqual({ id: '1', type: 'complete' });
    }
    socket.close(1000);
  });

  it('closes with 1001 when the gateway stops', async () => {
    const other = await createGateway();
    const { tell, hear, closed } = await openSocket(other.gateway.url);
    tell(init);
    await hear();
    await other.close();
    expect(await closed).toEqual({ code: 1001, reason: 'Going away' });
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
    const [code, reason] = await once(none, 'close');
    expect([code, String(reason)]).toEqual([4406, 'Subprotocol not acceptable']);
  });

  it.each(['/', '/nothing', '/graphiql', '/health/live', '/graphql/'])(
    'is not to be had at %s',
    async (path) => {
      const reply = await sendBytes(
        url,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n\r\n`,
      );
      expect(reply).toMatch(/^HTTP\/1\.1 404 /);
    },
  );

  it('refuses a broken handshake', async () => {
    const reply = await sendBytes(
      url,
      'GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(reply).toMatch(/^HTTP\/1\.1 400 /);
  });
});
