import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiKeyInput, createApiKey, revokeApiKey } from '../../src/domain/api-key.ts';
import { encodeId } from '../../src/domain/id.ts';
import { ALL_PERMISSIONS } from '../../src/domain/permission.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import { inTransaction } from '../../src/domain/transaction.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { bearer, get, openSocket, post, type Reply, transports } from './wire.ts';

const viewer = '{ viewer { kind apiKey { name } } }';

let world: TestGateway;
let url: string;

beforeAll(async () => {
  world = await createGateway();
  url = world.gateway.url;
});

afterAll(() => world.close());

function makeKey(input: Partial<ApiKeyInput> = {}): Promise<{ id: string; secret: string }> {
  const permissions = [ALL_PERMISSIONS];
  return inTransaction(world.runner, { principal: SYSTEM }, (tx) =>
    createApiKey(tx, { name: 'A key', permissions, ...input }),
  );
}

async function revoke(id: string): Promise<void> {
  await inTransaction(world.runner, { principal: SYSTEM }, (tx) => revokeApiKey(tx, id));
}

describe('what is no valid key', () => {
  const unknown = `ghk_${'x'.repeat(43)}`;
  let revoked: string;
  let expired: string;

  beforeAll(async () => {
    const first = await makeKey();
    await revoke(first.id);
    revoked = first.secret;
    const second = await makeKey();
    await world.query(
      `UPDATE api_key SET created_at = now() - interval '1 hour', expires_at = now() WHERE id = $1`,
      [second.id],
    );
    expired = second.secret;
  });

  const refused: [what: string, headers: () => string | string[]][] = [
    ['an unknown key', () => `Bearer ${unknown}`],
    ['a revoked key', () => `Bearer ${revoked}`],
    ['an expired key', () => `Bearer ${expired}`],
    ['a key that goes on', () => `Bearer ${world.key}x`],
    ['a key that ends early', () => `Bearer ${world.key.slice(0, -1)}`],
    ['a key in capitals', () => `Bearer ${world.key.toUpperCase()}`],
    ['a key without a scheme', () => world.key],
    ['a key with a word behind it', () => `Bearer ${world.key} x`],
    ['two keys in one header', () => `Bearer ${world.key}, Bearer ${world.key}`],
    ['two headers', () => [`Bearer ${world.key}`, `Bearer ${world.key}`]],
    ['two headers, the second one wrong', () => [`Bearer ${world.key}`, `Bearer ${unknown}`]],
    ['two headers, the second one empty', () => [`Bearer ${world.key}`, '']],
    ['nothing', () => ''],
    ['a scheme only', () => 'Bearer'],
    ['another scheme', () => `Basic ${Buffer.from(`key:${world.key}`).toString('base64')}`],
    ['another scheme with the key', () => `ApiKey ${world.key}`],
    ['an unsigned token', () => 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c3IifQ.'],
    ['a very long key', () => `Bearer ghk_${'x'.repeat(10_000)}`],
    ['a key with quotes', () => `Bearer "${world.key}"`],
    ['a key with another alphabet', () => `Bearer ghk_${'+/='.repeat(15)}`],
    ['an attempt at SQL', () => `Bearer ghk_${"' OR ''='".repeat(6)}`],
    ['the hash of a key', () => `Bearer ghk_${'0'.repeat(64)}`],
  ];

  function comparable({ status, headers, body }: Reply): object {
    const { date, 'x-request-id': id, ...others } = headers;
    expect(date).toBeDefined();
    expect(id).toBeDefined();
    return { status, headers: others, body };
  }

  it.each(refused)('is refused by POST, GET and SSE alike: %s', async (_what, headers) => {
    const expected = comparable(
      await post(url, { query: viewer }, { authorization: `Bearer ${unknown}` }),
    );
    expect(expected).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer', 'cache-control': 'no-store' },
      body: '{"errors":[{"message":"These credentials are not valid.","extensions":{"code":"UNAUTHENTICATED"}}]}',
    });
    const authorization = headers();
    const accept = 'text/event-stream';
    const replies = [
      await post(url, { query: viewer }, { authorization }),
      await get(url, { query: viewer }, { authorization }),
      await post(url, { query: viewer }, { authorization, accept }),
      await get(url, { query: viewer }, { authorization, accept }),
      // Whoever is refused learns nothing about the operation either.
      await post(url, '{', { authorization }),
      await post(url, { query: '{ nothing }' }, { authorization, 'content-type': 'text/plain' }),
    ];
    for (const reply of replies) {
      expect(comparable(reply)).toEqual(expected);
    }
  });

  it.each(refused)('is refused by WebSocket with 4401: %s', async (_what, headers) => {
    const { tell, closed } = await openSocket(url);
    tell({ type: 'connection_init', payload: { authorization: headers() } });
    expect(await closed).toEqual({ code: 4401, reason: 'Unauthorized' });
  });

  it.each([42, true, {}, ['Bearer']])('is no text on a WebSocket: %j', async (authorization) => {
    const { tell, closed } = await openSocket(url);
    tell({ type: 'connection_init', payload: { authorization } });
    expect(await closed).toMatchObject({ code: 4401 });
    const listed = await openSocket(url);
    listed.tell({ type: 'connection_init', payload: { authorization: [`Bearer ${world.key}`] } });
    expect(await listed.closed).toMatchObject({ code: 4401 });
  });

  it('is a header that is larger than any request may be', async () => {
    const headers = { authorization: `Bearer ghk_${'x'.repeat(20_000)}` };
    expect((await post(url, { query: viewer }, headers)).status).toBe(431);
  });
});

