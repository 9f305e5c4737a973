import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { encodeId } from '../../src/domain/id.ts';
import { found, join } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import {
  countEvents,
  expireInvitations,
  givenBy,
  invite,
  latestEvents,
  makeRole,
  send,
  uuidOf,
} from './role-world.ts';

const member = encodeId('rol', BUILT_IN_ROLE_IDS.member);

let world: TestGateway;
let here: string;
let there: string;
let hereId: string;

beforeAll(async () => {
  world = await createGateway();
  here = await found(world);
  there = await found(world);
  hereId = encodeId('org', here);
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

function assignmentsOf(membershipId: string) {
  return world.query<{ role_id: string; source: string; granted_by_kind: string }>(
    `SELECT role_id, source, granted_by_kind FROM role_assignment
     WHERE membership_id = $1 ORDER BY role_id, source`,
    [membershipId],
  );
}

async function offeredBy({ id }: { id: string }): Promise<string[]> {
  const rows = await world.query<{ role_id: string }>(
    'SELECT role_id FROM invitation_role WHERE invitation_id = $1 ORDER BY role_id',
    [id],
  );
  return rows.map(({ role_id }) => role_id);
}

describe('a role that nothing uses', () => {
  it.each([true, false])('goes, of an organization: %s', async (ofOrganization) => {
    const key = `unused-${ofOrganization}`;
    const organizationId = ofOrganization ? hereId : undefined;
    const roleId = await makeRole(world, { organizationId, key });
    expect(await send(world, 'roleDelete', { roleId, expectedVersion: 2 })).toMatchObject({
      currentVersion: 1,
    });
    expect(await send(world, 'roleDelete', { roleId, expectedVersion: 1 })).toEqual({
      __typename: 'RoleDeletePayload',
      deletedRoleId: roleId,
    });
    expect(await latestEvents(world, 1)).toMatchObject([
      {
        type: 'ROLE_DELETED',
        cause: 'DELETED',
        organization_id: ofOrganization ? here : null,
        role_id: uuidOf(roleId),
        detail: { key },
      },
    ]);
    for (const act of ['roleDelete', 'roleUpdate']) {
      expect((await send(world, act, { roleId })).__typename).toBe('NotFoundError');
    }
  });

  it.each(['organization', 'environment'])(
    'goes from closed invitations too, and from overdue ones, in the %s',
    async (scope) => {
      const own = await found(world);
      const roleId = await makeRole(world, {
        organizationId: scope === 'organization' ? encodeId('org', own) : null,
      });
      const both = [uuidOf(roleId), BUILT_IN_ROLE_IDS.admin];
      const expired = await invite(world, own, both);
      await expireInvitations(world, own);
      const accepted = await invite(world, own, both);
      await join(world, own, { email: accepted.email });
      const overdue = await invite(world, own, both);
      await world.query(
        `UPDATE membership SET status_deadline = now() - interval '1 second'
       WHERE id = (SELECT membership_id FROM invitation WHERE id = $1)`,
        [overdue.id],
      );
      await world.query(
        `UPDATE invitation SET expires_at = now() - interval '1 second' WHERE id = $1`,
        [overdue.id],
      );
      expect((await send(world, 'roleDelete', { roleId })).__typename).toBe('RoleDeletePayload');
      for (const invitation of [accepted, expired, overdue]) {
        expect(await offeredBy(invitation)).toEqual([BUILT_IN_ROLE_IDS.admin]);
      }
    },
  );
});

describe('a role in use', () => {
  it.each([true, false])('says by what, of an organization: %s', async (ofOrganization) => {
    const organizationId = ofOrganization ? hereId : undefined;
    const roleId = await makeRole(world, { organizationId });
    const use = { memberships: 0, invitations: 0, roles: 0, defaults: 0 };
    const expectUse = async () =>
      expect(await send(world, 'roleDelete', { roleId })).toMatchObject({
        code: 'ROLE_IN_USE',
        ...use,
      });
    const { membershipId } = await join(world, here, { roleIds: [uuidOf(roleId)] });
    await world.query(
      `INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source,
         granted_by_kind, granted_at)
       SELECT organization_id, membership_id, role_scope_id, role_id, 'GROUP', 'SYSTEM', now()
       FROM role_assignment WHERE membership_id = $1`,
      [membershipId],
    );
    use.memberships = 1;
    await expectUse();
    await invite(world, here, [uuidOf(roleId)]);
    use.invitations = 1;
    await expectUse();
    await makeRole(world, { organizationId: hereId, extendsRoleId: roleId });
    use.roles = 1;
    await expectUse();
    await world.query(
      `UPDATE organization SET creator_role_id = role.id, creator_role_scope_id = role.scope_id,
         member_role_id = role.id, member_role_scope_id = role.scope_id
       FROM role WHERE role.id = $1 AND organization.id = $2`,
      [uuidOf(roleId), here],
    );
    use.defaults = 1;
    const before = await countEvents(world);
    await expectUse();
    expect(await countEvents(world)).toBe(before);
    expect((await send(world, 'roleDelete', { roleId, reassignToRoleId: member })).__typename).toBe(
      'RoleDeletePayload',
    );
  });

  it.each(['member', 'child', 'offer'])('is one by a single %s', async (what) => {
    const roleId = await makeRole(world, { organizationId: hereId });
    const uses: Record<string, () => Promise<unknown>> = {
      member: () => join(world, here, { roleIds: [uuidOf(roleId)] }),
      child: () => makeRole(world, { organizationId: hereId, extendsRoleId: roleId }),
      offer: () => invite(world, here, [uuidOf(roleId)]),
    };
    await uses[what]?.();
    expect(await send(world, 'roleDelete', { roleId })).toMatchObject({ code: 'ROLE_IN_USE' });
  });
});

describe('what used a role', () => {
  it('goes over to its heir, once', async () => {
    const own = await found(world);
    const organizationId = encodeId('org', own);
    const roleId = await makeRole(world, { organizationId, permissions: ['role:read'] });
    const heir = await makeRole(world, { organizationId, permissions: ['event:read'] });
    const child = await makeRole(world, { organizationId, extendsRoleId: roleId });
    const single = await join(world, own, { roleIds: [uuidOf(roleId)] });
    const double = await join(world, own, { roleIds: [uuidOf(roleId), uuidOf(heir)] });
    await world.query(
      `UPDATE role_assignment SET source = 'GROUP' WHERE membership_id = $1 AND role_id = $2`,
      [single.membershipId, uuidOf(roleId)],
    );
    const expired = await invite(world, own, [uuidOf(roleId)]);
    await expireInvitations(world, own);
    const accepted = await invite(world, own, [uuidOf(roleId)]);
    await join(world, own, { email: accepted.email });
    const offering = await invite(world, own, [uuidOf(roleId), BUILT_IN_ROLE_IDS.admin]);
    const both = await invite(world, own, [uuidOf(roleId), uuidOf(heir)]);
    await world.query(
      `UPDATE organization SET member_role_id = $1, member_role_scope_id = id WHERE id = $2`,
      [uuidOf(roleId), own],
    );
    const before = await countEvents(world);
    const result = await send(world, 'roleDelete', { roleId, reassignToRoleId: heir });
    expect(result.__typename).toBe('RoleDeletePayload');
    expect(await assignmentsOf(single.membershipId)).toEqual([
      { role_id: uuidOf(heir), source: 'GROUP', granted_by_kind: 'API_KEY' },
    ]);
    expect(await assignmentsOf(double.membershipId)).toEqual([
      { role_id: uuidOf(heir), source: 'DIRECT', granted_by_kind: 'SYSTEM' },
    ]);
    expect(await offeredBy(offering)).toEqual([BUILT_IN_ROLE_IDS.admin, uuidOf(heir)].sort());
    expect(await offeredBy(both)).toEqual([uuidOf(heir)]);
    expect(await offeredBy(expired)).toEqual([uuidOf(heir)]);
    expect(await offeredBy(accepted)).toEqual([]);
    expect(await givenBy(world, child)).toEqual(['event:read']);
    const { data } = await world.ask(
      'query ($id: ID!) { membership(by: { id: $id }) { permissions } }',
      { id: encodeId('mbr', single.membershipId) },
    );
    expect(data).toEqual({ membership: { permissions: ['event:read'] } });
    expect(await countEvents(world)).toBe(before + 3);
    const change = { before: roleId, after: heir };
    expect(await latestEvents(world, 3)).toMatchObject([
      {
        type: 'ROLE_DELETED',
        organization_id: own,
        detail: { reassignedToRoleId: uuidOf(heir) },
      },
      {
        type: 'ORGANIZATION_SETTINGS_CHANGED',
        cause: 'SETTINGS_CHANGED',
        organization_id: own,
        detail: { changes: [{ field: 'memberRoleId', ...change }] },
      },
      {
        type: 'ROLE_UPDATED',
        cause: 'UPDATED',
        organization_id: own,
        role_id: uuidOf(child),
        detail: { changes: [{ field: 'extendsRoleId', ...change }] },
      },
    ]);
  });

  it('goes over everywhere, when it was a role of the environment', async () => {
    const roleId = await makeRole(world, { key: 'everywhere' });
    const heir = await makeRole(world, { key: 'heir' });
    const child = await makeRole(world, {
      organizationId: encodeId('org', there),
      extendsRoleId: roleId,
    });
    const members = [
      await join(world, here, { roleIds: [uuidOf(roleId)] }),
      await join(world, there, { roleIds: [uuidOf(roleId)] }),
    ];
    await world.query('UPDATE environment SET creator_role_id = $1', [uuidOf(roleId)]);
    await world.query(
      `UPDATE organization SET creator_role_id = $1, creator_role_scope_id = (SELECT id FROM environment)
       WHERE id = $2`,
      [uuidOf(roleId), there],
    );
    expect(await send(world, 'roleDelete', { roleId })).toMatchObject({
      memberships: 2,
      roles: 1,
      defaults: 2,
    });
    const result = await send(world, 'roleDelete', { roleId, reassignToRoleId: heir });
    expect(result.__typename).toBe('RoleDeletePayload');
    for (const { membershipId } of members) {
      expect((await assignmentsOf(membershipId)).map((row) => row.role_id)).toEqual([uuidOf(heir)]);
    }
    const events = await latestEvents(world, 4);
    expect(events.map((event) => [event.type, event.organization_id, event.role_id])).toEqual([
      ['ROLE_DELETED', null, uuidOf(roleId)],
      ['ENVIRONMENT_UPDATED', null, null],
      ['ORGANIZATION_SETTINGS_CHANGED', there, null],
      ['ROLE_UPDATED', there, uuidOf(child)],
    ]);
    const { data } = await world.ask('{ environment { creatorRole { id } memberRole { id } } }');
    expect(data).toEqual({
      environment: { creatorRole: { id: heir }, memberRole: { id: member } },
    });
  });
});
