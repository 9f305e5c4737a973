import pg from 'pg';

export type Writer = { leave(): Promise<void> };

/** Somebody who holds the lock of an organization (uuid), so that nobody else writes there, nor settles anything. */
export async function holdLock(url: string, organizationId: string): Promise<Writer> {
  const client = new pg.Client({ connectionString: url });
  // The database may be dropped first.
  client.on('error', () => {});
  await client.connect();
  await client.query(
    `SELECT pg_advisory_lock(hashtextextended('gatehouse:organization:' || $1, 0))`,
    [organizationId],
  );
  return { leave: () => client.end() };
}
