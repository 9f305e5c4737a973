import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh, join } from '../domain/world.ts';
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

const update = (id: string, input: Record<string, unknown>) =>
  change(world, 'organizationUpdate', { organization: { id: encodeId('org', id) }, ...input });

async function slugsOf(id: string): Promise<string[]> {
  const rows = await world.query<{ slug: string }>(
    'SELECT slug FROM organization_slug WHERE organization_id = $1 ORDER BY slug',
    [id],
  );
  return rows.map(({ slug }) => slug);
}

async function idBySlug(slug: string): Promise<unknown> {
  const { data } = await world.ask(
    'query ($slug: String!) { organization(by: { slug: $slug }) { id } }',
    {
      slug,
    },
  );
  return data?.organization;
}

describe('organizationUpdate', () => {
  it('changes what is given, in one version, with an event for each kind of change', async () => {
    const id = await found(world, {
      displayName: 'Before',
      slug: 'before',
      externalId: 'ext',
      metadata: { plan: 'free', tier: 1 },
      logoUrl: 'https://example.com/a.png',
    });
    const result = await update(id, {
      displayName: 'Straße',
      slug: 'after',
      logoUrl: null,
      externalId: null,
      metadata: { plan: 'pro', tier: null },
      seatLimit: 2,
      settings: {
        emailInvites: 'NOT_ALLOWED',
        allowedDomains: ['Bücher.example'],
        creatorRoleId: encodeId('rol', BUILT_IN_ROLE_IDS.admin),
      },
      expectedVersion: 1,
    });
    expect(result).toMatchObject({
      organization: {
        displayName: 'Straße',
        slug: 'after',
        logoUrl: null,
        externalId: null,
        metadata: { plan: 'pro' },
        version: 2,
        seats: { limit: 2 },
        settings: {
          emailInvites: 'NOT_ALLOWED',
          allowedDomains: ['xn--bcher-kva.example'],
          creatorRole: { key: 'admin' },
          memberRole: null,
        },
      },
    });
    const events = await told(world, id);
    expect(events.slice(1)).toEqual([
      {
        type: 'ORGANIZATION_UPDATED',
        cause: 'UPDATED',
        detail: {
          changes: [
            { field: 'displayName', before: 'Before', after: 'Straße' },
            { field: 'slug', before: 'before', after: 'after' },
            { field: 'logoUrl', before: 'https://example.com/a.png', after: null },
            { field: 'externalId', before: 'ext', after: null },
            { field: 'metadata', before: { plan: 'free', tier: 1 }, after: { plan: 'pro' } },
            { field: 'seatLimit', before: null, after: 2 },
          ],
        },
      },
      {
        type: 'ORGANIZATION_SETTINGS_CHANGED',
        cause: 'SETTINGS_CHANGED',
        detail: {
          changes: [
            { field: 'emailInvites', before: 'ALL_ALLOWED', after: 'NOT_ALLOWED' },
            { field: 'allowedDomains', before: [], after: ['xn--bcher-kva.example'] },
            {
              field: 'creatorRoleId',
              before: null,
              after: encodeId('rol', BUILT_IN_ROLE_IDS.admin),
            },
          ],
        },
      },
    ]);
    const [keys] = await world.query(
      'SELECT name_key, search_text FROM organization WHERE id = $1',
      [id],
    );
    expect(keys).toEqual({ name_key: 'strasse', search_text: 'strasse\nafter' });
  });

  it('leaves what is left out, and tells of nothing when nothing changes', async () => {
    const role = encodeId('rol', BUILT_IN_ROLE_IDS.admin);
    const id = await found(world, { seatLimit: 5, metadata: { a: [1, { b: 2, c: 3 }] } });
    const settings = { allowedDomains: ['a.example'], memberRoleId: role, mfaPolicy: 'REQUIRED' };
    expect(await update(id, { settings })).toMatchObject({ organization: { version: 2 } });
    const same = [
      { settings: {} },
      { settings: { allowedDomains: ['A.example', 'a.example'], memberRoleId: role } },
      { metadata: { a: [1, { c: 3, b: 2 }], gone: null } },
      { seatLimit: 5, externalId: null },
    ];
    for (const input of same) {
      expect(await update(id, input)).toMatchObject({
        organization: { version: 2, seats: { limit: 5 }, settings: { mfaPolicy: 'REQUIRED' } },
      });
    }
    expect(await told(world, id)).toHaveLength(2);
    expect(await update(id, { settings: { memberRoleId: null } })).toMatchObject({
      organization: { version: 3, settings: { memberRole: null } },
    });
    expect(await update(id, { metadata: null, seatLimit: null })).toMatchObject({
      organization: { version: 4, metadata: {}, seats: { limit: null } },
    });
    expect((await told(world, id)).slice(2).map(({ type }) => type)).toEqual([
      'ORGANIZATION_SETTINGS_CHANGED',
      'ORGANIZATION_UPDATED',
    ]);
  });

  it('finds it by a former slug in any case, and by its external id', async () => {
    const id = await found(world, { slug: 'former', externalId: 'Ext 1' });
    await update(id, { slug: 'present' });
    for (const organization of [{ slug: 'FORMER' }, { slug: 'present' }, { externalId: 'Ext 1' }]) {
      const displayName = fresh('Named ');
      expect(
        await change(world, 'organizationUpdate', { organization, displayName }),
      ).toMatchObject({
        organization: { id: encodeId('org', id), displayName },
      });
    }
  });

  it('keeps a former slug for the organization, which can take it back', async () => {
    const [id, other] = [
      await found(world, { slug: 'first' }),
      await found(world, { slug: 'other' }),
    ];
    await update(id, { slug: 'second' });
    expect(await idBySlug('first')).toEqual({ id: encodeId('org', id) });
    for (const slug of ['first', 'second']) {
      expect(await update(other, { slug })).toEqual({
        __typename: 'DuplicateError',
        code: 'DUPLICATE_SLUG',
        field: 'slug',
        existing: { id: encodeId('org', id) },
      });
    }
    expect(await update(id, { slug: 'first' })).toMatchObject({ organization: { slug: 'first' } });
    expect(await slugsOf(id)).toEqual(['first', 'second']);
    expect(await slugsOf(other)).toEqual(['other']);
  });

  it('refuses an external id that another has', async () => {
    const [id, other] = [await found(world, { externalId: 'mine' }), await found(world)];
    expect(await update(other, { externalId: 'mine' })).toMatchObject({
      code: 'DUPLICATE_EXTERNAL_ID',
      existing: { id: encodeId('org', id) },
    });
    expect(await update(id, { externalId: 'mine' })).toMatchObject({
      organization: { version: 1 },
    });
  });

  it('lets one of many have a slug and an external id that all want at once', async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => found(world)));
    for (const input of [{ slug: 'wanted' }, { externalId: 'wanted' }]) {
      const results = await Promise.all(ids.map((id) => update(id, input)));
      const types = results.map(({ __typename }) => __typename).sort();
      expect(types).toEqual([...Array(5).fill('DuplicateError'), 'OrganizationUpdatePayload']);
    }
  });

  it('throws nobody out by a lower limit of seats', async () => {
    const id = await found(world);
    await join(world, id);
    await join(world, id);
    expect(await update(id, { seatLimit: 1 })).toMatchObject({
      organization: { seats: { limit: 1, used: 2 } },
    });
  });

  it('refuses another version than the one that was expected', async () => {
    const id = await found(world);
    const results = await Promise.all(
      ['A', 'B', 'C'].map((displayName) => update(id, { displayName, expectedVersion: 1 })),
    );
    const conflict = { __typename: 'ConflictError', code: 'CONFLICT', currentVersion: 2 };
    const refused = results.filter(({ __typename }) => __typename !== 'OrganizationUpdatePayload');
    expect(refused).toEqual([conflict, conflict]);
  });

  it('names everything that is wrong at once, and keeps what it had', async () => {
    const id = await found(world, { metadata: { keep: 'x'.repeat(3000) } });
    const foreign = await makeRole(world, fresh('foreign'), [], await found(world));
    const cases: [input: Record<string, unknown>, paths: string[]][] = [
      [
        {
          displayName: null,
          slug: null,
          logoUrl: 'javascript:alert(1)',
          externalId: '',
          seatLimit: -1,
          metadata: { more: 'x'.repeat(1500) },
          settings: {
            emailInvites: null,
            allowedDomains: null,
            authMethods: 'RESTRICTED',
            mfaPolicy: null,
            creatorRoleId: foreign.id,
            memberRoleId: encodeId('rol', BUILT_IN_ROLE_IDS.owner),
          },
        },
        [
          'displayName',
          'externalId',
          'logoUrl',
          'metadata',
          'seatLimit',
          'settings.allowedAuthMethods',
          'settings.allowedDomains',
          'settings.creatorRoleId',
          'settings.emailInvites',
          'settings.memberRoleId',
          'settings.mfaPolicy',
          'slug',
        ],
      ],
      [{}, ['displayName']],
      [{ expectedVersion: 1 }, ['displayName']],
      [{ settings: null }, ['settings']],
      [{ slug: 'graphql' }, ['slug']],
      [{ slug: 'Upper' }, ['slug']],
      [{ settings: { creatorRoleId: encodeId('org', id) } }, ['settings.creatorRoleId']],
      [{ displayName: 'x', organization: { id: 'org_broken' } }, ['organization.id']],
      [{ displayName: '\u{1f3e2}'.repeat(201) }, ['displayName']],
    ];
    for (const [input, paths] of cases) {
      expect(wrong(await update(id, input)).sort()).toEqual(paths);
    }
    expect(await told(world, id)).toHaveLength(1);
    expect(await update(id, { displayName: '\u{1f3e2}'.repeat(200) })).toMatchObject({
      organization: { version: 2, metadata: { keep: 'x'.repeat(3000) } },
    });
  });

  it('asks for a method where methods are restricted, by what there is after the change', async () => {
    const id = await found(world);
    const restricted = { authMethods: 'RESTRICTED', allowedAuthMethods: ['SSO', 'PASSKEY'] };
    expect(await update(id, { settings: restricted })).toMatchObject({
      organization: { settings: restricted },
    });
    const path = ['settings.allowedAuthMethods'];
    expect(wrong(await update(id, { settings: { allowedAuthMethods: [] } }))).toEqual(path);
    const open = { authMethods: 'ALL_ALLOWED', allowedAuthMethods: [] };
    expect(await update(id, { settings: open })).toMatchObject({
      organization: { settings: open },
    });
    expect(wrong(await update(id, { settings: { authMethods: 'RESTRICTED' } }))).toEqual(path);
  });

  it('takes roles of the environment and of the organization', async () => {
    const id = await found(world);
    const own = await makeRole(world, 'own', ['invoice:read'], id);
    const creatorRoleId = encodeId('rol', BUILT_IN_ROLE_IDS.owner);
    expect(await update(id, { settings: { memberRoleId: own.id, creatorRoleId } })).toMatchObject({
      organization: { settings: { memberRole: { key: 'own' }, creatorRole: { key: 'owner' } } },
    });
  });
});
