import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh, join } from '../domain/world.ts';
import { type Cuttable, createCuttable } from '../support/cuttable.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { recipe } from '../support/recipes.ts';

let world: TestGateway;
let line: Cuttable;
let folder: string;
const running: { stop(): Promise<unknown> }[] = [];

beforeAll(async () => {
  world = await createGateway();
});

afterAll(() => world?.close());

beforeEach(async () => {
  line = await createCuttable(world.gateway.localUrl);
  folder = await mkdtemp(joinPath(tmpdir(), 'gatehouse-recipes-'));
  await symlink(new URL('../../node_modules', import.meta.url).pathname, `${folder}/node_modules`);
  await writeFile(`${folder}/package.json`, '{ "type": "module" }');
  await write('follow.js');
});

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ stop }) => stop()));
  await line?.close();
  await rm(folder, { recursive: true, force: true });
});

const write = (title: string) => writeFile(`${folder}/${title}`, recipe(title, line.url));

/** Runs a command beside the recipes, and hears what it says. */
function run(command: string, args: string[], settings: Record<string, string> = {}) {
  const child = spawn(command, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, KEY: world.key, ...settings },
    detached: true,
  });
  let out = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  const over = new Promise<number | null>((resolve) => child.once('close', resolve));
  const stop = () => {
    // All of its group: what a shell began goes with it.
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      process.kill(-child.pid, 'SIGKILL');
    }
    return over;
  };
  running.push({ stop });
  return {
    lines: () => out.split('\n').slice(0, -1),
    errors: () => errors,
    over,
    stop,
  };
}

const node = (title: string, settings?: Record<string, string>) =>
  run(process.execPath, [title], settings);

const soon = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 20 });

/** Somebody new, and what is told of it. */
async function add(organizationId: string, name: string = fresh('Person ')): Promise<string> {
  await join(world, organizationId, { name });
  return name;
}

/** Resolves to where listen.js begins, when it knows. */
async function begun(): Promise<string> {
  let cursor = '';
  await vi.waitFor(
    async () => {
      cursor = await readFile(`${folder}/cursor.txt`, 'utf8');
      expect(cursor).not.toBe('');
    },
    { timeout: 30_000, interval: 20 },
  );
  return cursor;
}

/** What the gateway lists as having happened after a place, as listen.js prints it. */
async function happened(after: string): Promise<string[]> {
  const { data } = await world.ask<{
    events: { nodes: { occurredAt: string; type: string; cause: string }[] };
  }>(
    'query ($after: String!) { events(first: 100, after: $after) { nodes { occurredAt type cause } } }',
    { after },
  );
  const { nodes = [] } = data?.events ?? {};
  return nodes.map(({ occurredAt, type, cause }) => `${occurredAt} ${type} ${cause}`);
}

/** Founds an organization, and waits until nothing of it is told any more: other databases of the cluster hold it back. */
async function foundBefore(): Promise<string> {
  const organizationId = await found(world);
  const id = encodeId('org', organizationId);
  await vi.waitFor(
    async () => {
      const { data } = await world.ask<{ events: { nodes: { organizationId: string }[] } }>(
        '{ events(last: 10) { nodes { organizationId } } }',
      );
      expect(data?.events.nodes.map((event) => event.organizationId)).toContain(id);
    },
    { timeout: 30_000, interval: 20 },
  );
  return organizationId;
}

describe('curl -N', () => {
  it('shows what happens', async () => {
    const organizationId = await foundBefore();
    const curl = run('bash', ['-c', recipe('curl', line.url)]);
    await soon(() => expect(curl.lines()).toContain(':'));
    await add(organizationId);
    await soon(() => {
      const told = curl.lines().filter((text) => text.startsWith('data: {'));
      expect(told.map((text) => JSON.parse(text.slice(6)).data.events.type)).toEqual([
        'USER_CREATED',
        'MEMBERSHIP_STATUS_CHANGED',
      ]);
    });
  });
});

