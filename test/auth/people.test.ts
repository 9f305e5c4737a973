import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh, join } from '../domain/world.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';

let world: PeopleGateway;

beforeAll(async () => {
  world = await createPeopleGateway();
});

afterAll(() => world.close());

const VIEWER = `query ($id: ID) { viewer { kind user { id email emailVerified name memberships { nodes { id } } }
  permissions(organizationId: $id) } }`;

describe('a person who is seen for the first time', () => {
  it('gets a user, and is a viewer without memberships', async () => {
    const email = `${fresh('new')}@example.com`;
    const { data, errors } = await world.ask(
      VIEWER,
      {},
      await world.tokenOf(email, { name: 'Ada' }),
    );
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      viewer: {
        kind: 'USER',
        user: { email, emailVerified: true, name: 'Ada', memberships: { nodes: [] } },
        permissions: [],
      },
    });
  });

  it('is the user whom a key added before, with the rights of the membership', async () => {
    const id = await found(world);
    const { email, membershipId } = await join(world, id, { roleKeys: ['admin'] });
    const organizationId = encodeId('org', id);
    const token = await world.tokenOf(email);
    const { data } = await world.ask(VIEWER, { id: organizationId }, token);
    expect(data).toMatchObject({
      viewer: {
        user: { email, memberships: { nodes: [{ id: encodeId('mbr', membershipId) }] } },
        permissions: expect.arrayContaining(['membership:suspend']),
      },
    });
    const provider = await world.query(
      'SELECT primary_identity_provider AS provider FROM membership WHERE id = $1',
      [membershipId],
    );
    expect(provider).toEqual([{ provider: 'Test' }]);
  });
});
