import { v7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import {
  BUILT_IN_ROLES,
  can,
  covers,
  isPermissionPattern,
  PERMISSIONS,
  permissionsOf,
} from '../../src/domain/permission.ts';
import { ANONYMOUS, type Principal } from '../../src/domain/principal.ts';

const here = v7();
const elsewhere = v7();

function key(organizationId: string | null, ...permissions: string[]): Principal {
  return { kind: 'apiKey', id: v7(), organizationId, permissions };
}

describe('can', () => {
  test('an anonymous caller may do nothing', () => {
    expect(
      PERMISSIONS.filter(({ name }) => can(ANONYMOUS, name, here) || can(ANONYMOUS, name)),
    ).toEqual([]);
  });

  test('an environment key may do what it holds, everywhere', () => {
    const reader = key(null, 'membership:read');
    expect(can(reader, 'membership:read', here)).toBe(true);
    expect(can(reader, 'membership:read', elsewhere)).toBe(true);
    expect(can(reader, 'membership:read')).toBe(true);
    expect(can(reader, 'membership:readDetails', here)).toBe(false);
    expect(PERMISSIONS.every(({ name }) => can(key(null, '*:*'), name))).toBe(true);
  });

  test('an organization key may do what it holds in its organization, and never what is for the environment', () => {
    const all = key(here, '*:*');
    const allowed = PERMISSIONS.filter(({ name }) => can(all, name, here));
    expect(allowed.map(({ scope }) => scope)).toEqual(allowed.map(() => 'organization'));
    expect(allowed).toHaveLength(15);
    expect(PERMISSIONS.filter(({ name }) => can(all, name) || can(all, name, elsewhere))).toEqual(
      [],
    );
  });
});

test('wildcards cover the actions of their resource', () => {
  expect(covers(['invoice:*'], 'invoice:approve')).toBe(true);
  expect(covers(['invoice:*'], 'invoice:*')).toBe(true);
  expect(covers(['*:*'], 'invoice:*')).toBe(true);
  expect(covers(['invoice:approve'], 'invoice:*')).toBe(false);
  expect(covers(['invoice:*'], 'invoices:approve')).toBe(false);
  expect(covers([], 'invoice:approve')).toBe(false);
});

test('patterns are resource:action, resource:* and *:*', () => {
  expect(['invoice:approve', 'invoice:*', '*:*', 'a:b-c_d'].every(isPermissionPattern)).toBe(true);
  const none = [
    '',
    '*',
    'invoice',
    'invoice:',
    ':approve',
    '*:approve',
    'a:b:c',
    'a:b\n',
    'a b:c',
    '1a:b',
  ];
  expect(none.filter(isPermissionPattern)).toEqual([]);
});

test("permissionsOf spells out our own permissions and adds the application's", () => {
  expect(permissionsOf(key(here, 'membership:*', 'invoice:approve'), here)).toEqual([
    'membership:read',
    'membership:readDetails',
    'membership:invite',
    'membership:update',
    'membership:suspend',
    'membership:remove',
    'invoice:approve',
    'membership:*',
  ]);
  expect(permissionsOf(key(here, 'invoice:approve'), elsewhere)).toEqual([]);
  expect(permissionsOf(ANONYMOUS)).toEqual([]);
});

test('each built-in role holds what the next one does, and more', () => {
  const { owner, admin, member }: Record<string, readonly string[]> = BUILT_IN_ROLES;
  expect(owner?.filter((name) => !admin?.includes(name))).toEqual(['organization:delete']);
  expect(member?.every((name) => admin?.includes(name))).toBe(true);
});
