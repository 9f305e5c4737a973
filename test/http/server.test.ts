import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Handler, type HttpServer, ListenError, listen } from '../../src/http/server.ts';
import { send } from './wire.ts';

const log = pino({ level: 'silent' });

const health: Handler = (request, response) => {
  const isAsked = request.url === '/health';
  if (isAsked) {
    response.end('healthy');
  }
  return Promise.resolve(isAsked);
};

async function startServer(): Promise<HttpServer> {
  const http = await listen({ host: '127.0.0.1', port: 0, log, health });
  onTestFinished(() => http.close(0));
  return http;
}

/** A handler whose answers wait until they are let go. */
function slowHandler() {
  const begun = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const handler: Handler = async (_request, response) => {
    begun.resolve();
    await released.promise;
    response.end('done');
    return true;
  };
  return { handler, begun: begun.promise, release: () => released.resolve() };
}

describe('the port', () => {
  it.each([
    ['192.0.2.1', 0, /^Port 0 of 192\.0\.2\.1 is on no address of this machine: .* HOST/],
    ['no host', 0, /^Port 0 of no host (?:is on a host that nobody knows: .* HOST|cannot be)/],
  ])('is refused on %j', async (host, port, says) => {
    const refused = listen({ host, port, log, health });
    await expect(refused).rejects.toThrow(ListenError);
    await expect(refused).rejects.toThrow(says);
  });

  it('is refused to a second one, and free again after the first has closed', async () => {
    const first = await startServer();
    const port = Number(new URL(first.url).port);
    const second = () => listen({ host: '127.0.0.1', port, log, health });
    await expect(second()).rejects.toThrow(
      /^Port \d+ of 127\.0\.0\.1 is taken: .* PORT to another one\.$/,
    );
    await first.close(0);
    await (await second()).close(0);
  });

  it('is told as it can be reached', async () => {
    const everywhere = await listen({ host: '0.0.0.0', port: 0, log, health });
    onTestFinished(() => everywhere.close(0));
    expect(everywhere.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await send(`${everywhere.url}/health`)).body).toBe('healthy');
  });
});

describe('while it starts', () => {
  it('tells everybody to come back, and how it is', async () => {
    const { url } = await startServer();
    expect(await send(url)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1', connection: 'close' },
      body: '{"errors":[{"message":"The gateway is starting.","extensions":{"code":"UNAVAILABLE"}}]}',
    });
    expect((await send(`${url}/health`)).body).toBe('healthy');
    const socket = await send(url, { headers: { connection: 'Upgrade', upgrade: 'websocket' } });
    expect(socket.status).toBe(503);
  });
});

describe('while it stops', () => {
  it('lets work under way end, refuses what is new, and tells how it is', async () => {
    const http = await startServer();
    const { handler, begun, release } = slowHandler();
    http.serve([handler]);
    const answer = send(`${http.url}/work`);
    await begun;
    const closed = http.close(60_000);
    expect(await send(`${http.url}/work`)).toMatchObject({ status: 503 });
    expect((await send(`${http.url}/health`)).body).toBe('healthy');
    release();
    expect(await answer).toMatchObject({ status: 200, body: 'done' });
    await closed;
    await expect(send(`${http.url}/health`)).rejects.toThrow('ECONNREFUSED');
  });

  it('waits for no connection that asks nothing, and tells those under way to be the last', async () => {
    const http = await startServer();
    const { handler, begun, release } = slowHandler();
    http.serve([handler]);
    const port = Number(new URL(http.url).port);
    const silent = connect(port, '127.0.0.1');
    const busy = connect(port, '127.0.0.1');
    busy.write('GET /work HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n');
    const answer = text(busy);
    await begun;
    const closed = http.close(60_000);
    release();
    expect(await answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\nConnection: close\r\n[\s\S]*done/);
    await closed;
    expect(await text(silent).catch(() => '')).toBe('');
  });

  it('cuts off what does not end', async () => {
    const http = await startServer();
    const { handler, begun } = slowHandler();
    http.serve([handler]);
    const answer = send(`${http.url}/work`);
    const cut = expect(answer).rejects.toThrow('socket hang up');
    await begun;
    await http.close(50);
    await cut;
  });
});

it('answers what a handler fails at, and destroys what had begun', async () => {
  const http = await startServer();
  http.serve([
    (request, response) => {
      if (request.url === '/begun') {
        response.write('some');
      }
      return Promise.reject(new Error('A secret.'));
    },
  ]);
  const failed = await send(http.url);
  expect(failed).toMatchObject({ status: 503 });
  expect(failed.body).not.toContain('secret');
  await expect(send(`${http.url}/begun`)).rejects.toThrow('socket hang up');
  expect((await send(`${http.url}/health`)).body).toBe('healthy');
});
