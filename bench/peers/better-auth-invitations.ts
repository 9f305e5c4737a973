/** Accepting an invitation with better-auth: by its id, in the session of the person who is invited. */
import { MOST_ACCEPTS } from '../invitations/operations.ts';
import type { Scribe } from '../writes/agree.ts';
import { type Asks, postOnce, UNTIMED } from '../writes/asks.ts';
import { onDatabase } from '../writes/world.ts';
import { inviteeSession, sessionCookie } from './better-auth.ts';

/** How it is asked to accept one open invitation after the other. */
export async function acceptAsks({ contender, url }: Scribe): Promise<Asks> {
  const { rows } = await onDatabase(url, (client) =>
    client.query<{ id: string }>(
      `SELECT id FROM better_auth.invitation WHERE status = 'pending' ORDER BY md5(id)`,
    ),
  );
  const targets = rows.map(({ id }) => id);
  return {
    url: `${contender.url}/organization/accept-invitation`,
    headers: { 'content-type': 'application/json', origin: new URL(contender.url).origin },
    headersOf: targets.map((id) => ({
      cookie: sessionCookie(inviteeSession(id), contender.key),
    })),
    body: JSON.stringify({ invitationId: '$target' }),
    targets,
    expected: '"status":"accepted"',
    perTurn: MOST_ACCEPTS,
  };
}

/** Accepts one, which leaves a member, and once more and as a stranger, which is refused. Throws unless it is so. */
export async function checkAccept({ url }: Scribe, asks: Asks): Promise<void> {
  const cookieOf = (id: string) => sessionCookie(inviteeSession(id), 'another secret');
  const stranger = { ...asks, headersOf: asks.targets.map((id) => ({ cookie: cookieOf(id) })) };
  const [first, again, strange] = [
    await postOnce(asks, UNTIMED.agreement),
    await postOnce(asks, UNTIMED.agreement),
    await postOnce(stranger, UNTIMED.agreement + 1),
  ];
  if (!first.ok || again.ok || strange.ok) {
    throw new Error(`${asks.url}: ${first.status} ${await first.text()}, then ${again.status}`);
  }
  const { member } = (await first.json()) as { member: { id: string } };
  const { rows } = await onDatabase(url, (client) =>
    client.query(
      `SELECT count(*)::int FROM better_auth.member m
       JOIN better_auth.invitation i ON i."organizationId" = m."organizationId" AND i.status = 'accepted'
       WHERE m.id = $1 AND i.id = $2 AND m.role = 'member'`,
      [member.id, asks.targets[UNTIMED.agreement]],
    ),
  );
  if (rows[0].count !== 1) {
    throw new Error(`${asks.url} left no member.`);
  }
}

/** How many invitations have been accepted there. */
export async function acceptedBy({ url }: Scribe): Promise<number> {
  const { rows } = await onDatabase(url, (client) =>
    client.query(`SELECT count(*)::int FROM better_auth.invitation WHERE status = 'accepted'`),
  );
  return rows[0].count;
}
