/** Whoever may not follow an organization any more is cut off within a second, whichever process they listen to. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeId } from '../../src/domain/id.ts';
import { fresh } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { add, change, endOf, idsOf, lastCursor, soon, stored } from './feed-world.ts';
import { eventsOf, type Stream, transports } from './listener.ts';
import { by, bySql, byTheApi, type Case, enter, scene } from './losing-rights.ts';

let world: PeopleGateway;
/** Another gateway on the same database: there the streams are, while changes are made here. */
let other: TestGateway;

beforeAll(async () => {
  world = await createPeopleGateway();
  other = await createGateway(
    { GATEHOUSE_TRUSTED_ISSUERS: world.issuer.settings },
    { ...world, close: async () => {} },
  );
});

afterAll(async () => {
  await other.close();
  await world.close();
});

/** A second, and what a busy machine needs on top: in naps of the database, which last the longer the busier it is. */
const SOON_NAPS = 50;
const NAP = 'SELECT pg_sleep(0.05)';

/** Loses the right, and makes sure that the stream ends for it in time and says nothing after. */
async function expectEnd(
  stream: Stream,
  { organizationId }: Pick<Case, 'organizationId'>,
  lose: () => Promise<unknown>,
): Promise<{ code?: string; cursor?: string | null }> {
  await add(world, organizationId);
  await soon(() => expect(stream.events()).toHaveLength(1));
  await lose();
  for (let naps = 0; naps < SOON_NAPS && !stream.isOver(); naps += 1) {
    await world.query(NAP);
  }
  expect(stream.isOver()).toBe(true);
  const end = await endOf(stream);
  // What made it possible is not told, and neither is what follows.
  expect(stream.events()).toHaveLength(1);
  expect(end.cursor).toBe(stream.events()[0]?.cursor);
  expect(stream.told.at(-1)?.data).toBeUndefined();
  return end;
}

