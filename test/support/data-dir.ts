import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The path of a data folder that is nobody else's: `.data` may hold the mail of whoever runs the tests. */
export function newDataDir(): string {
  return join(tmpdir(), `gatehouse-test-${randomUUID()}`);
}
