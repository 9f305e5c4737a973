import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { BUILT_IN_ROLES } from '../../src/domain/permission.ts';
import { found, fresh } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { memberIn, mutate } from './membership-moves.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

const more = '... on RoleTooHighError { permissions }';

/** Adds somebody to the organization (uuid). */
function create(organizationId: string, input: object, credential?: string) {
  const organization = { id: encodeId('org', organizationId) };
  const user = { email: `${fresh('somebody')}@example.com` };
  return mutate(world, 'membershipCreate', { organization, user, ...input }, credential, more);
}

/** A role (uuid) of the organization that extends another one with the application's own permissions. */
async function approver(organizationId: string): Promise<string> {
  const role = (key: string, permissions: string[], parent: string | null) =>
    world.query<{ id: string }>(
      `INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, extends_scope_id,
         extends_role_id, created_at, updated_at)
       VALUES (gen_random_uuid(), $1, $1, $2, $2, $3, CASE WHEN $4::uuid IS NOT NULL THEN $1::uuid END, $4, now(), now())
       RETURNING id`,
      [organizationId, key, permissions, parent],
    );
  const [base] = await role('base', ['invoice:*'], null);
  const [own] = await role('approver', ['report:read'], base?.id ?? null);
  return own?.id ?? '';
}

test('nobody gives what they do not hold, inherited or by wildcard', async () => {
  const id = await found(world);
  const roleIds = [encodeId('rol', await approver(id))];
  const held = ['membership:create', ...BUILT_IN_ROLES.member];
  const lacking = await keyWith(world, [...held, 'report:read', 'invoice:approve']);
  const holding = await keyWith(world, [...held, 'report:*', 'invoice:*']);
  expect(await create(id, { roleIds }, lacking)).toMatchObject({
    code: 'ROLE_TOO_HIGH',
    permissions: ['invoice:*'],
  });
  const given = await create(id, { roleIds, roleKeys: [] }, holding);
  expect(given.__typename).toBe('MembershipCreatePayload');
  expect((await create(id, { roleKeys: ['owner'] }, holding)).code).toBe('ROLE_TOO_HIGH');
  const byKey = await create(id, { roleKeys: ['approver', 'member'], roleIds: [] }, holding);
  expect(byKey.__typename).toBe('MembershipCreatePayload');
  const shown = await world.query(
    `SELECT key, source, granted_by_kind FROM role_assignment JOIN role ON role.id = role_id
     WHERE role_assignment.organization_id = $1 ORDER BY granted_at, key`,
    [id],
  );
  const direct = { source: 'DIRECT', granted_by_kind: 'API_KEY' };
  expect(shown).toEqual([
    { key: 'approver', ...direct },
    { key: 'approver', ...direct },
    { key: 'member', ...direct },
  ]);
});

test('the default role is for everybody who adds', async () => {
  const id = await found(world);
  const key = await keyWith(world, ['membership:create']);
  expect(await create(id, {}, key)).toMatchObject({
    __typename: 'MembershipCreatePayload',
    membership: null,
  });
  expect((await create(id, { roleKeys: ['member'] }, key)).code).toBe('ROLE_TOO_HIGH');
});

test('those of others and those that are none are named by their place', async () => {
  const id = await found(world);
  const foreign = encodeId('rol', await approver(await found(world)));
  expect(await create(id, { roleIds: [foreign] })).toMatchObject({
    issues: [{ path: ['roleIds', '0'] }],
  });
  expect(await create(id, { roleKeys: ['member', 'approver'] })).toMatchObject({
    issues: [{ path: ['roleKeys', '1'] }],
  });
  expect(await create(id, { roleIds: ['rol_x'] })).toMatchObject({
    issues: [{ path: ['roleIds', '0'] }],
  });
});

test('who comes back gets the default role or the roles that are named, and no others', async () => {
  const id = await found(world);
  const remover = await keyWith(world, ['membership:remove', 'membership:read'], id);
  const back = async (input: object, credential?: string) => {
    const { membershipId } = await memberIn('REMOVED', world, id);
    const target = { membershipId: encodeId('mbr', membershipId), ...input };
    return mutate(world, 'membershipReactivate', target, credential, more);
  };
  const assignments = async (input: object) => (await back(input)).membership?.roleAssignments;
  expect(await assignments({})).toEqual([{ role: { key: 'member' }, source: 'DEFAULT' }]);
  expect(await assignments({ roleKeys: ['admin'] })).toEqual([
    { role: { key: 'admin' }, source: 'DIRECT' },
  ]);
  const roleIds = [encodeId('rol', await approver(id))];
  expect(await assignments({ roleIds })).toEqual([{ role: { key: 'approver' }, source: 'DIRECT' }]);
  expect((await back({}, remover)).__typename).toBe('MembershipReactivatePayload');
  expect(await back({ roleIds }, remover)).toMatchObject({
    code: 'ROLE_TOO_HIGH',
    permissions: ['invoice:*', 'report:read'],
  });
  expect(await back({ roleKeys: ['nothing'] })).toMatchObject({
    issues: [{ path: ['roleKeys', '0'] }],
  });
});
