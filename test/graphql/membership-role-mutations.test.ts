import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { encodeId, NIL_UUID } from '../../src/domain/id.ts';
import { BUILT_IN_ROLES } from '../../src/domain/permission.ts';
import { found, fresh, join } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { change, eventsOf, mbr, stored } from './change.ts';

let world: TestGateway;
let organizationId: string;

beforeAll(async () => {
  world = await createGateway();
  organizationId = await found(world);
  await join(world, organizationId, { roleKeys: ['owner'] });
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

const assign = (input: Record<string, unknown>, credential?: string) =>
  change(world, 'MembershipRoleAssign', input, credential);

const unassign = (input: Record<string, unknown>, credential?: string) =>
  change(world, 'MembershipRoleUnassign', input, credential);

const roleId = (key: keyof typeof BUILT_IN_ROLE_IDS) => encodeId('rol', BUILT_IN_ROLE_IDS[key]);

/** A role of an organization, or of the environment where that is left out. */
async function makeRole(key: string, permissions: string[], organization?: string) {
  const [role] = await world.query<{ id: string }>(
    `INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
     VALUES (gen_random_uuid(), $1, $2, $3, $3, $4, now(), now()) RETURNING id`,
    [organization ?? NIL_UUID, organization ?? null, key, permissions],
  );
  return { uuid: role?.id ?? '', id: encodeId('rol', role?.id ?? '') };
}

/** Gives a role as something else than an act does. */
async function give(
  { membershipId }: { membershipId: string },
  uuid: string,
  source: 'GROUP' | 'SSO_CONNECTION' | 'EMAIL_DOMAIN' | 'INVITATION',
) {
  await world.query(
    `INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind, granted_at)
     SELECT $1, $2, scope_id, id, $4::role_source, 'SYSTEM', now() FROM role WHERE id = $3`,
    [organizationId, membershipId, uuid, source],
  );
}

const both = [
  ['assigning', assign],
  ['unassigning', unassign],
] as const;

describe('assigning', () => {
  it.each(['ACTIVE', 'SUSPENDED'] as const)(
    'gives a member who is %s roles of both scopes, directly and with one event',
    async (status) => {
      const member = await join(world, organizationId, { status });
      const own = await makeRole(fresh('own'), ['invoice:read'], organizationId);
      const roleIds = [roleId('admin'), own.id, own.id];
      const result = await assign({ membershipId: mbr(member), roleIds, expectedVersion: 1 });
      expect(result).toMatchObject({ membership: { version: 2, status } });
      const { roleAssignments } = (result as { membership: { roleAssignments: unknown[] } })
        .membership;
      expect(roleAssignments).toHaveLength(3);
      expect(roleAssignments).toContainEqual({ source: 'DIRECT', role: { key: 'admin' } });
      const events = await eventsOf(world, member);
      expect(events).toMatchObject([
        { type: 'MEMBERSHIP_ROLES_CHANGED', cause: 'ROLE_ASSIGNED', userId: member.userId },
      ]);
      const [detail] = events.map((event) => event.detail as { added: object[] });
      expect(detail?.added).toHaveLength(2);
      expect(detail?.added).toContainEqual({
        id: BUILT_IN_ROLE_IDS.admin,
        key: 'admin',
        source: 'DIRECT',
      });
      expect(detail).toMatchObject({ removed: [] });
    },
  );

  it('says who gave it', async () => {
    const member = await join(world, organizationId);
    await assign({ membershipId: mbr(member), roleKeys: ['admin'] });
    const rows = await world.query(
      `SELECT granted_by_kind, granted_by_id = (SELECT id FROM api_key ORDER BY created_at LIMIT 1) AS ours
       FROM role_assignment WHERE membership_id = $1 AND source = 'DIRECT'`,
      [member.membershipId],
    );
    expect(rows).toEqual([{ granted_by_kind: 'API_KEY', ours: true }]);
  });

  it('of what is held directly changes nothing; from elsewhere it is given directly too', async () => {
    const member = await join(world, organizationId, { roleKeys: ['admin'] });
    expect(await assign({ membershipId: mbr(member), roleKeys: ['admin'] })).toMatchObject({
      membership: { version: 1 },
    });
    expect(await eventsOf(world, member)).toEqual([]);
    const other = await join(world, organizationId);
    const input = { membershipId: mbr(other), roleKeys: ['member', 'admin'] };
    await assign(input);
    expect(await assign(input)).toMatchObject({
      membership: {
        version: 2,
        roleAssignments: expect.arrayContaining([
          { source: 'DEFAULT', role: { key: 'member' } },
          { source: 'DIRECT', role: { key: 'member' } },
          { source: 'DIRECT', role: { key: 'admin' } },
        ]),
      },
    });
    expect(await eventsOf(world, other)).toHaveLength(1);
  });

  it('by key means the organization’s own role before the environment’s', async () => {
    const key = fresh('same');
    await makeRole(key, []);
    const own = await makeRole(key, [], organizationId);
    const member = await join(world, organizationId);
    await assign({ membershipId: mbr(member), roleKeys: [key] });
    expect(await eventsOf(world, member)).toMatchObject([
      { detail: { added: [{ id: own.uuid, key }] } },
    ]);
  });

  it('takes holding what the roles give', async () => {
    const role = await makeRole(fresh('billing'), ['invoice:*'], organizationId);
    const member = await join(world, organizationId);
    const input = { membershipId: mbr(member), roleIds: [role.id] };
    const admin = [...BUILT_IN_ROLES.admin];
    const low = await keyWith(world, admin, organizationId);
    expect(await assign(input, low)).toEqual({ code: 'ROLE_TOO_HIGH', permissions: ['invoice:*'] });
    expect(await assign({ ...input, roleIds: [roleId('owner')] }, low)).toEqual({
      code: 'ROLE_TOO_HIGH',
      permissions: ['organization:delete'],
    });
    expect((await stored(world, member))?.version).toBe(1);
    const high = await keyWith(world, [...admin, 'invoice:*'], organizationId);
    expect(await assign(input, high)).toMatchObject({ membership: { version: 2 } });
    // What is there already is not granted.
    expect(await assign(input, low)).toMatchObject({ membership: { version: 2 } });
  });
});

describe('unassigning', () => {
  it('takes the role away whatever gave it, and the last one too', async () => {
    const member = await join(world, organizationId);
    await assign({ membershipId: mbr(member), roleKeys: ['member', 'admin'] });
    await give(member, BUILT_IN_ROLE_IDS.member, 'INVITATION');
    const input = { membershipId: mbr(member), roleKeys: ['member', 'owner'], expectedVersion: 2 };
    expect(await unassign(input)).toMatchObject({
      membership: {
        version: 3,
        roleAssignments: [{ source: 'DIRECT', role: { key: 'admin' } }],
      },
    });
    expect(await unassign({ membershipId: mbr(member), roleIds: [roleId('admin')] })).toMatchObject(
      {
        membership: { version: 4, status: 'ACTIVE', roleAssignments: [] },
      },
    );
    const role = { id: BUILT_IN_ROLE_IDS.member, key: 'member' };
    const events = await eventsOf(world, member);
    expect(events.map(({ cause }) => cause)).toEqual([
      'ROLE_ASSIGNED',
      'ROLE_UNASSIGNED',
      'ROLE_UNASSIGNED',
    ]);
    expect(events[1]?.detail).toEqual({
      added: [],
      removed: ['DIRECT', 'DEFAULT', 'INVITATION'].map((source) => ({ ...role, source })),
    });
  });

  it('of what is not held changes nothing', async () => {
    const member = await join(world, organizationId);
    const input = { membershipId: mbr(member), roleKeys: ['admin', 'owner'] };
    expect(await unassign(input)).toMatchObject({ membership: { version: 1 } });
    expect(await eventsOf(world, member)).toEqual([]);
  });

  it.each(['GROUP', 'SSO_CONNECTION', 'EMAIL_DOMAIN'] as const)(
    'leaves what comes from %s, and refuses where it would take nothing else',
    async (source) => {
      const role = await makeRole(fresh('derived'), [], organizationId);
      const member = await join(world, organizationId, { roleKeys: ['admin'] });
      await give(member, role.uuid, source);
      const input = { membershipId: mbr(member), roleIds: [roleId('admin'), role.id] };
      expect(await unassign(input)).toMatchObject({
        code: 'INVALID_INPUT',
        issues: [{ path: ['roleIds', '1'], message: expect.stringContaining(source) }],
      });
      expect((await stored(world, member))?.version).toBe(1);
      await assign({ membershipId: mbr(member), roleIds: [role.id] });
      expect(await unassign(input)).toMatchObject({
        membership: { version: 3, roleAssignments: [{ source }] },
      });
    },
  );

  it('leaves the organization an owner', async () => {
    const elsewhere = await found(world);
    const [first, second] = [
      await join(world, elsewhere, { roleKeys: ['owner', 'admin'] }),
      await join(world, elsewhere, { roleKeys: ['owner'] }),
    ];
    const suspended = await join(world, elsewhere, { roleKeys: ['owner'], status: 'SUSPENDED' });
    const low = await keyWith(world, [...BUILT_IN_ROLES.admin], elsewhere);
    for (const member of [first, suspended]) {
      const input = { membershipId: mbr(member), roleKeys: ['owner'] };
      const refused = { code: 'FORBIDDEN', permission: 'role:assign' };
      expect(await unassign(input, low)).toEqual(refused);
    }
    const results = await Promise.all(
      [first, second].map((member) => unassign({ membershipId: mbr(member), roleKeys: ['owner'] })),
    );
    const lastOwner = {
      code: 'LAST_OWNER',
      organizations: [{ id: encodeId('org', elsewhere) }],
    };
    expect(results).toContainEqual(lastOwner);
    expect(results).toContainEqual({ membership: expect.objectContaining({ version: 2 }) });
    expect(await unassign({ membershipId: mbr(suspended), roleKeys: ['owner'] })).toMatchObject({
      membership: { roleAssignments: [] },
    });
  });
});

describe.each(both)('%s', (_name, call) => {
  it('takes exactly one list with roles that there are', async () => {
    const member = await join(world, organizationId);
    const foreign = await makeRole(fresh('foreign'), [], await found(world));
    const membershipId = mbr(member);
    const cases: [Record<string, unknown>, string[][]][] = [
      [{}, [['roleIds']]],
      [{ roleIds: null, roleKeys: null }, [['roleIds']]],
      [{ roleIds: [] }, [['roleIds']]],
      [{ roleKeys: [] }, [['roleKeys']]],
      [{ roleIds: [roleId('admin')], roleKeys: [] }, [['roleIds']]],
      [
        { roleIds: ['rol_x', roleId('admin'), mbr(member)] },
        [
          ['roleIds', '0'],
          ['roleIds', '2'],
        ],
      ],
      [{ roleIds: [foreign.id] }, [['roleIds', '0']]],
      [{ roleKeys: ['admin', 'nope', 'ｏwner\u0000'] }, [['roleKeys']]],
      [{ roleKeys: ['admin', 'nope'] }, [['roleKeys', '1']]],
      [{ roleKeys: Array.from({ length: 101 }, () => 'admin') }, [['roleKeys']]],
    ];
    for (const [names, paths] of cases) {
      const issues = paths.map((path) => ({ path, message: expect.any(String) }));
      expect(await call({ membershipId, ...names })).toEqual({ code: 'INVALID_INPUT', issues });
    }
    expect((await stored(world, member))?.version).toBe(1);
  });

  it('is for members, at the version that was expected', async () => {
    for (const status of ['PENDING_INVITE', 'REMOVED'] as const) {
      const member = await join(world, organizationId, { status });
      const input = { membershipId: mbr(member), roleKeys: ['admin'] };
      expect(await call(input)).toEqual({ code: 'INVALID_TRANSITION', status });
    }
    const member = await join(world, organizationId);
    const input = { membershipId: mbr(member), roleKeys: ['admin'], expectedVersion: 7 };
    expect(await call(input)).toEqual({ code: 'CONFLICT', currentVersion: 1 });
  });

  it('takes role:assign, and who may not see the membership learns nothing', async () => {
    const member = await join(world, organizationId);
    const input = { membershipId: mbr(member), roleKeys: ['member'] };
    const reader = await keyWith(world, ['membership:read'], organizationId);
    expect(await call(input, reader)).toEqual({ code: 'FORBIDDEN', permission: 'role:assign' });
    const blind = await keyWith(world, ['role:read'], organizationId);
    const foreign = await keyWith(world, ['*:*'], await found(world));
    for (const key of [blind, foreign]) {
      expect(await call(input, key)).toEqual({ code: 'NOT_FOUND' });
    }
    const absent = encodeId('mbr', '01980000-0000-7000-8000-0123456789ab');
    expect(await call({ ...input, membershipId: absent })).toEqual({ code: 'NOT_FOUND' });
    const owner = await join(world, organizationId, { roleKeys: ['owner'] });
    const admin = await keyWith(world, [...BUILT_IN_ROLES.admin], organizationId);
    expect(await call({ ...input, membershipId: mbr(owner) }, admin)).toEqual({
      code: 'FORBIDDEN',
      permission: 'role:assign',
    });
  });
});
