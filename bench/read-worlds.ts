/** The worlds of the reads: tenants, more and more of them or larger and larger, and the people who ask. */
import type pg from 'pg';
import { PROVIDER } from './issuer.ts';
import { type Collector, loadPeople } from './people.ts';
import { membershipUuid, organizationUuid, type World } from './world.ts';

/** Tenants of one size that stand side by side: organizations from `from` on. */
export type Tenants = {
  from: number;
  count: number;
  size: number;
  firstUser: number;
  firstMembership: number;
  /** Of the whole world. */
  users: number;
};

export type ReadWorld = World & {
  tenants: Tenants[];
  /** Those who are in fifty organizations, and those who are in two thousand. */
  collectors: Record<'some' | 'many', Collector[]>;
};

const SOME = 50;
const MANY = 2_000;

/** A world of so many memberships, in tenants of a hundred; every user has two of them. With or without events. */
export function manyTenants(memberships: number, hasEvents = true): ReadWorld {
  const count = memberships / 100;
  const users = memberships / 2;
  const spread = (nth: number) =>
    Array.from({ length: SOME }, (_, at) => (nth * 7 + Math.floor((at * count) / SOME)) % count);
  const branches = Array.from({ length: MANY }, (_, at) => count + at);
  const reach = {
    some: Array.from({ length: 20 }, (_, nth) => spread(nth)),
    many: [branches, branches],
  };
  const groups = [{ tenants: count, size: 100 }];
  return assemble(`tenants_${memberships}`, { users, groups, reach, hasEvents });
}

/** One tenant of each of these sizes, and a hundred of a hundred members. */
export function largeTenants(sizes: number[]): ReadWorld {
  const users = sizes.reduce((sum, size) => sum + size, 0) + 10_000;
  const count = sizes.length;
  let firstUser = 0;
  const groups = [...sizes.map((size) => ({ tenants: 1, size })), { tenants: 100, size: 100 }].map(
    (group) => {
      firstUser += group.tenants * group.size;
      return { ...group, firstUser: firstUser - group.tenants * group.size };
    },
  );
  const others = (length: number, from: number) => Array.from({ length }, (_, at) => from + at);
  const reach = {
    some: sizes.map((_, nth) => [nth, ...others(SOME - 1, count)]),
    many: sizes.map((_, nth) => [nth, ...others(MANY - 1, count + 100)]),
  };
  return assemble('large', { users, groups, reach, hasEvents: true });
}

type Parts = Pick<World, 'users' | 'groups'> & {
  reach: Record<'some' | 'many', number[][]>;
  hasEvents: boolean;
};

function assemble(name: string, { users, groups, reach, hasEvents }: Parts): ReadWorld {
  let from = 0;
  let firstMembership = 0;
  const tenants = groups.map(({ tenants: count, size, firstUser = 0 }) => {
    const those = { from, count, size, firstUser, firstMembership, users };
    from += count;
    firstMembership += count * size;
    return those;
  });
  let user = users;
  const collect = (organizations: number[]) => ({ user: user++, organizations });
  const collectors = { some: reach.some.map(collect), many: reach.many.map(collect) };
  const all = [...collectors.some, ...collectors.many];
  const branches = Math.max(...all.flatMap(({ organizations }) => organizations)) + 1 - from;
  const more = (client: pg.Client) =>
    loadPeople(client, { users, collectors: all, branches: { from, count: branches }, hasEvents });
  return { name, users, groups, identityProvider: PROVIDER, more, tenants, collectors };
}

/** The user who owns the `nth` of these tenants. */
export function ownerOf({ firstUser }: Tenants, nth: number): number {
  return firstUser + nth;
}

/** The uuid of the `nth` of these tenants. */
export function tenantUuid({ from }: Tenants, nth: number): string {
  return organizationUuid(from + nth);
}

/** The uuid of the membership that came `slot`th into the `nth` of these tenants. */
export function memberUuid(
  { count, firstMembership, users }: Tenants,
  nth: number,
  slot: number,
): string {
  const shifted = nth - Math.floor((slot * count) / users) * 13;
  const tenant = ((shifted % count) + count) % count;
  return membershipUuid(firstMembership + slot * count + tenant);
}
