/** Before anything is timed: the same write leaves the same rows, and what one refuses the other refuses. */
import { isDeepStrictEqual } from 'node:util';
import type { RunningContender } from '../processes.ts';
import { type Asks, bodyOf, UNTIMED } from './asks.ts';
import { asksOf, WRITE_NAMES, type WriteName, type Written, writeOnce } from './operations.ts';
import { onDatabase, PLACES, type Place, type Targets } from './world.ts';

/** A contender with the database that only it writes in. */
export type Scribe = { contender: RunningContender; url: string };

// All but ids that are new, and times; of the times only which of them are the same.
const LEFT = `
  SELECT to_jsonb(m) - '{id,user_id,single_user_id,created_at,updated_at,joined_at,status_changed_at}'::text[]
      || jsonb_build_object('joined', joined_at = e.occurred_at, 'changed', m.updated_at = e.occurred_at,
        'moved', status_changed_at = e.occurred_at, 'created', m.created_at = e.occurred_at) AS membership,
    (SELECT to_jsonb(u) - '{id,created_at,updated_at}'::text[] FROM "user" u WHERE u.id = m.user_id) AS "user",
    (SELECT to_jsonb(o) FROM organization o WHERE o.id = m.organization_id) AS organization,
    (SELECT jsonb_agg(to_jsonb(a) - '{membership_id,granted_at,created_key,joined_key}'::text[]
        || jsonb_build_object('granted', granted_at = e.occurred_at) ORDER BY role_id)
      FROM role_assignment a WHERE a.membership_id = m.id) AS roles,
    (SELECT jsonb_agg(to_jsonb(n) - '{id,membership_id,user_id,request_id,occurred_at,transaction_id,position}'::text[]
        || jsonb_build_object('same', n.occurred_at = e.occurred_at, 'one', n.transaction_id = e.transaction_id,
          'asked', length(n.request_id), 'about', n.membership_id = m.id, 'of', n.user_id = m.user_id,
          'detail', d.detail, 'reason', d.reason, 'whose', d.user_id = m.user_id AND d.membership_id = m.id)
        ORDER BY position)
      FROM event n LEFT JOIN event_detail d ON d.event_id = n.id WHERE m.id = n.membership_id OR m.user_id = n.user_id
        AND n.organization_id IS NULL) AS events
  FROM membership m JOIN LATERAL (
    SELECT * FROM event WHERE membership_id = m.id ORDER BY sequence DESC LIMIT 1) AS e ON true
  WHERE m.id = $1`;

/** Writes everything once, and then once more, which is refused but for roles that are held already. Throws unless all agree. */
export async function checkWrites(scribes: Scribe[], targets: Record<Place, Targets>) {
  for (const place of PLACES) {
    for (const write of WRITE_NAMES) {
      const ask = (scribe: Scribe) => asksOf(scribe.contender, write, place, targets[place]);
      const first = await Promise.all(scribes.map((scribe) => leave(scribe, ask(scribe))));
      demandSame(`${write}, ${place}`, first);
      const again = await Promise.all(
        scribes.map((scribe) => writeOnce(ask(scribe), UNTIMED.agreement)),
      );
      demandSame(`${write}, ${place}, again`, again);
      if ((again[0] !== null) !== (write === 'membershipRoleAssign')) {
        throw new Error(`${write} can be done twice.`);
      }
      for (const scribe of scribes) {
        await checkStranger(scribe, write, targets[place]);
      }
    }
  }
}

async function leave({ url }: Scribe, asks: Asks) {
  const written = await writeOnce(asks, UNTIMED.agreement);
  if (written === null) {
    throw new Error(`${asks.url} refuses ${asks.body}.`);
  }
  const { id, ...answer } = written;
  const { rows } = await onDatabase(url, (client) => client.query<object>(LEFT, [id]));
  if (rows.length !== 1) {
    throw new Error(`${asks.url} left no event.`);
  }
  return { ...answer, ...rows[0] } satisfies Partial<Written>;
}

async function checkStranger({ contender }: Scribe, write: WriteName, targets: Targets) {
  const stranger = { ...contender, key: `${contender.key.slice(0, -1)}_` };
  const asks = asksOf(stranger, write, 'spread', targets);
  const { url, headers } = asks;
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: bodyOf(asks, UNTIMED.agreement),
  });
  if (response.ok) {
    throw new Error(`${contender.name} writes for strangers: ${await response.text()}`);
  }
}

function demandSame(what: string, [first, ...others]: unknown[]): void {
  for (const other of others) {
    if (!isDeepStrictEqual(first, other)) {
      throw new Error(`${what}: ${JSON.stringify(first)}\nand ${JSON.stringify(other)}`);
    }
  }
}
