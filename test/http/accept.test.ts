import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { buildSchema, parse, validate } from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acceptDocuments } from '../../src/http/accept/documents.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { invite } from '../support/invited.ts';
import { type ObservedGateway, observeGateway } from './observed-gateway.ts';
import { type Reply, send } from './wire.ts';

const TOKEN = randomBytes(32).toString('base64url');

let world: ObservedGateway;
let page: string;

beforeAll(async () => {
  world = await observeGateway();
  page = `${world.url}/accept?token=${TOKEN}`;
});

beforeEach(() => {
  world.log.length = 0;
});

afterAll(() => world.close());

/** The whole addresses of the files that the page asks for, when it is found at `at`. */
function filesOf({ body }: Reply, at: string): string[] {
  const urls = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url);
  return [...new Set(urls.map((url) => new URL(url, at).href))];
}

/** The endpoint that the page sends to, when it is found at `at`. */
function endpointOf({ body }: Reply, at: string): string {
  const config = /name="gatehouse-config" content="([^"]+)"/.exec(body)?.[1] ?? '';
  return new URL(JSON.parse(config.replaceAll('&quot;', '"')).endpoint, at).href;
}

describe('the page of an invitation', () => {
  it('loads nothing from elsewhere but a logo, and is neither framed, indexed nor told of', async () => {
    const { status, headers } = await send(page);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'x-robots-tag': 'noindex, nofollow, noarchive',
    });
    expect(headers).not.toHaveProperty('set-cookie');
  });

  it('has no inline script or style', async () => {
    const { body } = await send(page);
    expect(body).not.toMatch(/<script(?![^>]* src=)|<style| style=| on\w+=/);
  });

  it('is the same for every token, which stands nowhere in an answer or a log', async () => {
    const other = await send(`${world.url}/accept`);
    const secret = `"><script>${TOKEN}</script>`;
    for (const url of [page, `${world.url}/accept?token=${encodeURIComponent(secret)}&${TOKEN}`]) {
      for (const method of ['GET', 'HEAD', 'POST']) {
        const { headers, body } = await send(url, { method });
        expect(JSON.stringify(headers)).not.toContain(TOKEN);
        expect(body).toBe(method === 'GET' ? other.body : '');
      }
    }
    const lost = [`/accept/${TOKEN}`, `/accept/?token=${TOKEN}`, `/accept/${TOKEN}/app.js`];
    for (const path of lost) {
      expect(JSON.stringify(await send(world.url + path))).not.toContain(TOKEN);
    }
    await expect.poll(() => world.log.filter(({ msg }) => msg === 'Answered')).toHaveLength(10);
    expect(JSON.stringify(world.log)).not.toContain(TOKEN);
    expect(world.log).toContainEqual(
      expect.objectContaining({ route: 'accept', method: 'GET', status: 200 }),
    );
  });

  it('is checked for a new version at every visit', async () => {
    const { headers } = await send(page);
    expect(headers['cache-control']).toBe('no-cache');
    const again = await send(page, { headers: { 'if-none-match': String(headers.etag) } });
    expect(again).toMatchObject({ status: 304, body: '' });
    expect(again.headers['x-robots-tag']).toBe(headers['x-robots-tag']);
  });

  it('answers HEAD without a body, other methods with 405', async () => {
    const head = await send(page, { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(Number(head.headers['content-length'])).toBe(Buffer.byteLength((await send(page)).body));
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect(await send(page, { method }), method).toMatchObject({
        status: 405,
        headers: { allow: 'GET, HEAD' },
      });
    }
  });

  it.each(['/accept', '/accept/', '/id/gate/accept', '/id/gate/accept/'])(
    'finds its files and the gateway when it is reached at %s',
    async (path) => {
      const at = `https://id.example${path}?token=${TOKEN}`;
      const found = await send(world.url + path.replace('/id/gate', ''));
      const root = `https://id.example${path.replace(/\/accept\/?$/, '')}`;
      expect(endpointOf(found, at)).toBe(`${root}/graphql`);
      const files = filesOf(found, at);
      expect(files.length).toBeGreaterThan(5);
      for (const file of files) {
        expect(file).toMatch(new RegExp(`^${root}/accept/[\\w-]{16}/[a-z]+\\.(?:js|css|svg)$`));
        expect((await send(file.replace(root, world.url))).status).toBe(200);
      }
    },
  );
});

describe('its files', () => {
  it('are kept for ever, compressed on request, and name no others than those that are there', async () => {
    const files = filesOf(await send(page), page);
    for (const file of files) {
      const plain = await send(file);
      expect(plain.headers).toMatchObject({
        'cache-control': 'public, max-age=31536000, immutable',
        'referrer-policy': 'no-referrer',
      });
      const headers = { 'accept-encoding': 'br, gzip' };
      const zipped = await send(file, { headers });
      expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
      expect(zipped.headers.etag).not.toBe(plain.headers.etag);
      const known = { ...headers, 'if-none-match': String(zipped.headers.etag) };
      expect(await send(file, { headers: known })).toMatchObject({ status: 304, body: '' });
      const imported = [...plain.body.matchAll(/from '(\.\/[^']+)'/g)].map(
        ([, name = '']) => new URL(name, file).href,
      );
      expect(files).toEqual(expect.arrayContaining(imported));
    }
  });

  it('are no others', async () => {
    const [known] = filesOf(await send(page), page);
    for (const url of [
      `${known}x`,
      `${world.url}/accept/old/app.js`,
      `${world.url}/accept/page.html`,
      `${world.url}/accept/..%2f..%2fpackage.json`,
      `${world.url}/acceptx`,
    ]) {
      expect((await send(url)).status, url).toBe(404);
    }
  });
});

it('changes nothing, however often something follows the link', async () => {
  const open = await createGateway();
  try {
    const { token, invitationId } = await invite(open);
    // Sending the mail changes something, for the last time.
    const query = 'query ($id: ID!) { node(id: $id) { ... on Invitation { sentAt status } } }';
    const stands = async () => (await open.ask(query, { id: invitationId })).data?.node;
    await expect.poll(stands).toEqual({ sentAt: expect.any(String), status: 'PENDING' });
    const before = await everything(open);
    for (let time = 0; time < 10; time += 1) {
      for (const method of ['GET', 'HEAD']) {
        const reply = await send(`${open.gateway.url}/accept?token=${token}`, { method });
        expect(reply.status).toBe(200);
      }
    }
    expect(await everything(open)).toEqual(before);
    expect(await stands()).toMatchObject({ status: 'PENDING' });
  } finally {
    await open.close();
  }
});

/** A digest of every table but those of the jobs, which go by the clock. */
async function everything({ query }: TestGateway): Promise<Record<string, string>> {
  const tables = await query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'pgboss')`,
  );
  const digests = await Promise.all(
    tables.map(async ({ name }) => {
      const [row] = await query<{ digest: string }>(
        `SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest FROM ${name} t`,
      );
      return [name, row?.digest ?? ''];
    }),
  );
  expect(digests.length).toBeGreaterThan(5);
  return Object.fromEntries(digests);
}

describe('what the page sends', () => {
  it.each(Object.entries(acceptDocuments))('is valid: %s', async (_name, text) => {
    const file = new URL('../../schema.graphql', import.meta.url);
    const schema = buildSchema(await readFile(file, 'utf8'));
    expect(validate(schema, parse(text))).toEqual([]);
  });
});
