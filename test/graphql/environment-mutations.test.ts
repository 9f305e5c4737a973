import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { encodeId } from '../../src/domain/id.ts';
import { inviteMembers } from '../../src/domain/invitation.ts';
import { removeMembers } from '../../src/domain/membership.ts';
import { act, found, fresh, join } from '../domain/world.ts';
import { keyWith, makeTenant } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { change, makeRole, told, wrong } from './organization-asks.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

// Each test begins with no membership, and with what a deployment begins with.
async function beginAnew() {
  for (const table of ['membership', 'organization', '"user"', 'event']) {
    await world.query(`DELETE FROM ${table}`);
  }
  await world.query(
    `UPDATE environment SET identity_model = 'SHARED', memberships_per_user = 'MANY', version = 1,
       organization_label_singular = 'Organization', organization_label_plural = 'Organizations',
       organization_creation = 'ANYONE', invitation_lifetime = 604800, creator_role_id = $1, member_role_id = $2`,
    [BUILT_IN_ROLE_IDS.owner, BUILT_IN_ROLE_IDS.member],
  );
}

beforeEach(beginAnew);

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

const update = (input: Record<string, unknown>, credential?: string | null) =>
  change(world, 'environmentUpdate', input, credential);

const admin = encodeId('rol', BUILT_IN_ROLE_IDS.admin);

