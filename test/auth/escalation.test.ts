/** Members with odd roles, and all that they can try, one step upon another: nobody ends up with more than they held. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { encodeId } from '../../src/domain/id.ts';
import { BUILT_IN_ROLES, covers } from '../../src/domain/permission.ts';
import { fresh, join } from '../domain/world.ts';
import { joinAs, openOrganization, saidOf } from '../graphql/join-world.ts';
import { mutate } from '../graphql/membership-moves.ts';
import { makeRole, send, uuidOf } from '../graphql/role-world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';

const ADMIN = encodeId('rol', BUILT_IN_ROLE_IDS.admin);
const MEMBER = encodeId('rol', BUILT_IN_ROLE_IDS.member);
const OWNER = encodeId('rol', BUILT_IN_ROLE_IDS.owner);

let world: PeopleGateway;

beforeAll(async () => {
  world = await createPeopleGateway();
  await send(world, 'permissionCreate', { name: 'invoice:approve' });
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

/** An organization that anybody of a domain may join, as good as without rights, and one member with these. */
async function besieged(permissions: string[]) {
  const { id, organizationId, domain, owner } = await openOrganization(world);
  const weak = await makeRole(world, { organizationId, key: 'weak' });
  const own = await makeRole(world, { organizationId, key: 'own', permissions });
  await world.query(
    'UPDATE organization SET member_role_id = $2, member_role_scope_id = id WHERE id = $1',
    [id, uuidOf(weak)],
  );
  const member = async (name: string, roleKeys: string[]) => {
    const email = `${fresh(name)}@${domain}`;
    const { membershipId } = await join(world, id, { email, roleKeys });
    return {
      membershipId: encodeId('mbr', membershipId),
      email,
      token: await world.tokenOf(email),
    };
  };
  const [row] = await world.query<{ id: string }>(
    `SELECT membership.id FROM membership WHERE organization_id = $1 AND email_key = $2`,
    [id, owner],
  );
  return {
    organizationId,
    domain,
    weak,
    own,
    owner: { membershipId: encodeId('mbr', row?.id ?? ''), token: await world.tokenOf(owner) },
    attacker: await member('attacker', ['own']),
    admin: await member('admin', ['admin']),
    friend: await member('friend', ['weak']),
  };
}

type Siege = Awaited<ReturnType<typeof besieged>>;

/** Everything to try, as a mutation and its input. */
function attempts(siege: Siege): [string, Record<string, unknown>][] {
  const { organizationId, weak, own, owner, attacker, admin, friend } = siege;
  const everything = [...BUILT_IN_ROLES.owner];
  const wishes = [everything, ['*:*'], ['invoice:approve'], ['role:manage'], ['membership:read']];
  const organization = { id: organizationId };
  return [
    ...wishes.flatMap((permissions): [string, Record<string, unknown>][] => [
      ['roleCreate', { organizationId, key: fresh('made'), displayName: 'Made', permissions }],
      ['roleUpdate', { roleId: own, permissions: [...permissions, ...everything] }],
      ['roleUpdate', { roleId: weak, permissions }],
    ]),
    ...[own, weak].flatMap((roleId): [string, Record<string, unknown>][] => [
      ['roleUpdate', { roleId, extendsRoleId: ADMIN }],
      ['roleUpdate', { roleId, extendsRoleId: OWNER }],
      ['roleUpdate', { roleId, extendsRoleId: MEMBER }],
      ['roleDelete', { roleId, reassignToRoleId: ADMIN }],
      ['roleDelete', { roleId, reassignToRoleId: OWNER }],
    ]),
    ...[attacker, friend].flatMap(({ membershipId }): [string, Record<string, unknown>][] => [
      ...[ADMIN, OWNER, MEMBER].map((role): [string, Record<string, unknown>] => [
        'membershipRoleAssign',
        { membershipId, roleIds: [role] },
      ]),
      ['membershipUpdate', { membershipId, isBreakglass: true }],
      ['ownershipTransfer', { fromMembershipId: owner.membershipId, toMembershipId: membershipId }],
    ]),
    ...[ADMIN, OWNER, MEMBER, null].flatMap((role): [string, Record<string, unknown>][] => [
      ['organizationUpdate', { organization, settings: { memberRoleId: role } }],
      ['organizationUpdate', { organization, settings: { creatorRoleId: role } }],
    ]),
    ['membershipRemove', { membershipId: owner.membershipId }],
    ['membershipSuspend', { membershipId: owner.membershipId }],
    ['membershipRoleUnassign', { membershipId: owner.membershipId, roleIds: [OWNER] }],
    ['membershipUpdate', { membershipId: owner.membershipId, name: 'Mine' }],
    ['membershipReactivate', { membershipId: admin.membershipId, roleKeys: ['admin'] }],
    ['apiKeyCreate', { name: 'A key', permissions: ['user:read'] }],
  ];
}

