import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { removeMembers } from '../../src/domain/membership.ts';
import { act, found, fresh, join } from '../domain/world.ts';
import { keyWith, makeTenant, type Tenant } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { change, makeRole, told, wrong } from './organization-asks.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

const erase = (id: string, confirmSlug: string, credential?: string | null, more: object = {}) =>
  change(
    world,
    'organizationDelete',
    { organizationId: encodeId('org', id), confirmSlug, ...more },
    credential,
  );

/** A tenant with everything in it that deletion has to take along, also what refers to its own roles. */
async function fullTenant(): Promise<Tenant> {
  const tenant = await makeTenant(world);
  const parent = await makeRole(world, fresh('parent'), [], tenant.id);
  const child = await makeRole(world, fresh('child'), [], tenant.id);
  await world.query(
    'UPDATE role SET extends_scope_id = scope_id, extends_role_id = $2 WHERE id = $1',
    [child.uuid, parent.uuid],
  );
  await world.query(
    `UPDATE organization SET member_role_id = $2, member_role_scope_id = id, creator_role_id = $2,
       creator_role_scope_id = id WHERE id = $1`,
    [tenant.id, parent.uuid],
  );
  await join(world, tenant.id, { roleIds: [parent.uuid, child.uuid] });
  await world.query(
    `INSERT INTO invitation_role (organization_id, invitation_id, role_scope_id, role_id)
     SELECT organization_id, id, organization_id, $2 FROM invitation WHERE organization_id = $1`,
    [tenant.id, child.uuid],
  );
  await world.query(
    `INSERT INTO invitation_token (token_hash, invitation_id, send_number, created_at)
     SELECT sha256(id::text::bytea), id, send_count, now() FROM invitation WHERE organization_id = $1`,
    [tenant.id],
  );
  await world.query(
    `INSERT INTO identity (id, user_id, issuer, subject, organization_id, created_at)
     SELECT gen_random_uuid(), user_id, 'https://sso.example', user_id::text, organization_id, now()
     FROM membership WHERE organization_id = $1`,
    [tenant.id],
  );
  await change(world, 'organizationUpdate', {
    organization: { id: tenant.ids.org },
    slug: `${tenant.slug}-now`,
  });
  return tenant;
}

/** The tables in which the uuid of an organization stands, each as often as it does. */
async function traces(id: string): Promise<string[]> {
  const columns = await world.query<{ table: string; column: string }>(
    `SELECT table_name AS table, column_name AS column FROM information_schema.columns
     WHERE table_schema = 'public' AND data_type = 'uuid'`,
  );
  const places = columns.map(
    ({ table, column }) => `SELECT '${table}' AS table FROM "${table}" WHERE "${column}" = $1`,
  );
  const rows = await world.query<{ table: string }>(places.join(' UNION ALL '), [id]);
  return rows.map(({ table }) => table).sort();
}

