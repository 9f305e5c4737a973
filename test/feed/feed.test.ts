import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { join } from '../domain/world.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { add, change, endOf, lastCursor, place, soon } from './feed-world.ts';
import { eventsOf, transports } from './listener.ts';

let world: PeopleGateway;

beforeAll(async () => {
  world = await createPeopleGateway();
});

afterAll(() => world.close());

describe.each(Object.entries(transports))('%s', (_name, listen) => {
  it('tells an organization’s events from now on, in the order of their numbers', async () => {
    const { id: organizationId } = await place(world);
    const stream = listen(world.gateway.url, world.key, eventsOf({ organizationId }));
    // Without a cursor nobody is told when it begins: the first event says so, whichever it is.
    await soon(async () => {
      await add(world, organizationId);
      expect(stream.events()).not.toHaveLength(0);
    });
    const first = Number(stream.events()[0]?.sequence);
    expect(first).toBeGreaterThan(1);
    await Promise.all([1, 2, 3].map(() => add(world, organizationId)));
    const [{ sequence: last }] = (await world.query<{ sequence: number }>(
      'SELECT max(sequence)::int AS sequence FROM event WHERE organization_id = $1',
      [decodeId('org', organizationId)],
    )) as [{ sequence: number }];
    const numbers = Array.from({ length: last - first + 1 }, (_, place) => first + place);
    await soon(() => expect(stream.events().map(({ sequence }) => sequence)).toEqual(numbers));
    stream.close();
    await stream.over;
  });

  it('goes on after a cursor, without a hole or a repeat', async () => {
    const { id: organizationId, after } = await place(world);
    for (let count = 0; count < 3; count += 1) {
      await add(world, organizationId);
    }
    const stream = listen(world.gateway.url, world.key, eventsOf({ organizationId, after }));
    await add(world, organizationId);
    await soon(() => expect(stream.events()).toHaveLength(4));
    await add(world, organizationId);
    await soon(() => expect(stream.events()).toHaveLength(5));
    expect(stream.events().map(({ sequence }) => sequence)).toEqual([2, 3, 4, 5, 6]);
    stream.close();
  });

  it('ends an organization’s stream for who is removed, and tells them on their own', async () => {
    const { uuid, id: organizationId } = await place(world);
    const owner = await join(world, uuid, { roleKeys: ['owner'] });
    const admin = await join(world, uuid, { roleKeys: ['admin'] });
    const token = await world.tokenOf(admin.email);
    const credential = await world.tokenOf(owner.email);
    // First sign-ins are events, too.
    await Promise.all([token, credential].map((each) => world.ask('{ __typename }', {}, each)));
    const after = await lastCursor(world, organizationId);
    const stream = listen(world.gateway.url, token, eventsOf({ organizationId, after }));
    const own = listen(world.gateway.url, token, eventsOf({ after }));
    await add(world, organizationId);
    await soon(() => expect(stream.events()).toHaveLength(1));
    await change(
      world,
      'membershipRemove',
      { membershipId: encodeId('mbr', admin.membershipId) },
      { credential },
    );
    const end = await endOf(stream);
    expect(stream.events().map(({ cause }) => cause)).toEqual(['ADDED']);
    expect(end).toEqual({ code: 'FORBIDDEN', cursor: stream.events().at(-1)?.cursor });
    await soon(() => expect(own.events().map(({ cause }) => cause)).toContain('REMOVED'));
    expect(own.isOver()).toBe(false);
    own.close();
  });
});