describe('environmentUpdate', () => {
  it('changes what is given, in one version, and tells it', async () => {
    const role = await makeRole(world, fresh('guest'), ['organization:read']);
    const result = await update({
      identityModel: 'ISOLATED',
      membershipsPerUser: 'ONE',
      organizationLabel: { singular: ' Arbeitsbereich ', plural: '株式会社' },
      organizationCreation: 'KEYS_ONLY',
      invitationLifetime: 300,
      creatorRoleId: admin,
      memberRoleId: role.id,
      expectedVersion: 1,
    });
    expect(result.environment).toEqual({
      identityModel: 'ISOLATED',
      membershipsPerUser: 'ONE',
      organizationLabel: { singular: 'Arbeitsbereich', plural: '株式会社' },
      organizationCreation: 'KEYS_ONLY',
      invitationLifetime: 300,
      creatorRole: { key: 'admin' },
      memberRole: { key: expect.stringContaining('guest') },
      version: 2,
    });
    expect(await told(world, null)).toEqual([
      {
        type: 'ENVIRONMENT_UPDATED',
        cause: 'UPDATED',
        detail: {
          changes: [
            { field: 'identityModel', before: 'SHARED', after: 'ISOLATED' },
            { field: 'membershipsPerUser', before: 'MANY', after: 'ONE' },
            {
              field: 'organizationLabel',
              before: { singular: 'Organization', plural: 'Organizations' },
              after: { singular: 'Arbeitsbereich', plural: '株式会社' },
            },
            { field: 'organizationCreation', before: 'ANYONE', after: 'KEYS_ONLY' },
            { field: 'invitationLifetime', before: 604800, after: 300 },
            {
              field: 'creatorRoleId',
              before: encodeId('rol', BUILT_IN_ROLE_IDS.owner),
              after: admin,
            },
            {
              field: 'memberRoleId',
              before: encodeId('rol', BUILT_IN_ROLE_IDS.member),
              after: role.id,
            },
          ],
        },
      },
    ]);
  });

  it('leaves what is left out, and tells of nothing when nothing changes', async () => {
    const label = { organizationLabel: { plural: 'Teams' } };
    expect(await update(label)).toMatchObject({
      environment: { organizationLabel: { singular: 'Organization', plural: 'Teams' }, version: 2 },
    });
    for (const input of [{}, label, { organizationLabel: {} }, { invitationLifetime: 604800 }]) {
      expect(await update(input)).toMatchObject({ environment: { version: 2 } });
    }
    expect(await told(world, null)).toHaveLength(1);
  });

  it('changes how people belong only while nobody does, removed ones included', async () => {
    const models = [{ identityModel: 'ISOLATED' }, { membershipsPerUser: 'ONE' }];
    const id = await found(world);
    const [removed] = [await join(world, id)];
    await act(world, [id], (tx) => removeMembers(tx, [removed]));
    for (const input of models) {
      expect(await update(input)).toEqual({
        __typename: 'MembershipsExistError',
        code: 'MEMBERSHIPS_EXIST',
        memberships: 1,
      });
    }
    const invitation = [{ organizationId: id, email: 'invited@example.com' }];
    await act(world, [id], (tx) => inviteMembers(tx, invitation, { isSent: false }));
    expect(await update({ ...models[0], invitationLifetime: 400 })).toMatchObject({
      memberships: 2,
    });
    const same = { identityModel: 'SHARED', membershipsPerUser: 'MANY', invitationLifetime: 500 };
    expect(await update(same)).toMatchObject({
      environment: { invitationLifetime: 500, version: 2 },
    });
    await change(world, 'organizationDelete', {
      organizationId: encodeId('org', id),
      confirmSlug: (await slugOf(id)) ?? '',
    });
    for (const input of models) {
      expect(await update(input)).toMatchObject({ environment: input });
    }
  });

  it('lets nobody in by the rules of before', async () => {
    for (let round = 0; round < 4; round += 1) {
      await beginAnew();
      const ids = await Promise.all(Array.from({ length: 4 }, () => found(world)));
      const [changed] = await Promise.all([
        update({ membershipsPerUser: 'ONE' }),
        ...ids.map((id) => join(world, id)),
      ]);
      const isOne = changed.__typename === 'EnvironmentUpdatePayload';
      expect(['EnvironmentUpdatePayload', 'MembershipsExistError']).toContain(changed.__typename);
      const rows = await world.query<{ single: boolean }>(
        'SELECT single_user_id IS NOT NULL AS single FROM membership',
      );
      expect(rows).toEqual(Array(4).fill({ single: isOne }));
    }
  });

  it('answers the rest of the document by the new model', async () => {
    const id = await found(world);
    const query = `mutation ($input: OrganizationCreateInput!) {
      environmentUpdate(input: { identityModel: ISOLATED }) {
        ... on EnvironmentUpdatePayload { environment { identityModel } }
      }
      organizationCreate(input: $input) {
        ... on OrganizationCreatePayload { membership { name user { name } } }
      }
    }`;
    await world.query(
      `INSERT INTO "user" (id, email, name, created_at, updated_at)
       VALUES (gen_random_uuid(), 'ada@example.com', 'Ada of SHARED', now(), now())`,
    );
    const input = { displayName: id, ownerEmail: 'ada@example.com' };
    const { data, errors } = await world.ask(query, { input });
    expect(errors).toBeUndefined();
    // In SHARED the name would be the user's.
    expect(data).toMatchObject({
      environmentUpdate: { environment: { identityModel: 'ISOLATED' } },
      organizationCreate: { membership: { name: null } },
    });
  });

  it('names everything that is wrong at once', async () => {
    const own = await makeRole(world, fresh('own'), [], await found(world));
    const nothing = {
      identityModel: null,
      membershipsPerUser: null,
      organizationLabel: null,
      organizationCreation: null,
      invitationLifetime: null,
      creatorRoleId: null,
      memberRoleId: null,
    };
    expect(wrong(await update(nothing)).sort()).toEqual(Object.keys(nothing).sort());
    const label = { singular: null, plural: ' ' };
    expect(
      wrong(await update({ organizationLabel: label, invitationLifetime: 299 })).sort(),
    ).toEqual(['invitationLifetime', 'organizationLabel.plural', 'organizationLabel.singular']);
    const cases: [input: Record<string, unknown>, path: string][] = [
      [{ invitationLifetime: 2592001 }, 'invitationLifetime'],
      [{ organizationLabel: { singular: 'x'.repeat(51) } }, 'organizationLabel.singular'],
      [{ creatorRoleId: own.id }, 'creatorRoleId'],
      [{ memberRoleId: encodeId('rol', BUILT_IN_ROLE_IDS.owner) }, 'memberRoleId'],
      [{ memberRoleId: 'mbr_1' }, 'memberRoleId'],
    ];
    for (const [input, path] of cases) {
      expect(wrong(await update(input))).toEqual([path]);
    }
    expect(await update({ invitationLifetime: 2592000 })).toMatchObject({
      environment: { invitationLifetime: 2592000, version: 2 },
    });
  });

  it('refuses another version than the one that was expected', async () => {
    const results = await Promise.all(
      [400, 500, 600].map((invitationLifetime) =>
        update({ invitationLifetime, expectedVersion: 1 }),
      ),
    );
    const refused = results.filter(({ __typename }) => __typename !== 'EnvironmentUpdatePayload');
    const conflict = { __typename: 'ConflictError', code: 'CONFLICT', currentVersion: 2 };
    expect(refused).toEqual([conflict, conflict]);
  });

  it('is for keys of the environment that may, who see it if they may', async () => {
    const forbidden = { code: 'FORBIDDEN', permission: 'environment:update' };
    const tenant = await makeTenant(world);
    for (const key of [null, tenant.key, await keyWith(world, ['environment:read'])]) {
      expect(await update({ invitationLifetime: 400 }, key)).toMatchObject(forbidden);
    }
    const blind = await keyWith(world, ['environment:update']);
    expect(await update({ invitationLifetime: 400 }, blind)).toMatchObject({ environment: null });
  });

  it('gives roles by default only to those who hold what they give', async () => {
    const role = await makeRole(world, fresh('high'), ['invoice:approve', 'membership:read']);
    const key = await keyWith(world, ['environment:*', 'membership:read']);
    for (const field of ['creatorRoleId', 'memberRoleId']) {
      expect(await update({ [field]: role.id }, key)).toMatchObject({
        __typename: 'RoleTooHighError',
        permissions: ['invoice:approve'],
      });
    }
    const kept = {
      creatorRoleId: encodeId('rol', BUILT_IN_ROLE_IDS.owner),
      invitationLifetime: 900,
    };
    expect(await update(kept, key)).toMatchObject({ environment: { invitationLifetime: 900 } });
    const holder = await keyWith(world, ['environment:*', 'membership:read', 'invoice:*']);
    expect(await update({ memberRoleId: role.id }, holder)).toMatchObject({
      environment: { memberRole: { key: expect.stringContaining('high') } },
    });
  });
});

async function slugOf(id: string): Promise<string | undefined> {
  const rows = await world.query<{ slug: string }>('SELECT slug FROM organization WHERE id = $1', [
    id,
  ]);
  return rows[0]?.slug;
}
