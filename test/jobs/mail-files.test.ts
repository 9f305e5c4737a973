import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tokenHash } from '../../src/domain/invitation-mail.ts';
import { found } from '../domain/world.ts';
import { type ObservedGateway, observeGateway } from '../http/observed-gateway.ts';
import { newDataDir } from '../support/data-dir.ts';
import { type Invited, invite, openPostOffice, tokenOf, until } from './mail-world.ts';

let gateway: ObservedGateway;
let folder: string;

const NOBODY = 'smtp://127.0.0.1:1';

beforeEach(async () => {
  const GATEHOUSE_DATA_DIR = newDataDir();
  folder = join(GATEHOUSE_DATA_DIR, 'mail');
  gateway = await observeGateway({ GATEHOUSE_DATA_DIR });
});

afterEach(() => gateway.close());

async function mail(): Promise<Invited> {
  const { database } = gateway;
  const { runner } = await openPostOffice(database, NOBODY, { works: false });
  const invited = await invite(runner, { organizationId: await found(database) });
  // Until then it is called otherwise.
  await until(async () => expect(await filesOf(invited)).toEqual([`${invited.typeId}-1.eml`]));
  return invited;
}

async function filesOf({ typeId }: Invited): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.filter((name) => name.includes(typeId));
}

it('writes mail to files that only we may read, and says which', async () => {
  expect(await readdir(folder).catch(() => 'none')).toBe('none');
  const invited = await mail();
  const file = join(folder, `${invited.typeId}-1.eml`);
  const parsed = await simpleParser(await readFile(file));
  expect(parsed.to).toMatchObject({ text: invited.email });
  const token = tokenOf(parsed);
  const link = `${gateway.url}/accept?token=${token}`;
  expect(parsed.text).toContain(link);
  expect(parsed.html).toContain(link);
  const [row] = await gateway.database.query(
    'SELECT 1 AS found FROM invitation_token WHERE invitation_id = $1 AND token_hash = $2',
    [invited.id, Buffer.from(tokenHash(token))],
  );
  expect(row).toEqual({ found: 1 });
  expect(((await stat(folder)).mode & 0o777).toString(8)).toBe('700');
  expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600');
  expect(await readdir(folder)).toEqual([`${invited.typeId}-1.eml`]);
  await until(() =>
    expect(gateway.log).toContainEqual(expect.objectContaining({ level: 30, file })),
  );
  const log = JSON.stringify(gateway.log);
  expect(log).not.toContain(token);
  expect(log).not.toContain(invited.email);
});

it('deletes the mail of who is erased, and what was left half written, and nothing else', async () => {
  const [kept, erased] = [await mail(), await mail()];
  const old = join(folder, `.${erased.typeId}-2.eml.partial`);
  const young = join(folder, `.${kept.typeId}-2.eml.partial`);
  const foreign = join(folder, 'notes.eml');
  for (const file of [old, young, foreign]) {
    await writeFile(file, '');
  }
  await utimes(old, 0, 0);
  await gateway.database.query('DELETE FROM invitation WHERE id = $1', [erased.id]);
  await until(async () => expect(await filesOf(erased)).toEqual([]));
  expect((await readdir(folder)).sort()).toEqual(
    [`.${kept.typeId}-2.eml.partial`, `${kept.typeId}-1.eml`, 'notes.eml'].sort(),
  );
});

it('tries again when a file cannot be written', async () => {
  await mkdir(join(folder, '..'), { recursive: true });
  await writeFile(folder, 'no folder');
  const { database } = gateway;
  const { runner } = await openPostOffice(database, NOBODY, { works: false });
  const { id } = await invite(runner, { organizationId: await found(database) });
  await until(async () => {
    const [row] = await database.query('SELECT delivery_error FROM invitation WHERE id = $1', [id]);
    expect(row).toEqual({ delivery_error: 'The mail could not be written to a file.' });
  });
  expect(gateway.log).toContainEqual(expect.objectContaining({ level: 40, code: 'EEXIST' }));
});
