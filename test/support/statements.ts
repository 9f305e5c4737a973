/** How many statements PostgreSQL gets for an operation. */
import pg from 'pg';
import { vi } from 'vitest';

/** What belongs to no operation, and comes when it likes. */
const ASIDE = new RegExp(
  [
    // New connections, and the one that listens, which may be made again at any time.
    '^SET ',
    '^LISTEN ',
    // What other processes are told of a change some milliseconds ago.
    '^NOTIFY ',
    // The sweeper.
    'ORDER BY random\\(\\)',
    'DELETE FROM idempotency_record',
    'retired_identity WHERE retired_at',
    'gatehouse event retention',
    // The post: its queue, the mails that have been left to it, and its files.
    'pgboss',
    'INSERT INTO invitation_token',
    'UPDATE invitation SET (?:sent_at|delivery_error)',
    'SELECT id FROM invitation WHERE id = ANY',
    // Notes of when a key or account was used.
    'last_used_at = now\\(\\)',
  ].join('|'),
);

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
