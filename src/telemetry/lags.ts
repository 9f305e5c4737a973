/** How far what should happen at once is behind. */
import type { Read } from '../db/database.ts';
import type { Statement } from '../db/statement.ts';

/** In seconds; 0 when nothing is behind. */
export type Lags = {
  /** Since when the oldest deadline is over that is not settled. */
  sweeper: number;
  /** Age of the oldest transaction that writes: events that were committed after it began wait for its end. */
  feed: number;
  /** Age of the oldest mail that has not left. */
  mail: number;
};

const PATIENCE_MS = 2000;

// All look at a few rows: the deadlines by their index, the transactions among the connections, the jobs of an hour.
const LAGS: Statement = {
  name: 'gatehouse_lags',
  text: `
    SELECT coalesce(extract(epoch FROM now() - (
        SELECT min(coalesce(status_deadline, 'infinity')) FROM membership
        WHERE status_deadline IS NOT NULL AND coalesce(status_deadline, 'infinity') <= now()
      )), 0)::float8 AS sweeper,
      coalesce(greatest(0, extract(epoch FROM clock_timestamp() - least(
        (SELECT min(xact_start) FROM pg_stat_activity WHERE backend_xid IS NOT NULL),
        (SELECT min(prepared) FROM pg_prepared_xacts)
      ))), 0)::float8 AS feed,
      coalesce(extract(epoch FROM now() - (
        SELECT min(created_on) FROM pgboss.job WHERE name = 'mail' AND state <= 'active'
      )), 0)::float8 AS mail`,
};

/** Asks the database. Rejects when it does not answer in time: a scrape waits for no connection for long. */
export async function readLags(read: Read): Promise<Lags> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('The database does not answer.')), PATIENCE_MS);
  try {
    const [lags] = await Promise.race([read<Lags>(LAGS, []), late]);
    return lags ?? { sweeper: 0, feed: 0, mail: 0 };
  } finally {
    clearTimeout(timer);
  }
}
