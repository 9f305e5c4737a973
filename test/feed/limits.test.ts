/** How many streams there may be, and what else holds for them as for every other operation. */
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fresh } from '../domain/world.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { add, endOf, place, soon } from './feed-world.ts';
import { eventsOf, type Stream, transports, webSocketClient } from './listener.ts';

let world: PeopleGateway;
let organization: Awaited<ReturnType<typeof place>>;

beforeAll(async () => {
  world = await createPeopleGateway({
    gateway: {
      GATEHOUSE_MAX_STREAMS_PER_CALLER: '3',
      GATEHOUSE_MAX_STREAMS: '6',
      GATEHOUSE_MAX_OPERATIONS_PER_SOCKET: '4',
      GATEHOUSE_MAX_DEPTH: '6',
      GATEHOUSE_MAX_COST: '2000',
      GATEHOUSE_INTROSPECTION: 'off',
    },
  });
  organization = await place(world);
  await add(world, organization.id);
});

afterAll(() => world.close());

describe.each(Object.entries(transports))('%s', (_name, listen) => {
  const ofKey = (more: object = {}, credential = world.key) => {
    const { id: organizationId, after } = organization;
    return listen(world.gateway.url, credential, eventsOf({ organizationId, after, ...more }));
  };
  /** Begins a stream as soon as there is room for it. */
  const whenThereIsRoom = async (): Promise<Stream> => {
    let begun: Stream | undefined;
    await soon(async () => {
      const stream = ofKey();
      await soon(() => expect(stream.isOver() || stream.events().length > 0).toBe(true));
      expect(stream.error()).toBeUndefined();
      begun = stream;
    });
    return begun as Stream;
  };
  const close = (streams: Stream[]) => {
    for (const stream of streams) {
      stream.close();
    }
  };

  it('has room for as many as are allowed in a process, again when some are closed', async () => {
    const streams: Stream[] = [];
    for (let count = 0; count < 6; count += 1) {
      streams.push(await whenThereIsRoom());
    }
    const refused = ofKey();
    expect(await endOf(refused)).toEqual({
      code: 'LIMIT_EXCEEDED',
      limit: 'streams',
      max: 6,
      found: 7,
    });
    streams.pop()?.close();
    streams.push(await whenThereIsRoom());
    close(streams);
  });

  it('has room for as many as are allowed for a person, whatever others have', async () => {
    const own = () => listen(world.gateway.url, token, eventsOf());
    const token = await world.tokenOf(`${fresh('listening')}@example.com`);
    await whenThereIsRoom().then((stream) => stream.close());
    const streams = [own(), own(), own(), own()];
    await soon(() => expect(streams.filter((stream) => stream.isOver())).toHaveLength(1));
    const refused = streams.find((stream) => stream.isOver());
    expect(refused?.error()?.extensions).toEqual({
      code: 'LIMIT_EXCEEDED',
      limit: 'streamsPerCaller',
      max: 3,
      found: 4,
    });
    (await whenThereIsRoom()).close();
    close(streams);
  });

  it('keeps no room for what failed at its start, or was gone before', async () => {
    for (let count = 0; count < 12; count += 1) {
      expect((await endOf(ofKey({ after: 'broken' }))).code).toBe('INVALID_INPUT');
    }
    // Closed at any moment of their beginning.
    const leaving = Array.from({ length: 30 }, async (_, moment) => {
      const stream = ofKey();
      await setTimeout(moment);
      stream.close();
    });
    await Promise.all(leaving);
    const streams: Stream[] = [];
    for (let count = 0; count < 6; count += 1) {
      streams.push(await whenThereIsRoom());
    }
    close(streams);
  });

  it.each([
    ['depth', 'organization { events { nodes { organization { events { nodes { id } } } } } }'],
    [
      'cost',
      'organization { events(first: 100) { nodes { id type cause sequence reason occurredAt requestId actorId cursor organizationId a: id b: id c: id d: id e: id f: id g: id h: id i: id j: id k: id l: id m: id } } }',
    ],
  ])('holds the limit of %s', async (limit, fields) => {
    const stream = listen(
      world.gateway.url,
      world.key,
      eventsOf({ organizationId: organization.id, after: organization.after }, fields),
    );
    const end = await endOf(stream);
    expect(end).toMatchObject({ code: 'LIMIT_EXCEEDED', limit });
    expect(stream.events()).toEqual([]);
  });

  it('does not tell the schema', async () => {
    const stream = listen(world.gateway.url, world.key, {
      query: 'subscription { __schema { types { name } } }',
    });
    await stream.over;
    expect(JSON.stringify(stream.told)).not.toContain('MembershipStatusChanged');
    expect(stream.error()).toBeDefined();
  });

  it('refuses more than one field at the root', async () => {
    const stream = listen(world.gateway.url, world.key, {
      query: 'subscription { events { id } membershipStatusChanged { id } }',
    });
    expect((await endOf(stream)).code).toBe('GRAPHQL_VALIDATION_FAILED');
  });
});

it('counts the streams of one socket, and gives room back for each that its client completes', async () => {
  const client = webSocketClient(world.gateway.url, world.key);
  const told: Record<number, unknown[]> = {};
  const begin = (number: number) => {
    told[number] = [];
    const { id: organizationId, after } = organization;
    return client.subscribe(eventsOf({ organizationId, after }) as never, {
      next: (value) => told[number]?.push(value),
      error: (error) => told[number]?.push(error),
      complete: () => {},
    });
  };
  await soon(async () => {
    const close = [0, 1, 2, 3].map(begin);
    await soon(() => expect(Object.values(told).every((each) => each.length > 0)).toBe(true));
    expect(JSON.stringify(told)).not.toContain('LIMIT_EXCEEDED');
    begin(4);
    await soon(() => expect(JSON.stringify(told[4])).toContain('operationsPerSocket'));
    close[0]?.();
    await soon(async () => {
      const again = begin(5);
      await soon(() => expect(told[5]).not.toEqual([]));
      again();
      expect(JSON.stringify(told[5])).not.toContain('LIMIT_EXCEEDED');
    });
  });
  await client.dispose();
});
