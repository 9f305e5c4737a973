import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LogLine, type ObservedGateway, observeGateway } from './observed-gateway.ts';
import { bearer, get, openSocket, post, send } from './wire.ts';

const DEBUG = 20;
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let world: ObservedGateway;

beforeAll(async () => {
  world = await observeGateway();
});

beforeEach(() => {
  world.log.length = 0;
});

afterAll(() => world.close());

/** The lines about what was answered, when there are `count`, without what is in every line. */
async function answered(count = 1): Promise<object[]> {
  const lines = () => world.log.filter(({ msg }) => msg === 'Answered');
  await expect.poll(lines).toHaveLength(count);
  return lines().map((line: LogLine & { time?: number; pid?: number; hostname?: string }) => {
    const { time, pid, hostname, msg, ...rest } = line;
    return rest;
  });
}

describe('a request', () => {
  it('that breaks off in the middle of its body is nothing to worry about', async () => {
    const { port, host } = new URL(world.url);
    const socket = connect(Number(port), '127.0.0.1');
    const head = `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n`;
    socket.write(`${head}{"query":`);
    // It is there before it goes.
    await post(world.url, { query: '{ viewer { kind } }' }, bearer(world.key));
    socket.destroy();
    const lines = await answered(2);
    expect(lines).toHaveLength(2);
    expect(world.log.filter(({ level }) => level > DEBUG)).toEqual([]);
  });

  it('is one line with its id, what it was and what came of it', async () => {
    const query = 'query Who { viewer { kind } }';
    const headers = { ...bearer(world.key), 'x-request-id': 'my-request' };
    await post(world.url, { query }, headers);
    expect(await answered()).toEqual([
      {
        level: DEBUG,
        requestId: 'my-request',
        route: 'graphql',
        transport: 'http',
        method: 'POST',
        status: 200,
        operation: 'query',
        name: 'Who',
        ms: expect.any(Number),
      },
    ]);
  });

  it.each([
    [
      () => get(world.url, { query: '{ viewer { kind } }' }, { accept: 'text/event-stream' }),
      {
        transport: 'event-stream',
        method: 'GET',
        status: 200,
        operation: 'query',
      },
    ],
    [
      () => post(world.url, { query: '{ nothing }' }),
      {
        status: 200,
        codes: ['GRAPHQL_VALIDATION_FAILED'],
      },
    ],
    [
      () => post(world.url, { query: '{ node(id: "x") { id } }' }, bearer(world.key)),
      {
        status: 200,
        operation: 'query',
        codes: ['INVALID_INPUT'],
      },
    ],
    [() => post(world.url, {}, bearer('nobody')), { status: 401, codes: ['UNAUTHENTICATED'] }],
    [() => post(world.url, {}, { origin: 'null' }), { status: 403, codes: ['ORIGIN_NOT_ALLOWED'] }],
    [() => send(`${world.url}/health/live?x=y`), { route: 'health', status: 200 }],
    [() => send(`${world.url}/graphiql?x=y`), { route: 'graphiql', status: 200 }],
    [() => send(`${world.url}/accept?x=y`), { route: 'accept', status: 200 }],
    [
      () => send(`${world.url}/some/where?x=y`),
      { route: 'other', status: 404, codes: ['NOT_FOUND'] },
    ],
  ])('is told by its kind: %s', async (ask, line) => {
    const { headers } = await ask();
    const lines = await answered();
    expect(lines).toEqual([expect.objectContaining(line)]);
    expect(lines).toEqual([expect.objectContaining({ requestId: headers['x-request-id'] })]);
    expect(JSON.stringify(lines)).not.toMatch(/where|\?|x=y|127\.0\.0/);
  });
});

describe('an operation on a WebSocket', () => {
  it('is a line of its own, with the id of the connection in each', async () => {
    const { tell, hear, socket } = await openSocket(world.url, 'graphql-transport-ws', {
      'x-request-id': 'my-connection',
    });
    tell({ type: 'connection_init', payload: bearer(world.key) });
    await hear();
    for (const [id, query] of Object.entries({
      a: 'query Who { viewer { kind } }',
      b: '{ nothing }',
      c: '{ node(id: "x") { id } }',
    })) {
      tell({ type: 'subscribe', id, payload: { query } });
      while (!['complete', 'error'].includes((await hear()).type)) {}
    }
    socket.terminate();
    const lines = await answered(3);
    const common = {
      level: DEBUG,
      requestId: expect.stringMatching(ID),
      connectionId: 'my-connection',
      route: 'graphql',
      transport: 'websocket',
      ms: expect.any(Number),
    };
    expect(lines).toEqual([
      { ...common, operation: 'query', name: 'Who' },
      { ...common, codes: ['GRAPHQL_VALIDATION_FAILED'] },
      { ...common, operation: 'query', codes: ['INVALID_INPUT'] },
    ]);
    expect(new Set(lines.map((line) => JSON.stringify(line, ['requestId']))).size).toBe(3);
  });

  it('shares an id with its masked error and the line about that', async () => {
    await world.database.query('ALTER TABLE organization RENAME TO organization_away');
    try {
      const { tell, hear, socket } = await openSocket(world.url);
      tell({ type: 'connection_init', payload: bearer(world.key) });
      await hear();
      const query = '{ organizations { nodes { id } } }';
      tell({ type: 'subscribe', id: '1', payload: { query } });
      const said = JSON.stringify(await hear());
      socket.terminate();
      const [line] = await answered();
      const requestId = /"requestId":"([^"]+)"/.exec(said)?.[1];
      expect(line).toMatchObject({ requestId, codes: ['INTERNAL_SERVER_ERROR'] });
      expect(world.log).toContainEqual(
        expect.objectContaining({ level: 50, requestId, msg: 'An operation failed' }),
      );
    } finally {
      await world.database.query('ALTER TABLE organization_away RENAME TO organization');
    }
  });
});

it('has an id in every line about a request', async () => {
  await world.cut();
  await post(world.url, { query: '{ viewer { kind } }' }, bearer(world.key));
  const { tell, closed } = await openSocket(world.url);
  tell({ type: 'connection_init', payload: bearer(world.key) });
  await closed;
  await world.mend();
  const about = world.log.filter(({ msg }) => /request|operation|WebSocket|Answered/.test(msg));
  expect(about.length).toBeGreaterThanOrEqual(2);
  for (const { requestId, connectionId, msg } of about) {
    expect(requestId ?? connectionId, msg).toBeDefined();
  }
});
