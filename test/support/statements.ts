/** How many statements PostgreSQL gets for an operation. */
import pg from 'pg';
import { vi } from 'vitest';

/** What belongs to no operation: the sweeper, the post, new connections, and notes of when a key or account was used. */
const ASIDE =
  /^SET |pgboss|ORDER BY random\(\)|DELETE FROM idempotency_record|retired_identity WHERE retired_at|last_used_at = now\(\)/;

/** The statements, without their values, that go to PostgreSQL while `work` is done. */
export async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const sent = vi.spyOn(pg.Client.prototype, 'query');
  try {
    await work();
    const texts = sent.mock.calls.map(([statement]) =>
      typeof statement === 'string' ? statement : (statement as { text: string }).text,
    );
    return texts.filter((text) => !ASIDE.test(text));
  } finally {
    sent.mockRestore();
  }
}
