import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh, join } from '../domain/world.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { eventsOf, transports } from './listener.ts';

let world: PeopleGateway;

beforeAll(async () => {
  world = await createPeopleGateway();
});

afterAll(() => world.close());

const soon = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 20 });

async function change(name: string, input: object, credential?: string) {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const { data, errors } = await world.ask<{ result: { __typename: string } }>(
    `mutation ($input: ${type}Input!) { result: ${name}(input: $input) { __typename ... on Error { code message } } }`,
    { input },
    credential,
  );
  if (data?.result.__typename !== `${type}Payload`) {
    throw new Error(JSON.stringify(errors ?? data));
  }
}

const add = (organizationId: string) =>
  change('membershipCreate', {
    organization: { id: organizationId },
    user: { email: `${fresh('listened')}@example.com` },
  });

describe.each(Object.entries(transports))('%s', (_name, listen) => {
  it('tells an organization’s events from now on, in the order of their numbers', async () => {
    const id = await found(world);
    const organizationId = encodeId('org', id);
    const stream = listen(world.gateway.url, world.key, eventsOf({ organizationId }));
    await new Promise((resolve) => setTimeout(resolve, 500));
    await Promise.all([add(organizationId), add(organizationId), add(organizationId)]);
    await soon(() => expect(stream.events()).toHaveLength(3));
    expect(stream.events().map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
    stream.close();
    await stream.over;
  });

  it('goes on after a cursor, without a hole or a repeat', async () => {
    const id = await found(world);
    const organizationId = encodeId('org', id);
    for (let count = 0; count < 3; count += 1) {
      await add(organizationId);
    }
    const { data } = await world.ask<{ organization: { events: { nodes: { cursor: string }[] } } }>(
      'query ($id: ID!) { organization(by: { id: $id }) { events { nodes { cursor } } } }',
      { id: organizationId },
    );
    const after = data?.organization.events.nodes[0]?.cursor;
    const stream = listen(world.gateway.url, world.key, eventsOf({ organizationId, after }));
    await add(organizationId);
    await soon(() => expect(stream.events()).toHaveLength(4));
    await add(organizationId);
    await soon(() => expect(stream.events()).toHaveLength(5));
    expect(stream.events().map(({ sequence }) => sequence)).toEqual([2, 3, 4, 5, 6]);
    stream.close();
  });

  it('ends an organization’s stream for who is removed, and tells them on their own', async () => {
    const id = await found(world);
    const organizationId = encodeId('org', id);
    const owner = await join(world, id, { roleKeys: ['owner'] });
    const admin = await join(world, id, { roleKeys: ['admin'] });
    const token = await world.tokenOf(admin.email);
    const stream = listen(world.gateway.url, token, eventsOf({ organizationId }));
    const own = listen(world.gateway.url, token, eventsOf({}));
    await new Promise((resolve) => setTimeout(resolve, 500));
    await add(organizationId);
    await soon(() => expect(stream.events()).toHaveLength(1));
    await change(
      'membershipRemove',
      { membershipId: encodeId('mbr', admin.membershipId) },
      await world.tokenOf(owner.email),
    );
    await stream.over;
    expect(stream.events().map(({ cause }) => cause)).not.toContain('REMOVED');
    expect(stream.error()).toMatchObject({
      extensions: { code: 'FORBIDDEN', cursor: stream.events().at(-1)?.cursor },
    });
    await soon(() => expect(own.events().map(({ cause }) => cause)).toContain('REMOVED'));
    expect(own.isOver()).toBe(false);
    own.close();
  });
});
