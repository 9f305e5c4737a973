import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { encodeId } from '../../src/domain/id.ts';
import { found, join } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { complaints, countEvents, makeRole, send, uuidOf } from './role-world.ts';

const member = encodeId('rol', BUILT_IN_ROLE_IDS.member);
const owner = encodeId('rol', BUILT_IN_ROLE_IDS.owner);
const nowhere = encodeId('rol', '01980000-0000-7000-8000-0123456789ab');

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

describe('the heir', () => {
  it('may be of the environment where the role is of an organization', async () => {
    const roleId = await makeRole(world, { organizationId: hereId });
    const { membershipId } = await join(world, here, { roleIds: [uuidOf(roleId)] });
    await send(world, 'roleDelete', { roleId, reassignToRoleId: member });
    const held = 'SELECT role_id FROM role_assignment WHERE membership_id = $1';
    expect(await world.query(held, [membershipId])).toEqual([{ role_id: uuidOf(member) }]);
  });

  it('is assignable there, not the owner role, and another one', async () => {
    const roleId = await makeRole(world, { organizationId: hereId });
    const environments = await makeRole(world);
    const foreign = await makeRole(world, { organizationId: encodeId('org', there) });
    await join(world, here, { roleIds: [uuidOf(roleId)] });
    const before = await countEvents(world);
    const tell = (role: string, heir: string) =>
      send(world, 'roleDelete', { roleId: role, reassignToRoleId: heir });
    const unknown = await tell(roleId, nowhere);
    expect(complaints(unknown)).toEqual(['reassignToRoleId']);
    expect(await tell(roleId, foreign)).toEqual(unknown);
    expect(await tell(environments, roleId)).toEqual(unknown);
    expect(complaints(await tell(roleId, owner))).toEqual(['reassignToRoleId']);
    expect(complaints(await tell(roleId, roleId))).toEqual(['reassignToRoleId']);
    expect(complaints(await tell(roleId, 'rol_x'))).toEqual(['reassignToRoleId']);
    expect(await countEvents(world)).toBe(before);
  });

  it('extends the role neither itself nor by way of others', async () => {
    const roleId = await makeRole(world, { organizationId: hereId });
    const child = await makeRole(world, { organizationId: hereId, extendsRoleId: roleId });
    const grandchild = await makeRole(world, { organizationId: hereId, extendsRoleId: child });
    for (const reassignToRoleId of [child, grandchild]) {
      expect(await send(world, 'roleDelete', { roleId, reassignToRoleId })).toMatchObject({
        code: 'ROLE_CYCLE',
      });
    }
  });

  it('makes no row of more than ten', async () => {
    const roleId = await makeRole(world, { organizationId: hereId });
    await makeRole(world, { organizationId: hereId, extendsRoleId: roleId });
    let ninth = await makeRole(world, { organizationId: hereId });
    for (let length = 2; length <= 9; length += 1) {
      ninth = await makeRole(world, { organizationId: hereId, extendsRoleId: ninth });
    }
    const tenth = await makeRole(world, { organizationId: hereId, extendsRoleId: ninth });
    const tooLong = await send(world, 'roleDelete', { roleId, reassignToRoleId: tenth });
    expect(complaints(tooLong)).toEqual(['reassignToRoleId']);
    const fine = await send(world, 'roleDelete', { roleId, reassignToRoleId: ninth });
    expect(fine.__typename).toBe('RoleDeletePayload');
  });
});

it('goes or is assigned, when both happen at once', async () => {
  for (let round = 0; round < 5; round += 1) {
    const roleId = await makeRole(world, round % 2 ? {} : { organizationId: hereId });
    const [deleted, joined] = await Promise.allSettled([
      send(world, 'roleDelete', { roleId }),
      join(world, here, { roleIds: [uuidOf(roleId)] }),
    ]);
    const gone = deleted.status === 'fulfilled' && deleted.value.__typename === 'RoleDeletePayload';
    expect(gone).toBe(joined.status === 'rejected');
  }
});
