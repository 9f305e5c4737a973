import pg from 'pg';
import { pino } from 'pino';
import { expect, inject, it } from 'vitest';
import { safeLog } from '../../src/telemetry/safe-log.ts';

function logged(err: unknown): { text: string; err: Record<string, unknown> } {
  const lines: string[] = [];
  safeLog(pino({ level: 'trace' }, { write: (line) => lines.push(line) })).error({ err }, 'Failed');
  const [text = ''] = lines;
  return { text, err: JSON.parse(text).err };
}

it('tells what went wrong in the database, without the values of the row', async () => {
  const client = new pg.Client({ connectionString: inject('serverUrl') });
  await client.connect();
  await client.query('CREATE TEMPORARY TABLE person (email text UNIQUE)');
  await client.query(`INSERT INTO person VALUES ('ada@example.com')`);
  const again = client.query(`INSERT INTO person VALUES ('ada@example.com')`);
  const error: unknown = await again.catch((refusal: unknown) => refusal);
  await client.end();
  expect(error).toMatchObject({ detail: expect.stringContaining('ada@example.com') });
  const { text, err } = logged(error);
  expect(err).toMatchObject({ code: '23505', stack: expect.stringContaining('safe-log.test.ts') });
  expect(text).not.toContain('ada@');
});

it('tells the causes, however they hang together, and no secret in them', () => {
  const inner = new Error(`Cannot reach postgresql://me:hunter2@db/x with ghk_${'x'.repeat(40)}`);
  const outer = new Error('Failed', { cause: inner });
  inner.cause = outer;
  const { text, err } = logged(outer);
  expect(err).toMatchObject({
    message: 'Failed',
    cause: { message: 'Cannot reach postgresql://me:…@db/x with gh?_…' },
  });
  expect(text).not.toMatch(/hunter2|ghk_x/);
});

it('tells what is no error', () => {
  expect(logged('Bearer abcdefghijklmnopqrstuvwxyz').err).toEqual({
    type: 'string',
    message: 'Bearer …',
  });
});