async function heldBy({ organizationId }: Siege, credential: string): Promise<string[]> {
  const { data } = await world.ask<{ viewer: { permissions: string[] } }>(
    'query ($organizationId: ID!) { viewer { permissions(organizationId: $organizationId) } }',
    { organizationId },
    credential,
  );
  return data?.viewer.permissions ?? [];
}

/** Tries everything with a credential, and returns the keys that it made on the way. */
async function attack(siege: Siege, credential: string, held: string[]): Promise<string[]> {
  const keys: string[] = [];
  const { organizationId } = siege;
  for (const permissions of [[...BUILT_IN_ROLES.owner], [...BUILT_IN_ROLES.admin], held, ['*:*']]) {
    const input = { organizationId, name: 'A key', permissions };
    const { secret } = await send(world, 'apiKeyCreate', input, credential);
    if (typeof secret === 'string') {
      keys.push(secret);
    }
  }
  for (const [name, input] of attempts(siege)) {
    await change(name, input, credential);
  }
  return keys;
}

async function change(name: string, input: object, credential: string): Promise<string> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const { data, errors } = await world.ask<{ result: { __typename: string } }>(
    `mutation ($input: ${type}Input!) { result: ${name}(input: $input) { __typename } }`,
    { input },
    credential,
  );
  if (!data) {
    throw new Error(`${name}: ${JSON.stringify(errors)}`);
  }
  return data.result.__typename;
}

const combinations = [
  ['role:manage'],
  ['role:assign'],
  ['apikey:manage'],
  ['settings:update'],
  ['membership:update', 'membership:readDetails'],
  ['membership:remove', 'membership:suspend'],
  ['apikey:manage', 'role:assign', 'settings:update', 'role:manage'],
  [...BUILT_IN_ROLES.owner],
];

describe('a member who holds', () => {
  it.each(combinations.map((held) => [held.join(', '), held] as const))(
    '%s',
    async (_, permissions) => {
      const siege = await besieged(permissions);
      const keys = await attack(siege, siege.attacker.token, permissions);
      for (const key of [...keys]) {
        keys.push(...(await attack(siege, key, permissions)));
      }
      const { attacker, friend, owner, domain, organizationId } = siege;
      const newcomer = await world.tokenOf(`${fresh('newcomer')}@${domain}`);
      expect(saidOf(await joinAs(world, organizationId, newcomer))).toBe('ACTIVE');
      for (const credential of [attacker.token, friend.token, newcomer, ...keys]) {
        const now = await heldBy(siege, credential);
        expect(now.filter((name) => !covers(permissions, name))).toEqual([]);
      }
      // And owners are as they were.
      expect((await heldBy(siege, owner.token)).length).toBeGreaterThanOrEqual(
        BUILT_IN_ROLES.owner.length,
      );
      const transfer = { membershipId: attacker.membershipId, roleIds: [OWNER] };
      expect(
        (await mutate(world, 'membershipRoleAssign', transfer, attacker.token)).__typename,
      ).not.toBe('MembershipRoleAssignPayload');
    },
  );
});
