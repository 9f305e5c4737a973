/** Finds secrets wherever they may have got to, however they may be written there. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';

export type SecretFinder = {
  /** The secrets that stand in the text. */
  find(text: string): string[];
};

/** So long a piece of a secret is no accident. */
const PIECE = 16;

/** What secrets are made of, in all the ways of writing them. */
const RUNS = new RegExp(`[\\w+/-]{${PIECE},}`, 'g');

/**
 * A finder of secrets (base64url): as they are, as hexadecimal digits or base64 of their text or of the bytes that they
 * stand for.
 */
export function findSecrets(secrets: Iterable<string>): SecretFinder {
  const pieces = new Map<string, string>();
  for (const secret of secrets) {
    for (const written of writings(secret)) {
      pieces.set(written.slice(0, PIECE), secret);
      pieces.set(written.slice(-PIECE), secret);
    }
  }
  return {
    find(text) {
      const found = new Set<string>();
      // Mail breaks its lines within words.
      for (const [run] of text.replace(/=\r?\n/g, '').matchAll(RUNS)) {
        for (let start = 0; start + PIECE <= run.length; start += 1) {
          const secret = pieces.get(run.slice(start, start + PIECE));
          if (secret !== undefined) {
            found.add(secret);
          }
        }
      }
      return [...found];
    },
  };
}

function writings(secret: string): string[] {
  return [Buffer.from(secret), Buffer.from(secret, 'base64url')]
    .flatMap((bytes) => [
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
      // What stands before it decides how base64 divides it; the first and the last digits depend on others.
      ...[0, 1, 2].flatMap((shift) => {
        const digits = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
        const whole = digits.replace(/=+$/, '').slice(shift === 0 ? 0 : 4, -1);
        return [whole, whole.replaceAll('+', '-').replaceAll('/', '_')];
      }),
    ])
    .concat(secret);
}

/** Everything that the tables of a database hold, in all its schemas, table by table. */
export async function* dumpTables(client: pg.Client): AsyncGenerator<[name: string, text: string]> {
  const tables = await client.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  for (const { name } of tables.rows) {
    const { rows } = await client.query<{ text: string }>(
      `SELECT string_agg(entry::text, E'\\n') AS text FROM ${name} AS entry`,
    );
    yield [name, rows[0]?.text ?? ''];
  }
}

/** All files of a folder, byte by byte as characters; those that go meanwhile are left out. */
export async function* readFiles(folder: string): AsyncGenerator<[name: string, text: string]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const bytes = entry.isFile() ? await readFile(path).catch(() => undefined) : undefined;
    if (bytes !== undefined) {
      yield [path, bytes.toString('latin1')];
    }
  }
}
