import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptDocuments } from '../../src/http/accept/documents.ts';
import {
  PersistedDocumentsError,
  readPersistedDocuments,
} from '../../src/http/persisted-documents.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { bearer, overSocket, post, resultInEvents, send, transports } from './wire.ts';

const viewer = 'query Viewer { viewer { kind } }';
const typename = 'query ($skip: Boolean = false) { __typename viewer @skip(if: $skip) { kind } }';
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const apq = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } });

let folder: string;
let file: string;
let world: TestGateway;
let open: TestGateway;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-documents-'));
  file = join(folder, 'persisted.json');
  const documents = { [hashOf(viewer)]: viewer, [hashOf(typename)]: typename };
  await writeFile(file, JSON.stringify(documents));
  [world, open] = await Promise.all([
    createGateway({ GATEHOUSE_PERSISTED_DOCUMENTS: file }),
    createGateway(),
  ]);
  url = world.gateway.url;
});

afterAll(async () => {
  await Promise.all([world.close(), open.close()]);
  await rm(folder, { recursive: true, force: true });
});

const refused = (code: string, message: unknown = expect.any(String)) => ({
  errors: [{ message, extensions: { code } }],
});

describe.each(Object.entries(transports))('%s', (_name, transport) => {
  const byHash = (sha256Hash: string, variables?: Record<string, unknown>) => ({
    query: '',
    extensions: apq(sha256Hash),
    variables,
  });

  it('runs a document by its hash', async () => {
    expect(await transport(url, byHash(hashOf(viewer)), world.key)).toEqual({
      data: { viewer: { kind: 'API_KEY' } },
    });
    const operation = byHash(hashOf(typename), { skip: true });
    expect(await transport(url, operation, null)).toEqual({ data: { __typename: 'Query' } });
  });

  it('runs no other', async () => {
    for (const query of ['{ __typename }', `${viewer} `, '{ __schema { types { name } } }', '{']) {
      expect(await transport(url, { query }, world.key), query).toEqual(
        refused('PERSISTED_QUERY_ONLY'),
      );
      const disguised = { query, extensions: apq(hashOf(viewer)) };
      expect(await transport(url, disguised, world.key)).toEqual(refused('PERSISTED_QUERY_ONLY'));
    }
  });

  it.each([hashOf('{ __typename }'), 'constructor', '__proto__', '', 'x'.repeat(100)])(
    'does not know %j',
    async (hash) => {
      const expected = refused('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
      expect(await transport(url, byHash(hash), world.key)).toEqual(expected);
    },
  );

  it('without a list says that it has none', async () => {
    const expected = refused('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported');
    expect(await transport(open.gateway.url, byHash(hashOf(viewer)), open.key)).toEqual(expected);
    const learning = { query: '{ __typename }', extensions: apq(hashOf('{ __typename }')) };
    expect(await transport(open.gateway.url, learning, open.key)).toHaveProperty('data');
  });
});

it('runs what our own page of an invitation sends', async () => {
  for (const query of Object.values(acceptDocuments)) {
    const variables = { token: 'x', input: { token: 'x' } };
    const answer = JSON.parse((await post(url, { query, variables })).body);
    expect(answer.errors, query).toBeUndefined();
    expect(Object.keys(answer.data)).toHaveLength(1);
  }
});

describe('documentId', () => {
  const answered = { data: { viewer: { kind: 'ANONYMOUS' } } };

  it('works as the hash does, wherever there is no query', async () => {
    for (const documentId of [`sha256:${hashOf(viewer)}`, hashOf(viewer)]) {
      const accept = 'text/event-stream';
      const address = `${url}/graphql?documentId=${encodeURIComponent(documentId)}`;
      expect(JSON.parse((await post(url, { documentId })).body)).toEqual(answered);
      expect(JSON.parse((await send(address)).body)).toEqual(answered);
      expect(resultInEvents((await post(url, { documentId }, { accept })).body)).toEqual(answered);
      const operation = { query: '', documentId };
      expect(await overSocket(url, operation, null)).toEqual(answered);
    }
  });

  it('has to be one that is known', async () => {
    const accept = 'application/graphql-response+json';
    const headers = { ...bearer(world.key), accept };
    for (const documentId of ['sha256:x', `md5:${hashOf(viewer)}`]) {
      const { status, body } = await post(url, { documentId }, headers);
      expect(status).toBe(400);
      expect(JSON.parse(body)).toEqual(refused('PERSISTED_QUERY_NOT_FOUND'));
    }
    for (const documentId of [1, {}, [], true]) {
      expect((await post(url, { documentId }, headers)).status).toBe(400);
    }
  });
});

describe('what is read at the start', () => {
  it('may be a folder of such files and of documents', async () => {
    const many = join(folder, 'many');
    await mkdir(many);
    // With the prefix of GraphQL Code Generator.
    const web = { [`sha256:${hashOf(viewer)}`]: viewer };
    await writeFile(join(many, 'web.json'), JSON.stringify(web));
    await writeFile(join(many, `${hashOf(typename)}.graphql`), typename);
    await writeFile(join(many, 'README.md'), 'What lies here.');
    expect(await readPersistedDocuments(many)).toEqual(
      new Map([
        [hashOf(viewer), viewer],
        [hashOf(typename), typename],
      ]),
    );
  });

  it.each<[string, string | undefined, RegExp]>([
    ['missing.json', undefined, /cannot be read \(ENOENT\)/],
    ['text.json', 'x', /text\.json is not a JSON object/],
    ['list.json', '1', /list\.json is not a JSON object/],
    ['empty.json', '{}', /holds no documents/],
    ['number.json', JSON.stringify({ [hashOf('1')]: 1 }), /is not the SHA-256 of its document/],
    ['other.json', JSON.stringify({ [hashOf(viewer)]: typename }), /is not the SHA-256/],
    ['md5.json', JSON.stringify({ d41d8cd98f00b204: viewer }), /d41d8cd98f00b204 is not/],
  ])('stops it when it is %s', async (name, content, why) => {
    const path = join(folder, name);
    if (content !== undefined) {
      await writeFile(path, content);
    }
    const reading = readPersistedDocuments(path);
    await expect(reading).rejects.toThrow(PersistedDocumentsError);
    await expect(reading).rejects.toThrow(/^GATEHOUSE_PERSISTED_DOCUMENTS/);
    await expect(reading).rejects.toThrow(why);
  });
});