describe.each(Object.entries(transports))('%s', (_name, listen) => {
  const follow = async (credential: string, organizationId: string) => {
    const after = await lastCursor(world, organizationId);
    return listen(other.gateway.url, credential, eventsOf({ organizationId, after }));
  };

  describe.each(Object.entries({ 'by the API': byTheApi, 'by plain SQL': bySql }))(
    '%s',
    (_how, ways) => {
      it.each(Object.entries(ways))('ends for who %s', async (_way, [code, lose]) => {
        const at = await scene(world);
        const stream = await follow(at.watcher.token, at.organizationId);
        const end = await expectEnd(stream, at, () => lose(at));
        expect(end.code).toBe(code);
        stream.close();
      });
    },
  );

  it('ends with the token', async () => {
    const { organizationId, watcher } = await scene(world);
    // Late enough for the streams to begin, wherever other work goes on.
    const seconds = Math.ceil(Date.now() / 1000) + 6;
    const token = await world.tokenOf(watcher.email, { exp: seconds });
    const stream = await follow(token, organizationId);
    const own = listen(other.gateway.url, token, eventsOf());
    await add(world, organizationId);
    await soon(() => expect(stream.events()).toHaveLength(1));
    expect((await endOf(stream)).code).toBe('UNAUTHENTICATED');
    expect((await endOf(own)).code).toBe('UNAUTHENTICATED');
    expect(Date.now()).toBeGreaterThan(seconds * 1000 - 100);
    expect(Date.now()).toBeLessThan(seconds * 1000 + 60_000 + SOON_NAPS * 50);
  });

  it.each(['of the organization', 'of the environment'])('ends with a key %s', async (whose) => {
    const { organizationId } = await scene(world);
    const make = async (input: object) =>
      change<{ secret: string; apiKey: { id: string } }>(
        world,
        'apiKeyCreate',
        {
          name: fresh('Key '),
          permissions: ['event:read', 'organization:read'],
          organizationId: whose === 'of the organization' ? organizationId : null,
          ...input,
        },
        { selection: 'secret apiKey { id }' },
      );
    const revoked = await make({});
    const byRevoking = await expectEnd(
      await follow(revoked.secret, organizationId),
      { organizationId },
      () => change(world, 'apiKeyRevoke', { apiKeyId: revoked.apiKey.id }),
    );
    expect(byRevoking.code).toBe('UNAUTHENTICATED');
    const revokedBySql = await make({});
    const bySqlAlone = await expectEnd(
      await follow(revokedBySql.secret, organizationId),
      { organizationId },
      () =>
        world.query(
          'UPDATE api_key SET revoked_at = now() WHERE revoked_at IS NULL AND id = (SELECT id FROM api_key ORDER BY created_at DESC LIMIT 1)',
        ),
    );
    expect(bySqlAlone.code).toBe('UNAUTHENTICATED');
    const expiring = await make({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    const byTheClock = await expectEnd(
      await follow(expiring.secret, organizationId),
      { organizationId },
      () =>
        world.query(
          `UPDATE api_key SET expires_at = now() + interval '300 ms' WHERE id = (SELECT id FROM api_key ORDER BY created_at DESC LIMIT 1)`,
        ),
    );
    expect(byTheClock.code).toBe('UNAUTHENTICATED');
  });

  it('tells keys of the environment that an organization was deleted, and then ends', async () => {
    const at = await scene(world);
    const stream = await follow(world.key, at.organizationId);
    const filtered = listen(
      other.gateway.url,
      world.key,
      eventsOf({
        organizationId: at.organizationId,
        after: await lastCursor(world, at.organizationId),
        filter: { types: ['MEMBERSHIP_UPDATED'] },
      }),
    );
    await add(world, at.organizationId);
    await soon(() => expect(stream.events()).toHaveLength(1));
    await byTheApi['has an organization that is deleted']?.[1](at);
    expect((await endOf(stream)).code).toBe('NOT_FOUND');
    expect(stream.events().at(-1)).toMatchObject({ type: 'ORGANIZATION_DELETED' });
    expect((await endOf(filtered)).code).toBe('NOT_FOUND');
    expect(filtered.events()).toEqual([]);
  });

  it('tells people on their own stream, which goes on, until they are deleted', async () => {
    const at = await scene(world);
    const after = await lastCursor(world, at.organizationId);
    const own = listen(other.gateway.url, at.watcher.token, eventsOf({ after }));
    const causes = () => own.events().map(({ cause }) => cause);
    const { membershipId } = at.watcher;
    await by(at, 'membershipSuspend', { membershipId });
    await by(at, 'membershipReinstate', { membershipId });
    await by(at, 'membershipRoleUnassign', { membershipId, roleIds: [at.roleId] });
    await by(at, 'membershipRemove', { membershipId });
    await soon(() => expect(causes().at(-1)).toBe('REMOVED'));
    expect(causes()).toEqual(['SUSPENDED', 'REINSTATED', 'ROLE_UNASSIGNED', 'REMOVED']);
    expect(own.isOver()).toBe(false);
    await byTheApi['is deleted']?.[1](at);
    expect((await endOf(own)).code).toBe('UNAUTHENTICATED');
  });

  it('lets somebody back in whose suspension is over, and tells them what was meanwhile', async () => {
    const at = await scene(world);
    const stream = await follow(at.watcher.token, at.organizationId);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const { cursor } = await expectEnd(stream, at, () =>
      by(at, 'membershipSuspend', { membershipId: at.watcher.membershipId, until }),
    );
    await add(world, at.organizationId);
    const variables = { organizationId: at.organizationId, after: cursor };
    const refused = listen(other.gateway.url, at.watcher.token, eventsOf(variables));
    expect((await endOf(refused)).code).toBe('FORBIDDEN');
    // The hour is over.
    await world.query('UPDATE membership SET status_deadline = now() WHERE id = $1', [
      decodeId('mbr', at.watcher.membershipId),
    ]);
    await soon(async () => {
      const again = listen(other.gateway.url, at.watcher.token, eventsOf(variables));
      await soon(() => expect(again.isOver() || again.events().length > 0).toBe(true));
      expect(again.error()).toBeUndefined();
      const missed = await stored(world, 'organization_id = $1 AND sequence > $2', [
        at.uuid,
        stream.events()[0]?.sequence,
      ]);
      await soon(() => expect(idsOf(again)).toEqual(missed));
      expect(again.events().map(({ cause }) => cause)).toEqual([
        'SUSPENDED',
        'ADDED',
        'SUSPENSION_ENDED',
      ]);
      again.close();
    });
  });

  it('shows each event with the rights of its moment', async () => {
    const at = await scene(world);
    const fields =
      'id cursor type cause sequence reason ... on MembershipStatusChanged { membership { user { email } } }';
    const after = await lastCursor(world, at.organizationId);
    const variables = { organizationId: at.organizationId, after };
    const stream = listen(other.gateway.url, at.watcher.token, eventsOf(variables, fields));
    const full = listen(other.gateway.url, at.owner.token, eventsOf(variables, fields));
    const victim = await enter(world, at.uuid, []);
    const { membershipId } = victim;
    const grant = (permissions: string[]) =>
      by(at, 'roleUpdate', {
        roleId: at.roleId,
        permissions: ['event:read', 'organization:read', 'membership:read', ...permissions],
      });
    const told = (whose: Stream, cause: string) =>
      whose.events().find((event) => event.cause === cause);
    await by(at, 'membershipSuspend', { membershipId, reason: 'First' });
    await soon(() => expect(told(stream, 'SUSPENDED')).toBeDefined());
    expect(told(stream, 'SUSPENDED')).toMatchObject({
      reason: null,
      membership: { user: { email: null } },
    });
    await grant(['membership:readDetails']);
    await by(at, 'membershipReinstate', { membershipId, reason: 'Second' });
    await soon(() => expect(told(stream, 'REINSTATED')).toBeDefined());
    expect(told(stream, 'REINSTATED')).toMatchObject({
      reason: 'Second',
      membership: { user: { email: victim.email } },
    });
    await grant([]);
    await by(at, 'membershipRemove', { membershipId, reason: 'Third' });
    await soon(() => expect(told(stream, 'REMOVED')).toBeDefined());
    expect(told(stream, 'REMOVED')).toMatchObject({
      reason: null,
      membership: { user: { email: null } },
    });
    await soon(() => expect(told(full, 'REMOVED')).toBeDefined());
    expect(
      ['SUSPENDED', 'REINSTATED', 'REMOVED'].map((cause) => told(full, cause)?.reason),
    ).toEqual(['First', 'Second', 'Third']);
    expect(idsOf(stream)).toEqual(idsOf(full));
    stream.close();
    full.close();
  });
});
