import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { PERMISSIONS } from '../../src/domain/permission.ts';
import { found, join } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import {
  EVENT,
  type EventInput,
  everyType,
  makeSubjects,
  type Subjects,
  settled,
  writeEvent,
} from './event-world.ts';

type Shown = Record<string, unknown> & { id: string };

let world: TestGateway;
let subjects: Subjects;
let written: (EventInput & { id: string })[];

beforeAll(async () => {
  world = await createGateway();
  subjects = await makeSubjects(world);
  written = [];
  for (const event of everyType(subjects)) {
    written.push({ ...event, id: await writeEvent(world, event) });
  }
  await settled(world);
});

afterAll(() => world.close());

const QUERY = `query ($org: ID!, $mbr: ID!, $ids: [ID!]!) {
  events(last: 100) { totalCount nodes { ${EVENT} } }
  organization(by: { id: $org }) { events(last: 100) { totalCount nodes { id } } }
  membership(by: { id: $mbr }) { history(last: 100) { totalCount nodes { id } } }
  nodes(ids: $ids) { id ... on Event { ${EVENT} } }
}`;

type Seen = {
  events: { nodes: Shown[] } | null;
  organization: { events: { nodes: Shown[] } | null } | null;
  membership: { history: { nodes: Shown[] } | null } | null;
  nodes: (Shown | null)[];
};

async function seenBy(secret: string | null): Promise<Seen> {
  const { data, errors } = await world.ask<Seen>(
    QUERY,
    {
      org: encodeId('org', subjects.organizationId),
      mbr: encodeId('mbr', subjects.membershipId),
      ids: written.map(({ id }) => id),
    },
    secret,
  );
  expect(errors).toBeUndefined();
  return data as Seen;
}

const isOrganizations = ({ organizationId }: EventInput) =>
  organizationId === subjects.organizationId;
const names = PERMISSIONS.map(({ name }) => name);

/** What hides each field that can be hidden: a right in the organization, or in the environment. */
function hides(field: string, event: EventInput): string[] {
  const personal = isOrganizations(event) ? 'membership:readDetails' : 'user:read';
  const isAboutAPerson = /^(?:MEMBERSHIP|USER|IDENTITY)/.test(event.type);
  const rights: Record<string, string[]> = {
    reason: [personal],
    issuer: [personal],
    changes: isAboutAPerson ? [personal] : [],
    membership: ['membership:read'],
    invitation: ['membership:read', 'membership:readDetails'],
  };
  return rights[field] ?? [];
}

it.each(['membership:read', 'membership:readDetails', 'user:read'])(
  'a key of the environment without %s misses exactly what that opens',
  async (missing) => {
    const all = await seenBy(await keyWith(world, names));
    const some = await seenBy(
      await keyWith(
        world,
        names.filter((name) => name !== missing),
      ),
    );
    const expected = all.nodes.map((node, at) =>
      Object.fromEntries(
        Object.entries(node ?? {}).map(([field, value]) => {
          const event = written[at];
          const isHidden = event !== undefined && hides(field, event).includes(missing);
          return [field, isHidden ? null : value];
        }),
      ),
    );
    expect(some.nodes).toEqual(expected);
    expect(some.nodes).not.toEqual(all.nodes);
    const shown = some.events?.nodes.filter(({ id }) => written.some((event) => event.id === id));
    expect(shown).toEqual(expected);
  },
);

it('a key of the environment with event:read alone sees ids, types, times and causes', async () => {
  const { events, organization, membership, nodes } = await seenBy(
    await keyWith(world, ['event:read']),
  );
  expect(organization).toBeNull();
  expect(membership).toBeNull();
  expect(events?.nodes.map(({ id }) => id)).toEqual(
    expect.arrayContaining(written.map(({ id }) => id)),
  );
  const objects = ['organization', 'membership', 'user', 'invitation', 'role', 'apiKey'];
  for (const [at, event] of written.entries()) {
    const node = nodes[at];
    expect(node).toMatchObject({ type: event.type, cause: event.cause ?? 'UPDATED', reason: null });
    for (const field of objects) {
      expect(node?.[field] ?? null, `${event.type} ${field}`).toBeNull();
    }
    for (const field of ['membershipId', 'userId', 'invitationId', 'roleId', 'apiKeyId']) {
      expect(node?.[field], `${event.type} ${field}`).not.toBeNull();
    }
    expect(node?.actorId).toBe(event.actorId ? encodeId('key', event.actorId) : null);
    expect(node?.actor ?? null).toEqual(event.actorId ? null : { __typename: 'System' });
  }
});

