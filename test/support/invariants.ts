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
  'a membership that is gone was deleted, unless its organization is gone too': `
    SELECT e.id FROM event e JOIN organization o ON o.id = e.organization_id
    WHERE e.membership_id IS NOT NULL AND NOT EXISTS (SELECT FROM membership m WHERE m.id = e.membership_id)
      AND NOT EXISTS (SELECT FROM event d WHERE d.membership_id = e.membership_id AND d.type = 'MEMBERSHIP_DELETED')`,
  'a membership that was deleted is gone, and nothing happens to it afterwards': `
    SELECT d.id FROM event d WHERE d.type = 'MEMBERSHIP_DELETED' AND (
      EXISTS (SELECT FROM membership m WHERE m.id = d.membership_id)
      OR EXISTS (SELECT FROM event e WHERE e.membership_id = d.membership_id AND e.sequence > d.sequence))`,
  'nothing personal is kept of a membership that is gone': `
    SELECT d.event_id FROM event_detail d
    WHERE d.membership_id IS NOT NULL AND NOT EXISTS (SELECT FROM membership m WHERE m.id = d.membership_id)`,
  'nobody but members holds a role': `
    SELECT m.id FROM membership m
    WHERE m.status NOT IN ('ACTIVE', 'SUSPENDED') AND EXISTS (SELECT FROM role_assignment a WHERE a.membership_id = m.id)`,
  'a pending membership has one open invitation, and no other has one': `
    SELECT m.id FROM membership m
    WHERE (m.status = 'PENDING_INVITE') <> EXISTS (SELECT FROM invitation i WHERE i.membership_id = m.id AND i.status = 'PENDING')`,
  'an open invitation ends when its membership does': `
    SELECT i.id FROM invitation i JOIN membership m ON m.id = i.membership_id
    WHERE i.status = 'PENDING' AND i.expires_at IS DISTINCT FROM m.status_deadline`,
  'whoever did not answer in time has an invitation that has expired': `
    SELECT m.id FROM membership m
    WHERE m.status = 'INVITE_EXPIRED' AND (
      SELECT i.status FROM invitation i WHERE i.membership_id = m.id ORDER BY i.created_at DESC, i.id DESC LIMIT 1
    ) IS DISTINCT FROM 'EXPIRED'`,
  'an invitation that was answered or revoked has one event that says so, and no other has one': `
    SELECT i.id FROM invitation i LEFT JOIN event e ON e.invitation_id = i.id AND e.status IN ('ACTIVE', 'SUSPENDED', 'REMOVED')
    GROUP BY i.id HAVING count(e.id) <> CASE WHEN i.status IN ('PENDING', 'EXPIRED') THEN 0 ELSE 1 END`,
  'every sending of an invitation has its event': `
    SELECT i.id FROM invitation i LEFT JOIN event e ON e.invitation_id = i.id AND e.type = 'INVITATION_SENT'
    GROUP BY i.id HAVING count(e.id) <> i.send_count`,
  'no token belongs to a sending that has not been': `
    SELECT t.invitation_id FROM invitation_token t JOIN invitation i ON i.id = t.invitation_id
    WHERE t.send_number > i.send_count`,
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
