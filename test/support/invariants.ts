import pg from 'pg';

/** Each statement returns what contradicts the design; a sound database returns no row to any of them. */
const contradictions: Record<string, string> = {
  'events of an organization are numbered 1, 2, 3… without holes': `
    SELECT o.id FROM organization o LEFT JOIN event e ON e.organization_id = o.id
    GROUP BY o.id HAVING count(e.id) <> o.sequence OR coalesce(max(e.sequence), 0) <> o.sequence`,
  'the counts of an organization are those of its memberships': `
    SELECT o.id FROM organization o LEFT JOIN membership m ON m.organization_id = o.id GROUP BY o.id
    HAVING (o.pending_count, o.expired_count, o.active_count, o.suspended_count, o.removed_count) IS DISTINCT FROM (
      count(*) FILTER (WHERE m.status = 'PENDING_INVITE')::int, count(*) FILTER (WHERE m.status = 'INVITE_EXPIRED')::int,
      count(*) FILTER (WHERE m.status = 'ACTIVE')::int, count(*) FILTER (WHERE m.status = 'SUSPENDED')::int,
      count(*) FILTER (WHERE m.status = 'REMOVED')::int)`,
  'the count of a user is that of their memberships': `
    SELECT u.id FROM "user" u LEFT JOIN membership m ON m.user_id = u.id GROUP BY u.id
    HAVING u.membership_count <> count(m.id) FILTER (WHERE m.status <> 'REMOVED')`,
  'every status of a membership has its event, and every event its change': `
    SELECT m.id FROM membership m LEFT JOIN LATERAL (
      SELECT e.status FROM event e WHERE e.membership_id = m.id AND e.type = 'MEMBERSHIP_STATUS_CHANGED'
      ORDER BY e.sequence DESC LIMIT 1) last ON true
    WHERE last.status IS DISTINCT FROM m.status`,
  'each move of a membership begins where the one before ended': `
    SELECT * FROM (
      SELECT e.id, e.previous_status, lag(e.status) OVER (PARTITION BY e.membership_id ORDER BY e.sequence) AS before
      FROM event e WHERE e.type = 'MEMBERSHIP_STATUS_CHANGED') moves
    WHERE previous_status IS DISTINCT FROM before`,
  'nobody but members holds a role': `
    SELECT m.id FROM membership m
    WHERE m.status NOT IN ('ACTIVE', 'SUSPENDED') AND EXISTS (SELECT FROM role_assignment a WHERE a.membership_id = m.id)`,
  'a pending membership has one open invitation, and no other has one': `
    SELECT m.id FROM membership m
    WHERE (m.status = 'PENDING_INVITE') <> EXISTS (SELECT FROM invitation i WHERE i.membership_id = m.id AND i.status = 'PENDING')`,
  'the sort keys of an assignment are those of its membership': `
    SELECT m.id FROM membership m JOIN role_assignment a ON a.membership_id = m.id
    WHERE (a.created_key, a.joined_key, a.name_key, a.email_key)
      IS DISTINCT FROM (m.created_at, coalesce(m.joined_at, 'infinity'), m.name_key, m.email_key)`,
};

/** What always holds and does not hold in the database at `url`, in words. A sound database has none. */
export async function brokenInvariants(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const broken: string[] = [];
    for (const [name, statement] of Object.entries(contradictions)) {
      const { rowCount } = await client.query(statement);
      if (rowCount) {
        broken.push(`${name} (${rowCount} rows)`);
      }
    }
    return broken;
  } finally {
    await client.end();
  }
}
