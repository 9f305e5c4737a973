import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { encodeId } from '../../src/domain/id.ts';
import type { MemberInput } from '../../src/domain/membership.ts';
import { BUILT_IN_ROLES, PERMISSIONS, type PermissionName } from '../../src/domain/permission.ts';
import { found, fresh, join } from '../domain/world.ts';
import { expected, type Held, seen } from '../http/places.ts';
import { keyWith, makeTenant, type Tenant } from '../http/tenant.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';

let world: PeopleGateway;
let a: Tenant;
let b: Tenant;

beforeAll(async () => {
  world = await createPeopleGateway();
  a = await makeTenant(world);
  b = await makeTenant(world);
});

afterAll(() => world.close());

const ofOrganizations = PERMISSIONS.flatMap(({ name, scope }) =>
  scope === 'organization' ? [name] : [],
);

const these =
  (names: readonly PermissionName[]): Held =>
  (name) =>
    names.includes(name);
const nothing = these([]);

/** What shows of another organization: nothing, but the list of those that the caller reads is there. */
const elsewhere = (has: Held) => ({
  ...expected(nothing, 'organization'),
  'organizations.nodes.0': has('organization:read'),
});

/** The key of a new role of the organization (uuid) that gives this. */
async function roleWith(organizationId: string, permissions: string[]): Promise<string> {
  const key = fresh('custom');
  await world.query(
    `INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
     VALUES (gen_random_uuid(), $1, $1, $2, $2, $3, now(), now())`,
    [organizationId, key, permissions],
  );
  return key;
}

/** The keys of ten roles of the organization (uuid), each extending the one before, the first that of `base` (uuid). */
async function line(organizationId: string, base: string): Promise<string[]> {
  const keys: string[] = [];
  for (let nth = 0; nth < 9; nth += 1) {
    const key = await roleWith(organizationId, [`step:s${nth}`]);
    await world.query(
      'UPDATE role SET extends_role_id = r.id, extends_scope_id = r.scope_id FROM role r WHERE role.key = $1 AND (r.id = $2 OR r.key = $3)',
      [key, nth === 0 ? base : null, keys.at(-1) ?? null],
    );
    keys.push(key);
  }
  return keys;
}

/** A token of somebody who was just made a member of the organization (uuid). */
async function member(organizationId: string, input: Partial<MemberInput>): Promise<string> {
  const { email } = await join(world, organizationId, input);
  return await world.tokenOf(email);
}

describe('a person', () => {
  it.each(['owner', 'admin', 'member'] as const)('who is %s sees what that opens', async (role) => {
    const token = await member(a.id, { roleKeys: [role] });
    expect(await seen(world, a, token)).toEqual(expected(these(BUILT_IN_ROLES[role]), 'member'));
    expect(await seen(world, b, token)).toEqual(elsewhere(these(BUILT_IN_ROLES[role])));
  });

  it.each(ofOrganizations)('with a role of %s alone sees what that opens', async (only) => {
    const token = await member(a.id, { roleKeys: [await roleWith(a.id, [only])] });
    expect(await seen(world, a, token)).toEqual(expected(these([only]), 'member'));
    expect(await seen(world, b, token)).toEqual(elsewhere(these([only])));
  });

  it.each(['SUSPENDED', 'PENDING_INVITE'] as const)(
    'who is %s sees no more than the name of the organization',
    async (status) => {
      const token = await member(a.id, { status, roleKeys: ['owner'] });
      expect(await seen(world, a, token)).toEqual(expected(nothing, 'member'));
    },
  );

  it('who is no member sees nothing, whatever they are elsewhere', async () => {
    const stranger = await world.tokenOf(`${fresh('stranger')}@example.com`);
    expect(await seen(world, a, stranger)).toEqual(expected(nothing, 'organization'));
  });

  it('who has more roles sees what all of them open, and no more than in each organization', async () => {
    const email = `${fresh('both')}@example.com`;
    const { email: same } = await join(world, a.id, {
      email,
      roleKeys: [await roleWith(a.id, ['event:read']), await roleWith(a.id, ['role:read'])],
    });
    await join(world, b.id, { email: same, roleKeys: ['member'] });
    const token = await world.tokenOf(same);
    const inA = these(['event:read', 'role:read']);
    expect(await seen(world, a, token)).toEqual({
      ...expected(inA, 'member'),
      'organizations.nodes.0': true,
    });
    const inB = await seen(world, b, token);
    expect(inB).toEqual(expected(these(BUILT_IN_ROLES.member), 'member'));
  });
});

describe.each(['admin', 'member'] as const)('roles that extend %s', (base) => {
  it('give what they inherit, over any number of steps', async () => {
    const id = await found(world);
    await world.query(
      `INSERT INTO permission (name, description, is_built_in, created_at, updated_at)
       VALUES ('invoice:read', '', false, now(), now()) ON CONFLICT DO NOTHING`,
    );
    const keys = await line(id, BUILT_IN_ROLE_IDS[base]);
    for (const [nth, key] of keys.entries()) {
      const token = await member(id, { roleKeys: [key, await roleWith(id, ['other:one'])] });
      const { data } = await world.ask<{ viewer: { permissions: string[] } }>(
        'query ($id: ID) { viewer { permissions(organizationId: $id) } }',
        { id: encodeId('org', id) },
        token,
      );
      const steps = keys.slice(0, nth + 1).map((_, step) => `step:s${step}`);
      expect(data?.viewer.permissions.toSorted()).toEqual(
        [
          ...BUILT_IN_ROLES[base],
          ...(base === 'admin' ? ['invoice:*'] : []),
          ...['other:one', ...steps],
        ].sort(),
      );
    }
  });
});

describe('a key of an organization', () => {
  it.each(ofOrganizations)('with %s alone sees what that opens', async (only) => {
    const key = await keyWith(world, [only], a.id);
    expect(await seen(world, a, key)).toEqual(expected(these([only]), 'organization'));
    expect(await seen(world, b, key)).toEqual(elsewhere(these([only])));
  });

  it('with everything sees all of its own, and nothing of the environment', async () => {
    const all = these(ofOrganizations);
    expect(await seen(world, a, a.key)).toEqual(expected(all, 'organization'));
    expect(await seen(world, b, a.key)).toEqual(elsewhere(all));
  });
});

it('viewer tells what a person holds, spelled out', async () => {
  const id = await found(world);
  const token = await member(id, { roleKeys: [await roleWith(id, ['membership:*', 'invoice:*'])] });
  const { data } = await world.ask<{ viewer: { permissions: string[] } }>(
    'query ($id: ID) { viewer { permissions(organizationId: $id) } }',
    { id: encodeId('org', id) },
    token,
  );
  const spelled = ofOrganizations.filter((name) => name.startsWith('membership:'));
  expect(data?.viewer.permissions.toSorted()).toEqual(
    [...spelled, 'membership:*', 'invoice:*'].toSorted(),
  );
});
