import { isObjectType } from 'graphql';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EventType } from '../../src/db/generated/prisma/enums.ts';
import { settleDeadlines } from '../../src/domain/deadline.ts';
import { encodeId } from '../../src/domain/id.ts';
import { suspendMembers } from '../../src/domain/membership.ts';
import { schema } from '../../src/graphql/schema.ts';
import { act, found, join } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import {
  CHANGES,
  EVENT,
  type EventInput,
  everyType,
  makeSubjects,
  type Subjects,
  settled,
  writeEvent,
} from './event-world.ts';
import { expectList, expectPages, PAGE, PAGE_ARGUMENTS, PAGE_VARIABLES } from './list-reader.ts';

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
  const { organizationId, membershipId } = subjects;
  for (let n = 0; n < 12; n += 1) {
    await writeEvent(world, { type: 'MEMBERSHIP_UPDATED', organizationId, membershipId });
  }
  await settled(world);
});

afterAll(() => world.close());

async function ask<Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
  const { data, errors } = await world.ask<Data>(query, variables);
  expect(errors).toBeUndefined();
  return data as Data;
}

async function nodesOf(ids: string[]): Promise<Shown[]> {
  const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Event { ${EVENT} } } }`;
  return (await ask<{ nodes: Shown[] }>(query, { ids })).nodes;
}

/** What each type shows besides what all show. */
function own(event: EventInput): Record<string, unknown> {
  const {
    membershipId: mbr,
    invitedMembershipId,
    userId,
    invitationId,
    roleId,
    apiKeyId,
  } = subjects;
  const invited = encodeId('mbr', invitedMembershipId);
  const membershipId = { membershipId: encodeId('mbr', mbr) };
  const membership = { ...membershipId, membership: { id: encodeId('mbr', mbr) } };
  const user = { userId: encodeId('usr', userId), user: { id: encodeId('usr', userId) } };
  const invitation = {
    invitationId: encodeId('inv', invitationId),
    invitation: { id: encodeId('inv', invitationId) },
    membershipId: invited,
  };
  const role = { roleId: encodeId('rol', roleId), role: { id: encodeId('rol', roleId) } };
  const apiKey = { apiKeyId: encodeId('key', apiKeyId), apiKey: { id: encodeId('key', apiKeyId) } };
  const held = [{ id: encodeId('rol', roleId), key: 'own', source: 'DIRECT' }];
  const changes = { changes: event.detail && 'changes' in event.detail ? CHANGES : null };
  const issuer = { issuer: 'https://issuer.example' };
  const name = { name: 'invoice:approve' };
  const deadline = '2026-01-02T03:04:05.678Z';
  const moved = { previousStatus: 'SUSPENDED', status: 'ACTIVE' };
  const replaced = event.organizationId ? encodeId('rol', roleId) : null;
  const all: Record<string, object> = {
    MEMBERSHIP_STATUS_CHANGED: { ...membership, ...user, ...moved, deadline, roles: held },
    MEMBERSHIP_UPDATED: { ...membership, ...changes },
    MEMBERSHIP_ROLES_CHANGED: { ...membership, added: held, removed: [] },
    MEMBERSHIP_DELETED: membershipId,
    INVITATION_SENT: invitation,
    INVITATION_DELIVERY_FAILED: invitation,
    OWNERSHIP_TRANSFERRED: {
      fromMembershipId: invited,
      toMembershipId: encodeId('mbr', mbr),
    },
    ROLE_CREATED: { ...role, ...changes },
    ROLE_UPDATED: { ...role, ...changes },
    ROLE_DELETED: { ...role, ...changes, key: 'own', reassignedToRoleId: replaced },
    API_KEY_CREATED: apiKey,
    API_KEY_REVOKED: apiKey,
    USER_CREATED: { ...user, ...changes },
    USER_UPDATED: { ...user, ...changes },
    USER_DELETED: { ...user, ...changes },
    IDENTITY_LINKED: { ...user, ...issuer },
    IDENTITY_UNLINKED: { ...user, ...issuer },
    PERMISSION_CREATED: { ...name, ...changes },
    PERMISSION_UPDATED: { ...name, ...changes },
    PERMISSION_DELETED: { ...name, ...changes },
  };
  return { ...(all[event.type] ?? changes) };
}

function shown(event: EventInput & { id: string }): Record<string, unknown> {
  const { organizationId: its } = event;
  const organizationId = its ? encodeId('org', its) : null;
  const key =
    event.actorKind === 'API_KEY' && event.actorId ? encodeId('key', event.actorId) : null;
  const words = event.type.split('_').map((word) => word.charAt(0) + word.slice(1).toLowerCase());
  return {
    __typename: words.join(''),
    id: event.id,
    cursor: expect.any(String),
    type: event.type,
    organizationId,
    organization: organizationId && { id: organizationId },
    sequence: organizationId && expect.any(Number),
    actorId: key,
    actor: key ? { __typename: 'ApiKey', id: key } : { __typename: 'System' },
    cause: event.cause ?? 'UPDATED',
    reason: 'A reason.',
    requestId: 'request',
    occurredAt: expect.any(String),
    ...own(event),
  };
}

it('has an object type for each type of event, and shows all of its fields by node', async () => {
  const nodes = await nodesOf(written.map(({ id }) => id));
  expect(nodes).toEqual(written.map(shown));
  expect(new Set(nodes.map(({ type }) => type))).toEqual(new Set(Object.values(EventType)));
  for (const node of nodes) {
    const type = schema.getType(String(node.__typename));
    const fields = isObjectType(type) ? Object.keys(type.getFields()) : [];
    expect(Object.keys(node).sort()).toEqual(['__typename', ...fields].sort());
  }
});

const lists: Record<string, [query: string, condition: string, id: () => string]> = {
  'of the environment': [
    `query (${PAGE_VARIABLES}) { list: events(${PAGE_ARGUMENTS}) { ${PAGE} } }`,
    `$1 <> ''`,
    () => 'any',
  ],
  'of an organization': [
    `query ($id: ID!, ${PAGE_VARIABLES}) {
      node(id: $id) { ... on Organization { list: events(${PAGE_ARGUMENTS}) { ${PAGE} } } } }`,
    'organization_id::text = $1',
    () => subjects.organizationId,
  ],
  'of a membership': [
    `query ($id: ID!, ${PAGE_VARIABLES}) {
      node(id: $id) { ... on Membership { list: history(${PAGE_ARGUMENTS}) { ${PAGE} } } } }`,
    'membership_id::text = $1',
    () => subjects.membershipId,
  ],
};

it.each(Object.keys(lists))('lists the events %s from both ends, page by page', async (name) => {
  const [query, condition, id] = lists[name] ?? ['', '', () => ''];
  const rows = await world.query<{ id: string }>(
    `SELECT id FROM event WHERE ${condition} ORDER BY transaction_id, position`,
    [id()],
  );
  const ids = rows.map((row) => encodeId('evt', row.id));
  expect(ids.length).toBeGreaterThan(7);
  const kind = name.endsWith('membership') ? 'mbr' : 'org';
  const variables = name.endsWith('environment') ? {} : { id: encodeId(kind, id()) };
  await expectList(world, query, variables, ids);
  await expectPages(world, query, variables, ids);
});

it('shows what a mutation did', async () => {
  const member = await join(world, subjects.organizationId);
  const input = { membershipId: encodeId('mbr', member.membershipId), reason: 'Why not.' };
  const { membershipSuspend } = await ask<{
    membershipSuspend: { membership: { history: { nodes: Shown[]; totalCount: number } } };
  }>(
    `mutation ($input: MembershipSuspendInput!) { membershipSuspend(input: $input) {
      ... on MembershipSuspendPayload { membership { history(last: 1) { totalCount nodes { ${EVENT} } } } } } }`,
    { input },
  );
  const { totalCount, nodes } = membershipSuspend.membership.history;
  expect(totalCount).toBe(2);
  expect(nodes).toMatchObject([
    {
      __typename: 'MembershipStatusChanged',
      previousStatus: 'ACTIVE',
      status: 'SUSPENDED',
      cause: 'SUSPENDED',
      reason: 'Why not.',
      deadline: null,
      actor: { __typename: 'ApiKey' },
      requestId: expect.any(String),
    },
  ]);
});

it('says when something happened by the clock', async () => {
  const organizationId = await found(world);
  const { membershipId } = await join(world, organizationId);
  const until = new Date(Date.now() + 60_000);
  await act(world, [organizationId], (tx) => suspendMembers(tx, [{ membershipId, until }]));
  await act(world, [organizationId], (tx) => settleDeadlines(tx, [organizationId]), 120_000);
  const { node } = await ask<{ node: { history: { nodes: Shown[] } } }>(
    `query ($id: ID!) { node(id: $id) { ... on Membership { history(last: 1) { nodes { ${EVENT} } } } } }`,
    { id: encodeId('mbr', membershipId) },
  );
  expect(node.history.nodes).toMatchObject([
    { cause: 'SUSPENSION_ENDED', deadline: until.toISOString(), actor: { __typename: 'System' } },
  ]);
});

it('keeps ids, types, times and causes of what was erased, and nothing else', async () => {
  const other = await makeSubjects(world);
  const events = everyType(other);
  const ids: string[] = [];
  for (const event of events) {
    ids.push(await writeEvent(world, event));
  }
  const before = await nodesOf(ids);
  const gone = [other.membershipId, other.invitedMembershipId];
  await world.query('DELETE FROM membership WHERE id = ANY($1::uuid[])', [gone]);
  await world.query('DELETE FROM "user" WHERE id = $1', [other.userId]);
  await world.query(
    'DELETE FROM event_detail WHERE membership_id = ANY($1::uuid[]) OR user_id = $2',
    [gone, other.userId],
  );
  const personal = ['reason', 'changes', 'issuer', 'roles', 'added', 'removed', 'deadline'];
  const objects = ['membership', 'user', 'invitation', 'fromMembershipId'];
  const after = await nodesOf(ids);
  expect(after).toEqual(
    before.map((node, at) => {
      const isPersonal = events[at]?.membershipId !== undefined || events[at]?.userId !== undefined;
      const erased = [...personal, ...objects].filter((field) => isPersonal && field in node);
      return { ...node, ...Object.fromEntries(erased.map((field) => [field, null])) };
    }),
  );
  expect(JSON.stringify(after)).toContain(encodeId('mbr', other.membershipId));
});

it('shows events of an organization that is gone', async () => {
  const organizationId = await found(world);
  const id = await writeEvent(world, { type: 'ORGANIZATION_DELETED', organizationId });
  await world.query('DELETE FROM organization WHERE id = $1', [organizationId]);
  const [node] = await nodesOf([id]);
  expect(node).toMatchObject({
    organizationId: encodeId('org', organizationId),
    organization: null,
  });
});

it('holds the stream of the environment back behind what is still being written', async () => {
  const organizationId = await found(world);
  const slow = new pg.Client({ connectionString: world.url });
  await slow.connect();
  await slow.query('BEGIN');
  const { rows } = await slow.query<{ id: string }>(
    `INSERT INTO event (id, type, cause, actor_kind, occurred_at)
     VALUES (gen_random_uuid(), 'ENVIRONMENT_UPDATED', 'UPDATED', 'SYSTEM', now()) RETURNING id`,
  );
  const late = encodeId('evt', rows[0]?.id ?? '');
  const early = await writeEvent(world, { type: 'ORGANIZATION_UPDATED', organizationId });
  const query = `query ($id: ID!) { events(last: 20) { nodes { id } }
    node(id: $id) { ... on Organization { events(last: 1) { nodes { id } } } } }`;
  type Both = { events: { nodes: Shown[] }; node: { events: { nodes: Shown[] } } };
  const during = await ask<Both>(query, { id: encodeId('org', organizationId) });
  await slow.query('COMMIT');
  await slow.end();
  await settled(world);
  const after = await ask<Both>(query, { id: encodeId('org', organizationId) });
  const ids = (answer: Both) => answer.events.nodes.map(({ id }) => id);
  expect(during.node.events.nodes).toEqual([{ id: early }]);
  expect(ids(during)).not.toContain(early);
  expect(ids(after).slice(-2)).toEqual([late, early]);
});