describe('graphql-ws', () => {
  it('goes on where it was after a lost connection, and after a crash', async () => {
    await write('listen.js');
    const organizationId = await foundBefore();
    const first = node('listen.js');
    const begin = await begun();
    line.cut();
    await add(organizationId);
    line.mend();
    await soon(() => expect(first.lines()).toHaveLength(2));
    line.cut();
    await add(organizationId);
    await add(organizationId);
    line.mend();
    await soon(() => expect(first.lines()).toHaveLength(6));
    await add(organizationId);
    await soon(() => expect(first.lines()).toHaveLength(8));
    // What it has shown and not noted when it crashes would come again.
    await vi.waitFor(async () => expect(await happened(await begun())).toEqual([]), {
      timeout: 30_000,
      interval: 20,
    });
    await first.stop();
    await add(organizationId);
    const second = node('listen.js');
    await soon(() => expect(second.lines()).toHaveLength(2));
    expect([...first.lines(), ...second.lines()]).toEqual(await happened(begin));
  });

  it('notices a connection that carries nothing any more', async () => {
    // As it stands, after 15 seconds.
    const text = recipe('listen.js', line.url).replace('10_000', '300').replace('5000', '300');
    await writeFile(`${folder}/listen.js`, text);
    const organizationId = await foundBefore();
    const listening = node('listen.js');
    const begin = await begun();
    await add(organizationId);
    await soon(() => expect(listening.lines()).toHaveLength(2));
    line.freeze();
    await add(organizationId);
    await soon(() => expect(listening.lines()).toHaveLength(4));
    expect(listening.lines()).toEqual(await happened(begin));
    expect(listening.errors()).toContain('Interrupted: 4499');
  });

  it('stops with the reason when the key is revoked', async () => {
    await write('listen.js');
    const { data } = await world.ask<{ apiKeyCreate: { secret: string; apiKey: { id: string } } }>(
      `mutation { apiKeyCreate(input: { name: "Listener", permissions: ["event:read"] }) {
        ... on ApiKeyCreatePayload { secret apiKey { id } } } }`,
    );
    const { secret, apiKey } = data?.apiKeyCreate ?? {};
    const listening = node('listen.js', { KEY: secret ?? '' });
    await begun();
    await add(await found(world));
    await soon(() => expect(listening.lines()).not.toHaveLength(0));
    await world.ask(
      'mutation ($id: ID!) { apiKeyRevoke(input: { apiKeyId: $id }) { __typename } }',
      { id: apiKey?.id },
    );
    expect(await listening.over).toBe(1);
    expect(listening.errors()).toContain('Error: UNAUTHENTICATED');
  });
});

describe('graphql-sse', () => {
  it('goes on where it was after a lost connection', async () => {
    await write('listen-sse.js');
    const organizationId = await found(world);
    const names: string[] = [];
    const listening = node('listen-sse.js', { ORGANIZATION: encodeId('org', organizationId) });
    // It begins with what happens once it is there.
    while (listening.lines().length === 0) {
      names.push(await add(organizationId));
      await setTimeout(200);
    }
    line.cut();
    names.push(await add(organizationId), await add(organizationId));
    line.mend();
    names.push(await add(organizationId));
    await soon(() => expect(listening.lines().at(-1)).toBe(`${names.at(-1)} ACTIVE`));
    const told = listening.lines();
    expect(told).toEqual(names.slice(-told.length).map((name) => `${name} ACTIVE`));
    expect(listening.errors()).toContain('Interrupted: ');
  });

  it('stops with the reason when the question is not good', async () => {
    await write('listen-sse.js');
    const text = recipe('listen-sse.js', line.url).replace('previousStatus', 'nonsense');
    await writeFile(`${folder}/nonsense.js`, text);
    const [unknown, nonsense] = [
      node('listen-sse.js', { ORGANIZATION: 'org_unknown' }),
      node('nonsense.js'),
    ];
    expect([await unknown.over, await nonsense.over]).toEqual([1, 1]);
    expect(unknown.errors()).toContain('Error: INVALID_INPUT');
    expect(nonsense.errors()).toContain('Error: GRAPHQL_VALIDATION_FAILED');
  });

  it('stops with the reason when the credentials are not good', async () => {
    await write('listen-sse.js');
    const listening = node('listen-sse.js', { KEY: 'ghk_wrong' });
    expect(await listening.over).toBe(1);
    expect(listening.errors()).toContain('Error: Refused with 401');
  });
});

describe('follow', () => {
  type Asked = { variables: { after?: string } };
  type Client = { iterate(asked: Asked): AsyncIterable<object> };
  type Follow = (client: Client, asked: Asked & { query: string }) => AsyncGenerator<object>;

  /** Follows a gateway that says these things, one after the other, and then nothing new. */
  async function follow(...answers: object[][]) {
    const module: { follow: Follow } = await import(/* @vite-ignore */ `${folder}/follow.js`);
    const after: (string | undefined)[] = [];
    async function* iterate({ variables }: Asked) {
      after.push(variables.after);
      yield* answers.shift() ?? (await new Promise<object[]>(() => {}));
    }
    const told: object[] = [];
    const over = (async () => {
      for await (const event of module.follow({ iterate }, { query: '', variables: {} })) {
        told.push(event);
      }
    })();
    return { told, after, over };
  }

  const end = (code: string, cursor?: string) => ({
    errors: [{ message: code, extensions: { code, cursor } }],
  });
  const event = (cursor: string) => ({ data: { events: { cursor } } });

  it.each(['RESUME_REQUIRED', 'INTERNAL_SERVER_ERROR'])('goes on after %s', async (code) => {
    const { told, after } = await follow([event('1'), end(code, '1')], [event('2')]);
    await soon(() => expect(after).toEqual([undefined, '1', '2']));
    expect(told).toEqual([{ cursor: '1' }, { cursor: '2' }]);
  });

  it('takes the cursor of an end where nothing has come yet', async () => {
    const { after } = await follow([end('RESUME_REQUIRED', 'start')]);
    await soon(() => expect(after).toEqual([undefined, 'start']));
  });

  it.each(['FORBIDDEN', 'UNAUTHENTICATED', 'MFA_REQUIRED', 'CURSOR_EXPIRED', 'INVALID_INPUT'])(
    'throws what %s says',
    async (code) => {
      const { over } = await follow([event('1'), end(code, '1')]);
      await expect(over).rejects.toMatchObject({
        message: code,
        cause: [{ extensions: { cursor: '1' } }],
      });
    },
  );
});
