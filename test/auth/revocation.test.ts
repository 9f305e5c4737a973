import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh, join } from '../domain/world.ts';
import { mutate } from '../graphql/membership-moves.ts';
import { keyWith } from '../http/tenant.ts';
import { bearer, openSocket, type Socket, transports } from '../http/wire.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';

let world: PeopleGateway;
/** Another gateway on the same database. */
let other: TestGateway;

beforeAll(async () => {
  world = await createPeopleGateway();
  const settings = { GATEHOUSE_TRUSTED_ISSUERS: world.issuer.settings };
  other = await createGateway(settings, { ...world, close: async () => {} });
});

afterAll(async () => {
  await other?.close();
  await world.close();
});

const SEEN = `query ($org: ID!) { viewer { kind permissions(organizationId: $org) }
  organization(by: { id: $org }) { memberships { totalCount } } }`;

type Seen = { kind: string; permissions: string[]; members: number | null } | null;

type Answered = {
  data?: {
    viewer: { kind: string; permissions: string[] };
    organization: { memberships: { totalCount: number } | null } | null;
  } | null;
};

/** What the bearer sees of the organization: by each way, of the other gateway, and last on an open WebSocket. */
async function look(socket: Socket, credential: string, org: string): Promise<Seen[]> {
  const operation = { query: SEEN, variables: { org } };
  const ways = ['POST', 'GET', 'SSE by POST', 'SSE by GET'];
  const answers: unknown[] = [];
  for (const way of ways) {
    answers.push(
      await transports[way]?.(other.gateway.url, operation, credential).catch(() => null),
    );
  }
  const id = fresh('operation');
  const heard = new Promise<unknown>((resolve) => {
    socket.tell({ type: 'subscribe', id, payload: operation });
    socket.hear().then(
      ({ payload }) => resolve({ data: Reflect.get(Object(payload), 'data') }),
      () => resolve(null),
    );
  });
  answers.push(await heard);
  if (socket.socket.readyState === socket.socket.OPEN) {
    await socket.hear();
  }
  return answers.map((answer) => {
    const { data } = (answer ?? {}) as Answered;
    return data
      ? { ...data.viewer, members: data.organization?.memberships?.totalCount ?? null }
      : null;
  });
}

async function open(credential: string): Promise<Socket> {
  const socket = await openSocket(other.gateway.url);
  socket.tell({ type: 'connection_init', payload: bearer(credential) });
  expect((await socket.hear()).type).toBe('connection_ack');
  return socket;
}

type Place = {
  org: string;
  slug: string;
  roleId: string;
  membershipId: string;
  userId: string;
  email: string;
};

/** An organization with an owner, and a member by a role of its own that gives what it takes to see memberships. */
async function arrange(): Promise<Place> {
  const slug = fresh('place');
  const id = await found(world, { slug });
  await join(world, id, { roleKeys: ['owner'] });
  const [role] = await world.query<{ id: string }>(
    `INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
     VALUES (gen_random_uuid(), $1, $1, 'reader', 'Reader', '{organization:read,membership:read}', now(), now())
     RETURNING id`,
    [id],
  );
  const member = await join(world, id, { roleKeys: ['reader'] });
  return {
    org: encodeId('org', id),
    slug,
    roleId: encodeId('rol', role?.id ?? ''),
    membershipId: encodeId('mbr', member.membershipId),
    userId: encodeId('usr', member.userId),
    email: member.email,
  };
}

async function done(name: string, input: Record<string, unknown>): Promise<void> {
  const { data, errors } = await world.ask<{ result: { __typename: string } }>(
    `mutation ($input: ${name.charAt(0).toUpperCase()}${name.slice(1)}Input!) {
      result: ${name}(input: $input) { __typename ... on Error { message } } }`,
    { input },
  );
  expect(errors).toBeUndefined();
  expect(data?.result.__typename).toMatch(/Payload$/);
}

const nothing = { kind: 'USER', permissions: [], members: null };
const nobody = null;