describe('organizationDelete', () => {
  it('erases everything of the organization, but not what others have', async () => {
    const [tenant, other] = [await fullTenant(), await fullTenant()];
    const kept = await traces(other.id);
    const everybody = await world.query('SELECT id FROM "user" ORDER BY id');
    const tokens = await world.query('SELECT FROM invitation_token');
    const events = (await told(world, tenant.id)).length;
    expect(await erase(tenant.id, `${tenant.slug}-now`)).toEqual({
      __typename: 'OrganizationDeletePayload',
      deletedOrganizationId: tenant.ids.org,
    });
    expect(await traces(tenant.id)).toEqual(Array(events + 1).fill('event'));
    expect(await traces(other.id)).toEqual(kept);
    expect(await world.query('SELECT id FROM "user" ORDER BY id')).toEqual(everybody);
    expect(await world.query('SELECT FROM invitation_token')).toHaveLength(tokens.length - 1);
  });

  it('keeps of its events ids, types, times and causes, numbered to the last', async () => {
    const tenant = await fullTenant();
    const columns = `SELECT id, sequence, type, cause, status, membership_id, user_id, occurred_at FROM event
      WHERE organization_id = $1 ORDER BY sequence`;
    const before = await world.query(columns, [tenant.id]);
    expect((await told(world, tenant.id)).some(({ detail }) => detail !== null)).toBe(true);
    await erase(tenant.id, `${tenant.slug}-now`);
    const after = await world.query(columns, [tenant.id]);
    expect(after.slice(0, -1)).toEqual(before);
    expect(after.at(-1)).toMatchObject({
      sequence: before.length + 1,
      type: 'ORGANIZATION_DELETED',
      cause: 'DELETED',
      membership_id: null,
    });
    const details = (await told(world, tenant.id)).filter(({ detail }) => detail !== null);
    expect(details).toEqual([]);
  });

  it('takes its memberships out of the counts of their users', async () => {
    const [id, other] = [await found(world, { slug: 'counted' }), await found(world)];
    const email = `${fresh('both')}@example.com`;
    const member = await join(world, id, { email });
    await join(world, other, { email });
    const removed = await join(world, id);
    await act(world, [id], (tx) => removeMembers(tx, [removed]));
    await erase(id, 'counted');
    const counts = await world.query(
      'SELECT membership_count FROM "user" WHERE id = ANY($1) ORDER BY membership_count DESC',
      [[member.userId, removed.userId]],
    );
    expect(counts).toEqual([{ membership_count: 1 }, { membership_count: 0 }]);
  });

  it('frees all its slugs, former ones too, and its external id', async () => {
    const id = await found(world, { slug: 'old-name', externalId: 'old-id' });
    await change(world, 'organizationUpdate', {
      organization: { id: encodeId('org', id) },
      slug: 'new-name',
    });
    await erase(id, 'new-name');
    for (const slug of ['old-name', 'new-name']) {
      expect(await change(world, 'organizationCreate', { displayName: 'A', slug })).toMatchObject({
        organization: { slug },
      });
    }
    const again = { displayName: 'A', externalId: 'old-id' };
    expect(await change(world, 'organizationCreate', again)).toMatchObject({
      organization: { externalId: 'old-id' },
    });
  });

  it('asks for the slug that the organization has now', async () => {
    const id = await found(world, { slug: 'confirmed' });
    await change(world, 'organizationUpdate', {
      organization: { id: encodeId('org', id) },
      slug: 'confirmed-now',
    });
    for (const slug of ['confirmed', 'CONFIRMED-NOW', '', ' confirmed-now', encodeId('org', id)]) {
      expect(wrong(await erase(id, slug))).toEqual(['confirmSlug']);
    }
    expect(await erase(id, 'confirmed-now', undefined, { expectedVersion: 1 })).toEqual({
      __typename: 'ConflictError',
      code: 'CONFLICT',
      currentVersion: 2,
    });
    expect(wrong(await erase(id, 'confirmed-now', undefined, { organizationId: 'x' }))).toEqual([
      'organizationId',
    ]);
    expect(await traces(id)).toContain('organization');
    expect(await erase(id, 'confirmed-now', undefined, { expectedVersion: 2 })).toMatchObject({
      __typename: 'OrganizationDeletePayload',
    });
    expect(await erase(id, 'confirmed-now')).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is for those who may, and for others as if it were not there', async () => {
    const [a, b] = [await makeTenant(world), await makeTenant(world)];
    const reader = await keyWith(world, ['membership:read'], a.id);
    const forbidden = { code: 'FORBIDDEN', permission: 'organization:delete' };
    expect(await erase(a.id, a.slug, reader)).toMatchObject(forbidden);
    expect(await erase(a.id, 'wrong', reader)).toMatchObject(forbidden);
    const blind = await keyWith(world, ['organization:update'], a.id);
    for (const key of [blind, b.key, null]) {
      expect(await erase(a.id, a.slug, key)).toEqual({
        __typename: 'NotFoundError',
        code: 'NOT_FOUND',
      });
    }
    const deleter = await keyWith(world, ['organization:delete'], a.id);
    expect(await erase(a.id, a.slug, deleter)).toMatchObject({
      deletedOrganizationId: a.ids.org,
    });
    const gone = await world.query(
      'SELECT actor_kind FROM event WHERE type = $1 AND organization_id = $2',
      ['ORGANIZATION_DELETED', a.id],
    );
    expect(gone).toEqual([{ actor_kind: 'API_KEY' }]);
  });

  it('leaves nobody behind who comes in at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      const slug = fresh('raced');
      const id = await found(world, { slug });
      const other = await found(world);
      const email = `${slug}@example.com`;
      const outcomes = await Promise.allSettled([
        join(world, id, { email }),
        join(world, other, { email }),
        erase(id, slug),
      ]);
      expect(outcomes[2]).toMatchObject({
        value: { __typename: 'OrganizationDeletePayload' },
      });
      expect(new Set(await traces(id))).toEqual(new Set(['event']));
    }
  });

  it('happens once when it is asked for at once', async () => {
    const id = await found(world, { slug: 'once' });
    const results = await Promise.all([erase(id, 'once'), erase(id, 'once'), erase(id, 'once')]);
    const types = results.map(({ __typename }) => __typename).sort();
    expect(types).toEqual(['NotFoundError', 'NotFoundError', 'OrganizationDeletePayload']);
  });
});
