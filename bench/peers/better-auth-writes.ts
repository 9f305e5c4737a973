/** What better-auth has that is like the writes of Gatehouse, each by the owner of the organization. */
import type { Contender } from '../operations.ts';
import { type Asks, postOnce, UNTIMED } from '../writes/asks.ts';
import type { Asker, Writer } from '../writes/comparison.ts';
import { WRITE_NAMES, type WriteName } from '../writes/operations.ts';
import { onDatabase, PLACES, type Place, roleKey, type Targets } from '../writes/world.ts';
import { ownerSession, sessionCookie } from './better-auth.ts';

/** Reads in the database at `url` which organization a member is of, and returns how to ask. It cannot suspend. */
export async function betterAuthAsker(
  url: string,
  targets: Record<Place, Targets>,
): Promise<Asker> {
  const { rows } = await onDatabase(url, (client) =>
    client.query<{ id: string; organization: string }>(
      'SELECT id, "organizationId" AS organization FROM better_auth.member',
    ),
  );
  const organizationOf = new Map(rows.map(({ id, organization }) => [id, organization]));

  return (contender, write, place) => {
    const { organizations, memberships } = targets[place];
    if (write === 'membershipCreate') {
      const body = { organizationId: '$target', email: `${place}.$number@example.com` };
      return asksOf(contender, '/members', body, organizations, organizations);
    }
    if (write === 'membershipRoleAssign') {
      const body = { memberId: '$target', role: ['member', roleKey('$lap')] };
      const theirs = memberships.map((id) => organizationOf.get(id) ?? '');
      return asksOf(contender, '/organization/update-member-role', body, memberships, theirs);
    }
    return undefined;
  };
}

function asksOf(
  { url, key }: Contender,
  path: string,
  body: object,
  targets: string[],
  organizations: string[],
): Asks {
  return {
    url: `${url}${path}`,
    headers: { 'content-type': 'application/json', origin: new URL(url).origin },
    headersOf: organizations.map((id) => ({ cookie: sessionCookie(ownerSession(id), key) })),
    body: JSON.stringify(body),
    targets,
    expected: '"role":"member',
  };
}

const LEFT: Record<string, string> = {
  membershipCreate: `
    SELECT count(*)::int FROM better_auth.member m JOIN better_auth."user" u ON u.id = m."userId"
    WHERE m.id = $1 AND m."organizationId" = $2 AND m.role = 'member' AND u.email LIKE '%.${UNTIMED.agreement}@example.com'`,
  membershipRoleAssign: `
    SELECT count(*)::int FROM better_auth.member WHERE id = $1 AND id = $2 AND role = 'member,${roleKey(0)}'`,
};

/** Writes everything that it has once, and once more as a stranger, which is refused. Throws unless it is so. */
export async function checkBetterAuth({ contender, url, asker }: Writer): Promise<void> {
  const stranger = { ...contender, key: `${contender.key.slice(0, -1)}_` };
  for (const place of PLACES) {
    for (const write of WRITE_NAMES) {
      const asks = asker(contender, write, place);
      const strange = asker(stranger, write, place);
      if (asks === undefined || strange === undefined) {
        continue;
      }
      await checkLeft(url, write, asks);
      const refused = await postOnce(strange, UNTIMED.agreement);
      if (refused.ok) {
        throw new Error(`${contender.name} writes for strangers: ${await refused.text()}`);
      }
    }
  }
}

async function checkLeft(url: string, write: WriteName, asks: Asks): Promise<void> {
  const response = await postOnce(asks, UNTIMED.agreement);
  const text = await response.text();
  if (!response.ok || !text.includes(asks.expected)) {
    throw new Error(`${asks.url} answered ${response.status}: ${text.slice(0, 200)}`);
  }
  const { id } = JSON.parse(text);
  const { rows } = await onDatabase(url, (client) =>
    client.query(LEFT[write] ?? '', [id, asks.targets[UNTIMED.agreement]]),
  );
  if (rows[0].count !== 1) {
    throw new Error(`${asks.url} did not write what it answered: ${text.slice(0, 200)}`);
  }
}