const revocations: [what: string, revoke: (place: Place) => Promise<void>, left: Seen][] = [
  ['removed', ({ membershipId }) => done('membershipRemove', { membershipId }), nothing],
  ['suspended', ({ membershipId }) => done('membershipSuspend', { membershipId }), nothing],
  [
    'without the role',
    ({ membershipId, roleId }) =>
      done('membershipRoleUnassign', { membershipId, roleIds: [roleId] }),
    nothing,
  ],
  [
    'left with a role that gives less',
    ({ roleId }) => done('roleUpdate', { roleId, permissions: ['organization:read'] }),
    { ...nothing, permissions: ['organization:read'] },
  ],
  [
    'asked for another sign-in',
    ({ org }) =>
      done('organizationUpdate', {
        organization: { id: org },
        settings: { mfaPolicy: 'REQUIRED' },
      }),
    nothing,
  ],
  [
    'without the membership',
    ({ membershipId, email }) => done('membershipDelete', { membershipId, confirmEmail: email }),
    nothing,
  ],
  [
    'without the organization',
    ({ org, slug }) => done('organizationDelete', { organizationId: org, confirmSlug: slug }),
    nothing,
  ],
  ['deleted', ({ userId, email }) => done('userDelete', { userId, confirmEmail: email }), nobody],
  [
    'without the account',
    ({ userId, email }) =>
      done('identityUnlink', { userId, issuer: world.issuer.issuer, subject: email }),
    nobody,
  ],
];

describe('at the very next request, by every way and on another gateway, a person loses it all who is', () => {
  it.each(revocations)('%s', async (_, revoke, left) => {
    const place = await arrange();
    const token = await world.tokenOf(place.email);
    const all = { kind: 'USER', permissions: ['organization:read', 'membership:read'], members: 2 };
    const socket = await open(token);
    expect(await look(socket, token, place.org)).toEqual(Array(5).fill(all));
    await revoke(place);
    expect(await look(socket, token, place.org)).toEqual(Array(5).fill(left));
    if (left === nobody) {
      expect(await socket.closed).toEqual({ code: 4401, reason: 'Unauthorized' });
    }
    socket.socket.terminate();
  });
});

it('so does a key that is revoked', async () => {
  const { org } = await arrange();
  const secret = await keyWith(world, ['membership:read']);
  const socket = await open(secret);
  expect((await look(socket, secret, org)).map((seen) => seen?.members)).toEqual(Array(5).fill(2));
  const { data } = await world.ask<{ viewer: { apiKey: { id: string } } }>(
    '{ viewer { apiKey { id } } }',
    {},
    secret,
  );
  await done('apiKeyRevoke', { apiKeyId: data?.viewer.apiKey.id });
  expect(await look(socket, secret, org)).toEqual(Array(5).fill(null));
  expect(await socket.closed).toMatchObject({ code: 4401 });
});

it('what somebody was about to do is no longer theirs to do when the lock is had', async () => {
  const { org, membershipId, email } = await arrange();
  const person = await world.tokenOf(email);
  await done('membershipRoleAssign', { membershipId, roleKeys: ['admin'] });
  const [removal, ...deeds] = await Promise.all([
    mutate(world, 'membershipRemove', { membershipId }),
    ...Array.from({ length: 5 }, () =>
      world.ask<{ roleCreate: { __typename: string } }>(
        `mutation ($input: RoleCreateInput!) { roleCreate(input: $input) { __typename } }`,
        {
          input: { organizationId: org, key: fresh('late'), displayName: 'Late', permissions: [] },
        },
        person,
      ),
    ),
  ]);
  expect(removal.__typename).toBe('MembershipRemovePayload');
  const [order] = await world.query<{ late: number }>(
    `SELECT count(*)::int AS late FROM event created JOIN event removed USING (organization_id)
     WHERE created.type = 'ROLE_CREATED' AND removed.cause = 'REMOVED' AND created.sequence > removed.sequence
       AND removed.organization_id = (SELECT id FROM organization WHERE slug = $1)`,
    [(await slugOf(org)) ?? ''],
  );
  expect(order?.late).toBe(0);
  for (const { data } of deeds) {
    expect(['RoleCreatePayload', 'ForbiddenError', 'NotFoundError']).toContain(
      data?.roleCreate.__typename,
    );
  }
});

async function slugOf(id: string): Promise<string | undefined> {
  const query = 'query ($id: ID!) { organization(by: { id: $id }) { slug } }';
  const { data } = await world.ask<{ organization: { slug: string } }>(query, { id });
  return data?.organization.slug;
}
