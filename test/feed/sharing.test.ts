/** Answers are shared where they are the same letter by letter: nobody is given what is meant for another. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { join } from '../domain/world.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { change, lastCursor, place, soon } from './feed-world.ts';
import { type Stream, transports } from './listener.ts';

let world: PeopleGateway;

beforeAll(async () => {
  world = await createPeopleGateway();
});

afterAll(() => world.close());

const FIELDS = `id cursor type cause sequence reason
  ... on MembershipStatusChanged {
    membership @include(if: $whole) {
      emailAddress viewerCanSuspend viewerCanRemove viewerCanAssignRoles
      user { email createdAt memberships { nodes { id } } }
    }
  }`;

const query = `subscription Listen($organizationId: ID, $after: String, $whole: Boolean!) {
  event: events(organizationId: $organizationId, after: $after, filter: { causes: [SUSPENDED] }) { ${FIELDS} } }`;

/** What a caller is shown of the newest event by the list, in the same words. */
const listQuery = `query ($organizationId: ID!, $whole: Boolean!) { of: organization(by: { id: $organizationId }) {
  events(last: 1, filter: { causes: [SUSPENDED] }) { nodes { ${FIELDS} } } } }`;

describe.each(Object.entries(transports))('%s', (_name, listen) => {
  it('shows everybody what their own list shows', async () => {
    const { uuid, id: organizationId } = await place(world);
    const enter = async (roleKeys: string[]) => {
      const { email, membershipId } = await join(world, uuid, { roleKeys });
      const token = await world.tokenOf(email);
      await world.ask('{ __typename }', {}, token);
      return { email, token, membershipId: encodeId('mbr', membershipId) };
    };
    await change(world, 'roleCreate', {
      organizationId,
      key: 'reader',
      displayName: 'Reader',
      permissions: ['event:read', 'organization:read', 'membership:read'],
    });
    const owner = await enter(['owner']);
    const admin = await enter(['admin']);
    const reader = await enter(['reader']);
    const twin = await enter(['reader']);
    const subject = await enter(['admin']);
    const { secret } = await change<{ secret: string }>(
      world,
      'apiKeyCreate',
      { name: 'Own', organizationId, permissions: ['event:read', 'organization:read'] },
      { selection: 'secret' },
    );
    // A second token of the same person, which says that there were several factors.
    const second = await world.tokenOf(admin.email, { amr: ['mfa'] });
    const callers = { owner, admin, reader, twin } as Record<string, { token: string }>;
    const tokens = {
      ...Object.fromEntries(Object.entries(callers).map(([name, { token }]) => [name, token])),
      second,
      key: secret,
      environment: world.key,
    };
    const after = await lastCursor(world, organizationId);
    const streams: { stream: Stream; token: string; whole: boolean }[] = [];
    for (const token of Object.values(tokens)) {
      for (const whole of [true, false, true]) {
        const variables = { organizationId, after, whole };
        const stream = listen(world.gateway.url, token, { query, variables });
        streams.push({ stream, token, whole });
      }
    }
    // Live for all: each has had something.
    const { membershipId } = subject;
    const suspend = async (reason: string) => {
      await change(
        world,
        'membershipSuspend',
        { membershipId, reason },
        { credential: owner.token },
      );
    };
    const expectTold = async (count: number) => {
      await soon(() => {
        for (const { stream } of streams) {
          expect(stream.events()).toHaveLength(count);
        }
      });
      for (const { stream, token, whole } of streams) {
        const { data } = await world.ask<{ of: { events: { nodes: object[] } } }>(
          listQuery,
          { organizationId, whole },
          token,
        );
        expect(stream.events().at(-1)).toEqual(data?.of.events.nodes[0]);
      }
    };
    await suspend('Once');
    await expectTold(1);
    await change(world, 'membershipReinstate', { membershipId });
    await suspend('Twice');
    await expectTold(2);
    const reasons = new Set(streams.map(({ stream }) => stream.events().at(-1)?.reason));
    expect(reasons).toEqual(new Set(['Twice', null]));
    const shown = new Set(streams.map(({ stream }) => JSON.stringify(stream.events().at(-1))));
    expect(shown.size).toBeGreaterThan(3);
    for (const { stream } of streams) {
      stream.close();
    }
  });

  it('shows people what is their own on their own stream only', async () => {
    const { uuid } = await place(world);
    const people = await Promise.all(
      [1, 2].map(async () => {
        const { email, userId, membershipId } = await join(world, uuid, { roleKeys: ['member'] });
        const token = await world.tokenOf(email);
        await world.ask('{ __typename }', {}, token);
        return { email, token, userId, membershipId: encodeId('mbr', membershipId) };
      }),
    );
    const after = await lastCursor(world);
    const streams = people.map(({ token }) =>
      listen(world.gateway.url, token, { query, variables: { after, whole: true } }),
    );
    await Promise.all(
      people.map(({ membershipId }) =>
        change(world, 'membershipSuspend', { membershipId, reason: 'Secret' }),
      ),
    );
    await soon(() => expect(streams.every((stream) => stream.events().length === 1)).toBe(true));
    for (const [number, stream] of streams.entries()) {
      const [event] = stream.events();
      expect(event).toMatchObject({
        reason: null,
        membership: { emailAddress: people[number]?.email, user: { email: people[number]?.email } },
      });
      stream.close();
    }
  });
});
