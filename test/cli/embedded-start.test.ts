import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { bearer, post, send } from '../http/wire.ts';
import { gone, serverOf, temporaryFolder } from '../support/embedded-world.ts';
import {
  type RunningGateway,
  runProgram,
  startGatewayProcess,
  startProgram,
} from './gateway-process.ts';

// Many processes start here, each of which takes a second of a free machine.
vi.setConfig({ testTimeout: 180_000 });

type Place = { cwd: string; dataDir: string };

async function newPlace(): Promise<Place> {
  const cwd = await temporaryFolder();
  return { cwd, dataDir: join(cwd, '.data') };
}

async function ask(url: string, key: string | undefined, query: string): Promise<unknown> {
  const { status, body } = await post(url, { query }, bearer(key ?? null));
  return { status, ...JSON.parse(body) };
}

const counts = '{ viewer { apiKey { name } } organizations { totalCount } users { totalCount } }';

it('keeps everything over commands, second gateways and kills', async () => {
  const { cwd, dataDir } = await newPlace();
  const start = () => startGatewayProcess({ cwd });
  const stop = async ({ kill, ended }: RunningGateway) => {
    kill('SIGTERM');
    return (await ended).code;
  };

  const first = await start();
  const { key } = first;
  expect(key).toMatch(/^ghk_/);
  expect(first.greeting).toContain('`npm run token -- <email>` prints a token');
  expect(await readdir(cwd)).toEqual(['.data']);
  expect(await runProgram({ cwd, args: ['demo'] })).toMatchObject({ code: 0 });
  const before = await ask(first.url, key, counts);
  expect(before).toMatchObject({
    status: 200,
    data: { viewer: { apiKey: { name: 'First key' } }, organizations: { totalCount: 4 } },
  });

  const rival = await runProgram({ cwd, env: { PORT: '0' } });
  expect(rival).toMatchObject({ code: 1, stdout: '' });
  expect(rival.stderr).toMatch(/^Another gateway is already running on this data directory: .*\n$/);
  expect(await ask(first.url, key, counts)).toEqual(before);

  // Its end, and that of its database, come without a word.
  const kills: ((gateway: RunningGateway) => Promise<void>)[] = [killGateway, killBoth];
  let gateway = first;
  for (const kill of kills) {
    await kill(gateway);
    gateway = await start();
    expect(gateway.key).toBeUndefined();
    expect(await ask(gateway.url, key, counts)).toEqual(before);
  }

  await killDatabase();
  expect(await send(`${gateway.url}/health/live`)).toMatchObject({ status: 200 });
  expect(await send(`${gateway.url}/health/ready`)).toMatchObject({ status: 503 });
  expect(await ask(gateway.url, key, counts)).toMatchObject({ status: 503 });
  expect(await stop(gateway)).toBe(0);

  const listed = await runProgram({ cwd, args: ['key', 'list'] });
  expect(listed).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^key_\S+ {2}First key {2}last used/),
  });
  await expect(serverOf(dataDir)).rejects.toThrow('ENOENT');

  const last = await start();
  expect(await ask(last.url, key, counts)).toEqual(before);
  const { pid } = await serverOf(dataDir);
  expect(await stop(last)).toBe(0);
  await gone(pid);

  async function killGateway({ kill, ended }: RunningGateway): Promise<void> {
    kill('SIGKILL');
    await ended;
  }

  async function killDatabase(): Promise<void> {
    const { pid } = await serverOf(dataDir);
    process.kill(pid, 'SIGKILL');
    await gone(pid);
  }

  async function killBoth(gateway: RunningGateway): Promise<void> {
    await Promise.all([killDatabase(), killGateway(gateway)]);
  }
});

it('stops cleanly when it is told to in the middle of its first start', async () => {
  const { cwd, dataDir } = await newPlace();
  const env = { PORT: '0' };
  const told = await startProgram({ cwd, env });
  await told.says(/^Creating a database/m);
  told.kill('SIGTERM');
  const end = await told.ended;
  expect(end).toMatchObject({ code: 0, signal: null });
  await expect(serverOf(dataDir)).rejects.toThrow('ENOENT');
  const key = /API key +(ghk_\S+)\n/.exec(end.stdout)?.[1];
  const again = await startGatewayProcess({ cwd });
  expect(again.key === undefined).toBe(key !== undefined);
  expect(await ask(again.url, key ?? again.key, counts)).toMatchObject({ status: 200 });
  again.kill('SIGTERM');
  expect((await again.ended).code).toBe(0);
});
