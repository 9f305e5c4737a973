import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphiqlHandler } from '../../src/http/graphiql/graphiql.ts';

const examples = [{ title: '"><script>alert(1)</script>', query: '{ __typename }' }];
const graphiql = graphiqlHandler({ examples });
const server = createServer(async (incoming, response) => {
  if (!(await graphiql(incoming, response))) {
    response.end('not GraphiQL');
  }
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function send(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const { port } = server.address() as AddressInfo;
  const sent = request({ port, host: '127.0.0.1', path, method, headers }).end();
  const [response] = await once(sent, 'response');
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) };
}

async function fileUrls(): Promise<string[]> {
  const { body } = await send('/graphiql');
  const found = body.toString().matchAll(/(?:src|href)="([^"]+)"/g);
  return [...found].map(([, url]) => `/${url}`);
}

describe('the GraphiQL page over HTTP', () => {
  it('redirects / to the page, by a relative address', async () => {
    expect(await send('/')).toMatchObject({ status: 302, headers: { location: 'graphiql' } });
    expect(await send('/graphiql/')).toMatchObject({
      status: 302,
      headers: { location: '../graphiql' },
    });
  });

  it('allows nothing from elsewhere, no inline script, no frame', async () => {
    const { status, headers } = await send('/graphiql?query=x');
    expect(status).toBe(200);
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
      ]),
    );
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });

  it('keeps the data of the examples data', async () => {
    const { body } = await send('/graphiql');
    expect(body.toString()).not.toContain('<script>alert');
    expect(body.toString()).toContain('\\&quot;>&lt;script>alert(1)');
  });

  it('serves files that browsers keep for ever, compressed on request', async () => {
    for (const url of new Set(await fileUrls())) {
      const plain = await send(url);
      expect(plain.headers['cache-control'], url).toBe('public, max-age=31536000, immutable');
      const zipped = await send(url, { 'accept-encoding': 'br, gzip' });
      expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
      expect(zipped.headers.etag).not.toBe(plain.headers.etag);
      expect(zipped.headers.etag).toMatch(/^"/);
      const again = await send(url, {
        'accept-encoding': 'gzip',
        'if-none-match': String(zipped.headers.etag),
      });
      expect({ status: again.status, length: again.body.length }).toEqual({
        status: 304,
        length: 0,
      });
    }
  });

  it('has the page checked for a new version at every visit', async () => {
    const { headers } = await send('/graphiql');
    expect(headers['cache-control']).toBe('no-cache');
    const again = await send('/graphiql', { 'if-none-match': String(headers.etag) });
    expect(again.status).toBe(304);
  });

  it('answers HEAD without a body, other methods with 405, unknown files with 404', async () => {
    const head = await send('/graphiql', {}, 'HEAD');
    expect(Number(head.headers['content-length'])).toBeGreaterThan(0);
    expect(head.body.length).toBe(0);
    expect(await send('/graphiql', {}, 'POST')).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
    const [known] = await fileUrls();
    for (const url of ['/graphiql/old/app.js', '/graphiql/../../package.json', `${known}x`]) {
      expect((await send(url)).status, url).toBe(404);
    }
  });

  it('leaves every other path alone', async () => {
    for (const url of ['/graphql', '/graphql?query=x', '/health/live', '/graphiqlx', '//']) {
      expect((await send(url)).body.toString(), url).toBe('not GraphiQL');
    }
  });
});
