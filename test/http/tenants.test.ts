import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_PERMISSIONS, PERMISSIONS } from '../../src/domain/permission.ts';
import { join } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { keyWith, makeTenant, query, strangerTo, type Tenant, variablesOf } from './tenant.ts';
import { bearer, post } from './wire.ts';

let world: TestGateway;
let a: Tenant;
let b: Tenant;

beforeAll(async () => {
  world = await createGateway();
  a = await makeTenant(world);
  b = await makeTenant(world);
});

afterAll(() => world.close());

describe('a key of an organization', () => {
  it('sees its own organization, and of the environment nothing', async () => {
    const { data, errors } = await world.ask(query, variablesOf(a), a.key);
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      environment: null,
      organization: { displayName: expect.any(String), externalId: a.externalId },
      user: { email: a.email, name: 'Ada', externalId: null, identities: null },
      byEmail: { id: a.ids.usr },
      users: null,
      membership: { emailAddress: a.email, user: { id: a.ids.usr, email: a.email } },
      invited: { invitation: { status: 'PENDING' } },
      membershipByEmail: { id: a.ids.mbr },
      org: { id: a.ids.org },
      usr: { id: a.ids.usr },
      mbr: { id: a.ids.mbr },
      inv: { id: a.ids.inv },
      rol: { id: a.ids.rol },
      key: { id: a.ids.key },
    });
  });

  it.each([
    ['everything', [ALL_PERMISSIONS]],
    ['its own permissions', PERMISSIONS.map(({ name }) => name)],
    ['nothing', []],
  ])('with %s sees nothing of another tenant', async (_what, permissions) => {
    const secret = await keyWith(world, permissions, a.id);
    const absent: Tenant = { ...b, ...strangerTo(b) };
    const theirs = await post(
      world.gateway.url,
      { query, variables: variablesOf(b) },
      bearer(secret),
    );
    const nobodys = await post(
      world.gateway.url,
      { query, variables: variablesOf(absent) },
      bearer(secret),
    );
    expect(theirs.body).toBe(nobodys.body);
    expect(theirs.status).toBe(nobodys.status);
    const { data, errors } = JSON.parse(theirs.body);
    expect(errors).toBeUndefined();
    const { organizations, ...others } = data;
    for (const [name, value] of Object.entries(others)) {
      expect(value, name).toEqual(name === 'nodes' ? [null] : null);
    }
    const listed = organizations.nodes.map(({ id }: { id: string }) => id);
    expect(listed).not.toContain(b.ids.org);
  });

  it('holds the permissions of its organization there, and none of the environment', async () => {
    const own = PERMISSIONS.flatMap(({ name, scope }) => (scope === 'organization' ? [name] : []));
    const mine = await world.ask(
      'query ($id: ID!) { viewer { permissions(organizationId: $id) } }',
      { id: a.ids.org },
      a.key,
    );
    expect(mine.data).toEqual({ viewer: { permissions: [...own, ALL_PERMISSIONS] } });
  });

  it('crosses with nothing that it may see into what it may not', async () => {
    const mixed = await world.ask<Record<string, unknown>>(
      `query ($mine: ID!, $theirs: ID!, $me: ID!, $they: ID!, $email: String!) {
        a: membership(by: { organizationAndUser: { organizationId: $mine, userId: $they } }) { id }
        b: membership(by: { organizationAndUser: { organizationId: $theirs, userId: $me } }) { id }
        c: membership(by: { organizationAndEmail: { organizationId: $mine, email: $email } }) { id }
        d: organization(by: { id: $mine }) { memberships(filter: { search: "${b.slug}" }) { totalCount } }
        e: viewer { permissions(organizationId: $theirs) }
        f: viewer { permissions }
      }`,
      { mine: a.ids.org, theirs: b.ids.org, me: a.ids.usr, they: b.ids.usr, email: b.email },
      a.key,
    );
    expect(mixed).toEqual({
      data: {
        a: null,
        b: null,
        c: null,
        d: { memberships: { totalCount: 0 } },
        e: { permissions: [] },
        f: { permissions: [] },
      },
    });
  });

  it('sees of a person who is elsewhere too only the membership here', async () => {
    const { email } = a;
    await join(world, b.id, { email });
    const { data, errors } = await world.ask(
      `query ($id: ID!) { membership(by: { id: $id }) { user { id memberships { nodes { organization { id } } } } } }`,
      { id: a.ids.mbr },
      a.key,
    );
    expect(errors).toBeUndefined();
    expect(JSON.stringify(data)).not.toContain(b.ids.org);
  });
});