it.each([
  ['nobody', () => Promise.resolve(null)],
  [
    'a key of the environment',
    () =>
      keyWith(
        world,
        names.filter((name) => name !== 'event:read'),
      ),
  ],
  [
    'a key of the organization',
    () =>
      keyWith(
        world,
        names.filter((name) => name !== 'event:read'),
        subjects.organizationId,
      ),
  ],
])('%s without event:read sees no event', async (_who, secret) => {
  const seen = await seenBy(await secret());
  expect(seen.events).toBeNull();
  expect(seen.organization?.events ?? null).toBeNull();
  expect(seen.membership?.history ?? null).toBeNull();
  expect(seen.nodes).toEqual(written.map(() => null));
});

describe('a key of an organization', () => {
  it('sees the events of its organization, and none of the environment', async () => {
    const seen = await seenBy(subjects.secret);
    expect(seen.events).toBeNull();
    const rows = await world.query<{ id: string; membership_id: string | null }>(
      'SELECT id, membership_id FROM event WHERE organization_id = $1 ORDER BY sequence',
      [subjects.organizationId],
    );
    const idsOf = (some: { id: string }[]) => some.map(({ id }) => ({ id: encodeId('evt', id) }));
    expect(seen.organization?.events?.nodes).toEqual(idsOf(rows));
    expect(seen.membership?.history?.nodes).toEqual(
      idsOf(rows.filter((row) => row.membership_id === subjects.membershipId)),
    );
    expect(seen.nodes.map((node) => node?.id ?? null)).toEqual(
      written.map((event) => (isOrganizations(event) ? event.id : null)),
    );
    const moved = seen.nodes.find((node) => node?.type === 'MEMBERSHIP_STATUS_CHANGED');
    expect(moved).toMatchObject({
      reason: 'A reason.',
      membership: { id: encodeId('mbr', subjects.membershipId) },
      user: { id: encodeId('usr', subjects.userId) },
      actor: { __typename: 'ApiKey', id: encodeId('key', subjects.apiKeyId) },
    });
  });

  it('with event:read alone sees no object and nothing personal', async () => {
    const secret = await keyWith(world, ['event:read'], subjects.organizationId);
    const { nodes } = await seenBy(secret);
    for (const [at, event] of written.entries()) {
      const node = nodes[at] ?? null;
      if (!isOrganizations(event)) {
        expect(node).toBeNull();
        continue;
      }
      expect(node).toMatchObject({ type: event.type, reason: null, organization: null });
      for (const field of ['membership', 'user', 'invitation', 'role', 'apiKey', 'actor']) {
        expect(node?.[field] ?? null, field).toBeNull();
      }
      const isPersonal = event.type === 'MEMBERSHIP_UPDATED';
      const isChange =
        node !== null && 'changes' in node && event.detail && 'changes' in event.detail;
      expect((node?.changes ?? null) !== null, event.type).toBe(Boolean(isChange) && !isPersonal);
    }
  });

  it('with everything sees nothing of another tenant, as if it were not there', async () => {
    const other = await found(world);
    const member = await join(world, other);
    const stranger = await keyWith(world, ['*:*'], other);
    expect(await seenBy(stranger)).toEqual({
      events: null,
      organization: null,
      membership: null,
      nodes: written.map(() => null),
    });
    // Nor does a filter tell anything: what it names is not there.
    const { data, errors } = await world.ask(
      `query ($id: ID!, $mine: ID!, $theirs: ID!, $user: ID!, $key: ID!) {
        organization(by: { id: $id }) {
          mine: events(filter: { membershipId: $mine }) { totalCount }
          a: events(filter: { membershipId: $theirs }) { totalCount nodes { id } }
          b: events(filter: { userId: $user }) { totalCount nodes { id } }
          c: events(filter: { actorId: $key }) { totalCount nodes { id } }
        } }`,
      {
        id: encodeId('org', other),
        mine: encodeId('mbr', member.membershipId),
        theirs: encodeId('mbr', subjects.membershipId),
        user: encodeId('usr', subjects.userId),
        key: encodeId('key', subjects.apiKeyId),
      },
      stranger,
    );
    expect(errors).toBeUndefined();
    const nothing = { totalCount: 0, nodes: [] };
    expect(data).toEqual({
      organization: { mine: { totalCount: 1 }, a: nothing, b: nothing, c: nothing },
    });
  });

  it('does not see a user by an event once their membership is another’s', async () => {
    const organizationId = await found(world);
    const member = await join(world, organizationId);
    const other = await join(world, await found(world));
    const { membershipId } = member;
    const event = { organizationId, membershipId, userId: other.userId, status: 'REMOVED' };
    const id = await writeEvent(world, { type: 'MEMBERSHIP_STATUS_CHANGED', ...event });
    const { data } = await world.ask<{ node: Shown }>(
      `query ($id: ID!) { node(id: $id) { ... on Event { ${EVENT} } } }`,
      { id },
      await keyWith(world, ['*:*'], organizationId),
    );
    expect(data?.node).toMatchObject({ userId: encodeId('usr', other.userId), user: null });
    expect(data?.node.membership).not.toBeNull();
  });
});
