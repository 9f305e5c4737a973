/** Who may follow what, and what everybody else is told. */
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { fresh, join } from '../domain/world.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { change, idsOf, lastCursor, place, soon, stored, storedAfter } from './feed-world.ts';
import { eventsOf, FIELDS, transports } from './listener.ts';

const MISSING = encodeId('org', uuidv7());

let world: PeopleGateway;
let mine: Awaited<ReturnType<typeof place>>;
let theirs: Awaited<ReturnType<typeof place>>;
let start: string;
let person: { id: string; uuid: string; membershipId: string; token: string };
let member: string;
let keyOfMine: { secret: string; id: string };

beforeAll(async () => {
  world = await createPeopleGateway();
  mine = await place(world);
  theirs = await place(world);
  const enter = async (organization: string, roleKeys: string[], email?: string) => {
    const joined = await join(world, organization, { roleKeys, ...(email && { email }) });
    const token = await world.tokenOf(joined.email);
    await world.ask('{ __typename }', {}, token);
    return { ...joined, token };
  };
  const owner = await enter(mine.uuid, ['owner']);
  member = (await enter(mine.uuid, ['member'])).token;
  const created = await change<{ secret: string; apiKey: { id: string } }>(
    world,
    'apiKeyCreate',
    { name: 'Mine', organizationId: mine.id, permissions: ['event:read', 'organization:read'] },
    { selection: 'secret apiKey { id }' },
  );
  keyOfMine = { secret: created.secret, id: created.apiKey.id };
  start = await lastCursor(world);
  const admin = await enter(mine.uuid, ['admin']);
  person = {
    id: encodeId('usr', admin.userId),
    uuid: admin.userId,
    membershipId: encodeId('mbr', admin.membershipId),
    token: admin.token,
  };
  await enter(theirs.uuid, ['member'], admin.email);
  await enter(theirs.uuid, ['member']);
  const credential = owner.token;
  const { membershipId } = person;
  await change(world, 'membershipSuspend', { membershipId, reason: 'Why' }, { credential });
  await change(world, 'membershipReinstate', { membershipId });
  await change(world, 'userUpdate', { user: { id: person.id }, profile: { name: 'Somebody' } });
});

afterAll(() => world.close());

