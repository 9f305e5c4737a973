import { createClient as createEventClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { bearer, type Operation, transports } from './wire.ts';

const viewer = '{ viewer { kind } }';

let world: TestGateway;
let url: string;

beforeAll(async () => {
  world = await createGateway();
  url = world.gateway.url;
});

afterAll(() => world.close());

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