describe('a valid key', () => {
  it.each(['Bearer', 'bearer', 'BEARER', 'Bearer  '])('is taken after %j', async (scheme) => {
    const authorization = `${scheme} ${world.key}`;
    const reply = await post(url, { query: viewer }, { authorization });
    expect(JSON.parse(reply.body).data.viewer.kind).toBe('API_KEY');
  });

  it('is not taken from anywhere but the header', async () => {
    const replies = [
      await get(url, { query: viewer, variables: { authorization: world.key } }),
      await post(url, { query: viewer, extensions: { headers: bearer(world.key) } }),
      await post(url, { query: viewer }, { cookie: `authorization=${world.key}` }),
      await post(url, { query: viewer }, { 'x-api-key': world.key }),
      await post(url, { query: viewer }, { 'proxy-authorization': `Bearer ${world.key}` }),
    ];
    for (const { body } of replies) {
      expect(JSON.parse(body).data.viewer.kind).toBe('ANONYMOUS');
    }
  });

  it('works until the moment it expires', async () => {
    const { id, secret } = await makeKey({ expiresAt: new Date(Date.now() + 3_600_000) });
    expect((await post(url, { query: viewer }, bearer(secret))).status).toBe(200);
    await world.query('UPDATE api_key SET expires_at = now() WHERE id = $1', [id]);
    expect((await post(url, { query: viewer }, bearer(secret))).status).toBe(401);
  });

  it('ends with its revocation at once, on open sockets and connections too', async () => {
    const { id, secret } = await makeKey({ name: 'Short-lived' });
    const socket = await openSocket(url);
    socket.tell({ type: 'connection_init', payload: bearer(secret) });
    await socket.hear();
    const operation = { type: 'subscribe', id: '1', payload: { query: viewer } };
    socket.tell(operation);
    expect(await socket.hear()).toMatchObject({
      payload: { data: { viewer: { apiKey: { name: 'Short-lived' } } } },
    });
    await socket.hear();
    await revoke(id);
    socket.tell(operation);
    expect(await socket.closed).toMatchObject({ code: 4401 });
    expect((await post(url, { query: viewer }, bearer(secret))).status).toBe(401);
  });

  it('says when it was last used, and writes that down only now and then', async () => {
    const { id, secret } = await makeKey();
    const used = async () => {
      const [row] = await world.query<{ at: Date | null; write: string }>(
        'SELECT last_used_at AS at, xmin::text AS write FROM api_key WHERE id = $1',
        [id],
      );
      return row;
    };
    const before = await used();
    expect(before?.at).toBeNull();
    for (const transport of Object.values(transports)) {
      await transport(url, { query: viewer }, secret);
    }
    const first = await used();
    expect(first?.at).toBeInstanceOf(Date);
    await Promise.all(
      Array.from({ length: 20 }, () => post(url, { query: viewer }, bearer(secret))),
    );
    expect(await used()).toEqual(first);
    await world.query(
      `UPDATE api_key SET last_used_at = last_used_at - interval '61 seconds' WHERE id = $1`,
      [id],
    );
    await post(url, { query: viewer }, bearer(secret));
    expect((await used())?.at?.getTime()).toBeGreaterThanOrEqual(first?.at?.getTime() ?? Infinity);
    const shown = await world.ask<{ node: { lastUsedAt: string } }>(
      'query ($id: ID!) { node(id: $id) { ... on ApiKey { lastUsedAt } } }',
      { id: encodeId('key', id) },
    );
    expect(new Date(shown.data?.node.lastUsedAt ?? 0)).toEqual((await used())?.at);
  });

  it('answers while somebody holds its row', async () => {
    const { id, secret } = await makeKey();
    const { promise: held, resolve: hold } = Promise.withResolvers<void>();
    const { promise: done, resolve: release } = Promise.withResolvers<void>();
    const holding = world.database.prisma.$transaction(
      async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM api_key WHERE id = ${id}::uuid FOR UPDATE`;
        hold();
        await done;
      },
      { timeout: 50_000 },
    );
    await held;
    expect((await post(url, { query: viewer }, bearer(secret))).status).toBe(200);
    release();
    await holding;
  });
});

describe('nobody', () => {
  it('sees nothing, on any transport', async () => {
    const query = `{
      viewer { kind apiKey { id } permissions }
      environment { identityModel }
      organization(by: { slug: "a" }) { id }
      organizations { totalCount nodes { id } pageInfo { hasNextPage endCursor } }
      user(by: { email: "a@example.com" }) { id }
      users { totalCount }
      membership(by: { id: "mbr_01h45ytscbebyvny4gc8cr8ma2" }) { id }
      node(id: "org_01h45ytscbebyvny4gc8cr8ma2") { id }
      nodes(ids: ["usr_01h45ytscbebyvny4gc8cr8ma2"]) { id }
    }`;
    for (const transport of Object.values(transports)) {
      expect(await transport(url, { query }, null)).toEqual({
        data: {
          viewer: { kind: 'ANONYMOUS', apiKey: null, permissions: [] },
          environment: null,
          organization: null,
          organizations: {
            totalCount: 0,
            nodes: [],
            pageInfo: { hasNextPage: false, endCursor: null },
          },
          user: null,
          users: null,
          membership: null,
          node: null,
          nodes: [null],
        },
      });
    }
  });

  it('may send an empty connection_init, or none that says anything', async () => {
    for (const payload of [undefined, {}, { authorization: null }, { other: 'x' }]) {
      const { tell, hear, socket } = await openSocket(url);
      tell({ type: 'connection_init', payload });
      expect(await hear()).toEqual({ type: 'connection_ack' });
      socket.terminate();
    }
  });

  it('is not let in by the headers of a WebSocket, which pages of other sites could not set', async () => {
    const { tell, hear, socket } = await openSocket(url, 'graphql-transport-ws', bearer(world.key));
    tell({ type: 'connection_init' });
    await hear();
    tell({ type: 'subscribe', id: '1', payload: { query: viewer } });
    expect(await hear()).toMatchObject({ payload: { data: { viewer: { kind: 'ANONYMOUS' } } } });
    socket.terminate();
  });
});
