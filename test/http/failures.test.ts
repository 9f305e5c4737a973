import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ObservedGateway, observeGateway } from './observed-gateway.ts';
import { bearer, get, openSocket, post, send, transports } from './wire.ts';

const viewer = '{ viewer { kind } }';
const organizations = '{ viewer { kind } organizations { nodes { id } } }';

let world: ObservedGateway;
/** All that left the gateway towards its callers. */
let said = '';

beforeAll(async () => {
  world = await observeGateway();
});

beforeEach(() => {
  world.log.length = 0;
});

afterAll(() => world.close());

/** What was logged for somebody to look at. */
function alarms() {
  return world.log.filter(({ level }) => level >= 40);
}

function readiness(): Promise<{ status: number; body: string }> {
  return send(`${world.url}/health/ready`);
}

describe('a bug', () => {
  beforeAll(() => world.database.query('ALTER TABLE organization RENAME TO organization_away'));

  afterAll(() => world.database.query('ALTER TABLE organization_away RENAME TO organization'));

  it.each(Object.keys(transports))('is masked for %s, and whole in the log', async (name) => {
    const answer = await transports[name]?.(world.url, { query: organizations }, world.key);
    said += JSON.stringify(answer);
    const requestId = answer?.errors?.[0]?.extensions?.requestId;
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer).toEqual({
      data: null,
      errors: [
        {
          message: 'Something went wrong on our side.',
          path: ['organizations', 'nodes'],
          locations: [{ line: 1, column: 35 }],
          extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
        },
      ],
    });
    expect(alarms()).toEqual([
      expect.objectContaining({
        level: 50,
        msg: 'An operation failed',
        requestId,
        err: expect.objectContaining({
          message: expect.stringContaining('relation "organization" does not exist'),
          stack: expect.stringContaining('.ts:'),
        }),
      }),
    ]);
  });

  it('is told by the request id that the caller gave', async () => {
    const headers = { ...bearer(world.key), 'x-request-id': 'my-request-7' };
    const reply = await post(world.url, { query: organizations }, headers);
    expect(reply.headers['x-request-id']).toBe('my-request-7');
    expect(JSON.parse(reply.body).errors[0].extensions.requestId).toBe('my-request-7');
    expect(alarms().map(({ requestId }) => requestId)).toEqual(['my-request-7']);
  });

  it('spares what else was asked', async () => {
    const query = `{ a: viewer { kind } b: organization(by: { slug: "x" }) { id } }`;
    for (const [name, transport] of Object.entries(transports)) {
      const answer = await transport(world.url, { query }, world.key);
      expect(answer, name).toMatchObject({ data: { a: { kind: 'API_KEY' }, b: null } });
      expect(answer.errors, name).toHaveLength(1);
    }
  });
});

describe('a refusal', () => {
  it('is neither masked nor logged', async () => {
    for (const transport of Object.values(transports)) {
      const answer = await transport(world.url, { query: '{ node(id: "x") { id } }' }, world.key);
      said += JSON.stringify(answer);
      expect(answer.errors?.[0]?.extensions).toEqual({ code: 'INVALID_INPUT', argument: ['id'] });
    }
    await post(world.url, { query: viewer }, bearer(`ghk_${'x'.repeat(43)}`));
    await post(world.url, '{');
    expect(alarms()).toEqual([]);
  });
});

describe('a database that is away', () => {
  beforeAll(() => world.cut());

  it('lets nobody in by POST, GET or SSE', async () => {
    const headers = bearer(world.key);
    const accept = 'text/event-stream';
    for (const reply of [
      await post(world.url, { query: viewer }, headers),
      await get(world.url, { query: viewer }, headers),
      await post(world.url, { query: viewer }, { ...headers, accept }),
      await post(world.url, { query: viewer }, bearer(`ghk_${'x'.repeat(43)}`)),
    ]) {
      expect(reply).toMatchObject({
        status: 503,
        body: '{"errors":[{"message":"The gateway cannot answer now.","extensions":{"code":"UNAVAILABLE"}}]}',
      });
      const requestId = reply.headers['x-request-id'];
      expect(world.log).toContainEqual(
        expect.objectContaining({ level: 50, msg: 'A request failed', requestId }),
      );
      said += JSON.stringify(reply);
    }
    expect(JSON.stringify(world.log)).toContain('ECONNREFUSED');
  });

  it('lets nobody in by WebSocket', async () => {
    const { tell, closed } = await openSocket(world.url);
    tell({ type: 'connection_init', payload: bearer(world.key) });
    expect(await closed).toEqual({ code: 1013, reason: 'Try again later' });
    expect(world.log).toContainEqual(
      expect.objectContaining({ level: 50, msg: 'A WebSocket could not be let in' }),
    );
  });

  it('is no reason to send nobody away, who needs none', async () => {
    for (const transport of Object.values(transports)) {
      expect(await transport(world.url, { query: viewer }, null)).toEqual({
        data: { viewer: { kind: 'ANONYMOUS' } },
      });
    }
  });

  it('makes the gateway live, and not ready', async () => {
    expect(await readiness()).toMatchObject({ status: 503, body: '{"status":"not ready"}' });
    const live = await send(`${world.url}/health/live`);
    expect(live).toMatchObject({ status: 200, body: '{"status":"live"}' });
  });

  it('is used again as soon as it is back', async () => {
    await world.mend();
    await expect.poll(readiness).toMatchObject({ status: 200, body: '{"status":"ready"}' });
    const reply = await post(world.url, { query: viewer }, bearer(world.key));
    expect(JSON.parse(reply.body)).toEqual({ data: { viewer: { kind: 'API_KEY' } } });
  });
});

it('fails an operation on a socket that was let in before, and goes on when the database is back', async () => {
  const { tell, hear, socket } = await openSocket(world.url);
  tell({ type: 'connection_init', payload: bearer(world.key) });
  await hear();
  await world.cut();
  const operation = { type: 'subscribe', id: '1', payload: { query: viewer } };
  tell(operation);
  const failed = await hear();
  said += JSON.stringify(failed);
  expect(failed).toMatchObject({
    type: 'error',
    payload: [{ extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) } }],
  });
  await world.mend();
  await expect.poll(readiness).toMatchObject({ status: 200 });
  tell(operation);
  expect(await hear()).toMatchObject({ payload: { data: { viewer: { kind: 'API_KEY' } } } });
  socket.terminate();
});

it('never says how the database is reached, nor a key', async () => {
  const { url } = world.database;
  const secrets = [world.key, new URL(url).password, url].filter((secret) => secret !== '');
  expect(secrets.length).toBeGreaterThanOrEqual(2);
  const logged: string[] = [];
  await world.cut();
  await post(world.url, { query: viewer, variables: { key: world.key } }, bearer(world.key));
  await get(world.url, { query: viewer, variables: { key: world.key } }, bearer(world.key));
  logged.push(JSON.stringify(world.log));
  await world.mend();
  await expect.poll(readiness).toMatchObject({ status: 200 });
  expect(logged.join('')).toContain('A request failed');
  for (const secret of secrets) {
    expect(logged.join('')).not.toContain(secret);
    expect(said).not.toContain(secret);
  }
  for (const detail of ['ECONNREFUSED', 'does not exist', 'organization_away', '.ts:', 'SELECT']) {
    expect(said).not.toContain(detail);
  }
});