describe.each(Object.entries(transports))('%s', (_name, listen) => {
  const follow = (credential: string, variables: object, fields?: string) =>
    listen(world.gateway.url, credential, eventsOf(variables, fields));

  const refusalOf = async (credential: string, variables: object) => {
    const stream = follow(credential, variables);
    await stream.over;
    expect(stream.events()).toEqual([]);
    const [told] = stream.told;
    return told?.errors?.[0];
  };

  it('shows everything to keys of the environment', async () => {
    const stream = follow(world.key, { after: start });
    const expected = await storedAfter(world, start);
    await soon(() => expect(idsOf(stream)).toEqual(expected));
    const statuses = listen(world.gateway.url, world.key, {
      query: `subscription ($after: String) { event: membershipStatusChanged(after: $after) { ${FIELDS} previousStatus status } }`,
      variables: { after: start },
    });
    const changes = await stored(world, `type = 'MEMBERSHIP_STATUS_CHANGED'`);
    const known = expected.filter((id) => changes.includes(id));
    expect(known.length).toBeGreaterThan(3);
    await soon(() => expect(idsOf(statuses)).toEqual(known));
    stream.close();
    statuses.close();
  });

  it('shows its own organization to its key, with and without saying so', async () => {
    const expected = await stored(world, 'organization_id = $1 AND sequence > 1', [mine.uuid]);
    for (const organizationId of [mine.id, null]) {
      const stream = follow(keyOfMine.secret, { organizationId, after: mine.after });
      await soon(() => expect(idsOf(stream)).toEqual(expected));
      stream.close();
    }
    const statuses = listen(world.gateway.url, keyOfMine.secret, {
      query:
        'subscription ($after: String) { event: membershipStatusChanged(after: $after) { id cursor type cause sequence } }',
      variables: { after: mine.after },
    });
    const changes = await stored(
      world,
      `organization_id = $1 AND sequence > 1 AND type = 'MEMBERSHIP_STATUS_CHANGED'`,
      [mine.uuid],
    );
    await soon(() => expect(idsOf(statuses)).toEqual(changes));
    statuses.close();
  });

  it('shows people what is about themselves, in all their organizations, and nothing else', async () => {
    const stream = follow(person.token, { after: start }, `${FIELDS} reason`);
    const expected = await stored(world, 'user_id = $1', [person.uuid]);
    expect(expected.length).toBeGreaterThan(6);
    await soon(() => expect(idsOf(stream)).toEqual(expected));
    const organizations = new Set(stream.events().map(({ organizationId }) => organizationId));
    expect(organizations).toEqual(new Set([mine.id, theirs.id, null]));
    expect(stream.told.flatMap(({ errors }) => errors ?? [])).toEqual([]);
    stream.close();
  });

  it('shows people with the right everything of their organization', async () => {
    const stream = follow(person.token, { organizationId: mine.id, after: mine.after });
    const expected = await stored(world, 'organization_id = $1 AND sequence > 1', [mine.uuid]);
    await soon(() => expect(idsOf(stream)).toEqual(expected));
    stream.close();
  });

  it('says the same of what one may not see and of what is not there', async () => {
    const missing = await refusalOf(world.key, { organizationId: MISSING });
    expect(missing?.extensions?.code).toBe('NOT_FOUND');
    const stranger = await world.tokenOf(`${fresh('stranger')}@example.com`);
    for (const credential of [stranger, person.token, keyOfMine.secret]) {
      expect(await refusalOf(credential, { organizationId: MISSING })).toEqual(missing);
    }
    for (const credential of [stranger, keyOfMine.secret]) {
      expect(await refusalOf(credential, { organizationId: theirs.id })).toEqual(missing);
    }
  });

  it('asks for the permission where the organization is seen', async () => {
    for (const [credential, organizationId] of [
      [member, mine.id],
      [person.token, theirs.id],
    ] as const) {
      expect((await refusalOf(credential, { organizationId }))?.extensions).toMatchObject({
        code: 'FORBIDDEN',
        permission: 'event:read',
      });
    }
  });

  it.each([
    ['a broken cursor', () => ({ after: 'broken' })],
    ['an empty cursor', () => ({ after: '' })],
    ['a cursor of another organization', () => ({ organizationId: mine.id, after: theirs.after })],
    ['an id of something else', () => ({ organizationId: person.id })],
    ['a broken id', () => ({ organizationId: 'org_1' })],
    ['a filter with a wrong id', () => ({ filter: { userId: mine.id } })],
  ])('refuses %s', async (_what, variables) => {
    expect((await refusalOf(world.key, variables()))?.extensions?.code).toBe('INVALID_INPUT');
  });

  it.each([
    ['types', () => ({ types: ['MEMBERSHIP_STATUS_CHANGED', 'ROLE_CREATED'] })],
    ['causes', () => ({ causes: ['ADDED', 'SUSPENDED'] })],
    ['a membership', () => ({ membershipId: person.membershipId })],
    ['a user', () => ({ userId: person.id })],
    ['an actor', () => ({ actorId: person.id })],
    ['a time', () => ({ since: new Date(Date.now() - 3_600_000).toISOString() })],
    ['a time before', () => ({ until: new Date(Date.now() - 3_600_000).toISOString() })],
    ['several at once', () => ({ causes: ['SUSPENDED'], userId: person.id })],
    ['nothing', () => ({ types: [] })],
  ])('shows what the list shows with a filter of %s', async (_what, filterOf) => {
    const filter = filterOf();
    const { data, errors } = await world.ask<{ of: { events: { nodes: { id: string }[] } } }>(
      `query ($id: ID!, $after: String, $filter: EventFilter) {
        of: organization(by: { id: $id }) { events(first: 100, after: $after, filter: $filter) { nodes { id } } } }`,
      { id: mine.id, after: mine.after, filter },
    );
    expect(errors).toBeUndefined();
    const listed = data?.of.events.nodes.map(({ id }) => id);
    const stream = follow(world.key, { organizationId: mine.id, after: mine.after, filter });
    // Tells that all was looked at: it stands after everything that the filter can find.
    const all = follow(world.key, { organizationId: mine.id, after: mine.after });
    const [{ sequence }] = (await world.query('SELECT sequence FROM organization WHERE id = $1', [
      mine.uuid,
    ])) as [{ sequence: number }];
    await soon(() => expect(all.events().at(-1)?.sequence).toBe(sequence));
    await soon(() => expect(idsOf(stream)).toEqual(listed));
    stream.close();
    all.close();
  });

  it('refuses somebody who is nobody', async () => {
    const stream = listen(world.gateway.url, 'ghk_unknown', eventsOf());
    await stream.over;
    expect(stream.events()).toEqual([]);
  });
});

it('tells of the end by server-sent events to POST and to GET alike, and to nobody else', async () => {
  const { query, variables } = eventsOf({ organizationId: MISSING });
  const url = `${world.gateway.url}/graphql`;
  const headers = { authorization: `Bearer ${world.key}`, accept: 'text/event-stream' };
  const parameters = new URLSearchParams({ query, variables: JSON.stringify(variables) });
  const answers = await Promise.all([
    fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    }),
    fetch(`${url}?${parameters}`, { headers }),
  ]);
  const [post, get] = await Promise.all(answers.map((answer) => answer.text()));
  expect(post).toContain('"code":"NOT_FOUND"');
  expect(get).toBe(post);
  const anonymous = await fetch(`${url}?${parameters}`, { headers: { accept: headers.accept } });
  expect(await anonymous.text()).toContain('"code":"NOT_FOUND"');
});
