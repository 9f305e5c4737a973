/** Before anything is timed: the same invitation leaves the same rows, and what one refuses the other refuses. */
import { isDeepStrictEqual } from 'node:util';
import type { Scribe } from '../writes/agree.ts';
import { bodyOf, UNTIMED } from '../writes/asks.ts';
import { onDatabase } from '../writes/world.ts';
import { askOnce, asksOf, type InvitationWrite, ROWS, type Targets, WRITES } from './operations.ts';

// All but ids that are new, and times; of the times only which of them are the same.
const LEFT = `
  SELECT to_jsonb(m) - '{id,user_id,created_at,updated_at,joined_at,status_changed_at,status_deadline}'::text[]
      || jsonb_build_object('joined', joined_at = e.occurred_at, 'changed', m.updated_at = e.occurred_at,
        'moved', status_changed_at = e.occurred_at, 'created', m.created_at = e.occurred_at,
        'deadline', status_deadline - e.occurred_at) AS membership,
    to_jsonb(u) - '{id,created_at,updated_at}'::text[] || jsonb_build_object('changed', u.updated_at = e.occurred_at)
      AS "user",
    (SELECT to_jsonb(o) FROM organization o WHERE o.id = m.organization_id) AS organization,
    to_jsonb(i) - '{id,membership_id,created_at,updated_at,expires_at,accepted_at,delivery_error}'::text[]
      || jsonb_build_object('changed', i.updated_at = e.occurred_at, 'accepted', accepted_at = e.occurred_at,
        'expires', expires_at = status_deadline) AS invitation,
    (SELECT jsonb_agg(to_jsonb(r) - 'invitation_id' ORDER BY role_id) FROM invitation_role r
      WHERE r.invitation_id = i.id) AS offered,
    (SELECT jsonb_agg(to_jsonb(a) - '{membership_id,granted_at,created_key,joined_key}'::text[]
        || jsonb_build_object('granted', granted_at = e.occurred_at) ORDER BY role_id)
      FROM role_assignment a WHERE a.membership_id = m.id) AS roles,
    (SELECT jsonb_agg(to_jsonb(n) - '{id,membership_id,user_id,invitation_id,request_id,occurred_at,transaction_id,position}'::text[]
        || jsonb_build_object('same', n.occurred_at = e.occurred_at, 'one', n.transaction_id = e.transaction_id,
          'asked', length(n.request_id), 'about', n.membership_id = m.id, 'of', n.user_id = m.user_id,
          'offer', n.invitation_id = i.id, 'detail', d.detail, 'reason', d.reason, 'whose', d.user_id = m.user_id,
          'where', d.membership_id = m.id) ORDER BY n.type, n.sequence)
      FROM event n LEFT JOIN event_detail d ON d.event_id = n.id
      WHERE m.id = n.membership_id OR m.user_id = n.user_id AND n.organization_id IS NULL) AS events,
    (SELECT jsonb_agg(jsonb_build_object('data', data - 'invitationId', 'priority', priority, 'limit', retry_limit,
        'delay', retry_delay, 'backoff', retry_backoff, 'most', retry_delay_max, 'expires', expire_seconds,
        'deleted', deletion_seconds, 'beats', heartbeat_seconds, 'policy', policy, 'kept', keep_until - created_on))
      FROM pgboss.job WHERE data->>'invitationId' = i.id::text) AS jobs
  FROM membership m JOIN "user" u ON u.id = m.user_id JOIN invitation i ON i.membership_id = m.id
  JOIN LATERAL (SELECT * FROM event WHERE membership_id = m.id ORDER BY sequence DESC LIMIT 1) AS e ON true
  WHERE u.email = ANY($1) OR i.id = (SELECT invitation_id FROM invitation_token WHERE token_hash = sha256($2::bytea))
  ORDER BY e.sequence`;

/** Does each once, and once more, which is refused but for what was accepted already. Throws unless both agree. */
export async function checkInvitations(
  [gatehouse, floor]: [Scribe, Scribe],
  targets: Targets,
): Promise<void> {
  for (const write of WRITES) {
    const [one, other] = [
      await leave(gatehouse, write, targets),
      await leave(floor, write, targets),
    ];
    if (one.length !== ROWS[write] || !isDeepStrictEqual(one, other)) {
      throw new Error(`${write}: ${JSON.stringify(one[0])}\nand ${JSON.stringify(other[0])}`);
    }
    for (const { contender } of [gatehouse, floor]) {
      const isDone = await askOnce(asksOf(contender, write, targets), UNTIMED.agreement);
      if (isDone && write !== 'accept') {
        throw new Error(`${contender.name} invites the same people twice.`);
      }
      const stranger = { ...contender, key: `${contender.key.slice(0, -1)}_` };
      const strange = { ...targets, tokens: targets.tokens.map((token) => `b${token.slice(1)}`) };
      if (await askOnce(asksOf(stranger, write, strange), UNTIMED.statements[0] ?? 0)) {
        throw new Error(`${contender.name} does it for strangers.`);
      }
    }
  }
}

async function leave({ contender, url }: Scribe, write: InvitationWrite, targets: Targets) {
  const asks = asksOf(contender, write, targets);
  const number = UNTIMED.agreement;
  if (!(await askOnce(asks, number))) {
    throw new Error(`${asks.url} refuses ${bodyOf(asks, number).slice(0, 500)}.`);
  }
  const emails = Array.from(
    { length: ROWS[write] },
    (_, n) => `${write}.${number}.${n}@example.com`,
  );
  const token = write === 'accept' ? targets.tokens[number] : '';
  const { rows } = await onDatabase(url, (client) =>
    client.query<object>(LEFT, [write === 'accept' ? [] : emails, token]),
  );
  return rows;
}
