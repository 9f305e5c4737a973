import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { bearer, get, post, type Reply, send } from './wire.ts';

const viewer = '{ viewer { kind } }';

let world: TestGateway;
let secure: TestGateway;

beforeAll(async () => {
  world = await createGateway({ GATEHOUSE_PUBLIC_URL: 'http://id.example' });
  secure = await createGateway({ GATEHOUSE_PUBLIC_URL: 'HTTPS://id.example' });
});

afterAll(async () => {
  await world?.close();
  await secure?.close();
});

/** An answer of every kind and status. */
const answers: [what: string, ask: (url: string, key: string) => Promise<Reply>, status: number][] =
  [
    ['an answer by POST', (url, key) => post(url, { query: viewer }, bearer(key)), 200],
    ['an answer by GET', (url, key) => get(url, { query: viewer }, bearer(key)), 200],
    ['events', (url) => post(url, { query: viewer }, { accept: 'text/event-stream' }), 200],
    ['GraphiQL', (url) => send(`${url}/graphiql`), 200],
    ['the page of an invitation', (url) => send(`${url}/accept?token=x`), 200],
    ['a redirection', (url) => send(url), 302],
    [
      'a broken body',
      (url) => post(url, '{', { accept: 'application/graphql-response+json' }),
      400,
    ],
    ['a stranger', (url) => post(url, { query: viewer }, bearer('nobody')), 401],
    ['a foreign page', (url) => post(url, { query: viewer }, { origin: 'null' }), 403],
    ['nothing', (url) => send(`${url}/nothing`), 404],
    ['a file of GraphiQL that is none', (url) => send(`${url}/graphiql/x.js`), 404],
    ['another method', (url) => send(`${url}/graphql`, { method: 'PUT' }), 405],
    ['a mutation by GET', (url) => get(url, { query: 'mutation { x }' }), 405],
    ['a type that is not had', (url) => get(url, { query: viewer }, { accept: 'text/html' }), 406],
    ['a form', (url) => post(url, 'a=b', { 'content-type': 'text/plain' }), 415],
    ['health', (url) => send(`${url}/health/live`), 200],
  ];

describe.each(answers)('%s', (_what, ask, status) => {
  it('is neither guessed at, framed, embedded, nor told to others', async () => {
    const reply = await ask(world.gateway.localUrl, world.key);
    expect(reply.status).toBe(status);
    expect(reply.headers).toMatchObject({
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    const policy = reply.headers['content-security-policy'];
    expect(policy).toMatch(/^default-src 'none'; (?:.*; )?frame-ancestors 'none'$/);
    expect(policy).not.toMatch(/script-src [^;]*(?:unsafe|\*|http)/);
    expect(reply.headers).not.toHaveProperty('x-powered-by');
    expect(reply.headers).not.toHaveProperty('server');
  });

  it('asks for HTTPS where people come by it, and only there', async () => {
    const safe = await ask(secure.gateway.localUrl, secure.key);
    expect(safe.headers['strict-transport-security']).toBe('max-age=31536000');
    const plain = await ask(world.gateway.localUrl, world.key);
    expect(plain.headers).not.toHaveProperty('strict-transport-security');
  });

  it('has the id of its request', async () => {
    const reply = await ask(world.gateway.localUrl, world.key);
    expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

it('keeps what GraphQL answers out of every cache', async () => {
  for (const [what, ask, status] of answers) {
    const { headers } = await ask(world.gateway.localUrl, world.key);
    if (!/GraphiQL|page of/.test(what) && status !== 302) {
      expect(headers['cache-control'], what).toBe('no-store');
    }
  }
});
