import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { fresh, join } from '../domain/world.ts';
import { createDatabase } from '../support/database.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { createIssuer, type TestIssuer } from '../support/issuer.ts';
import { joinAs, type Open, openOrganization, saidOf } from './join-world.ts';
import { mutate } from './membership-moves.ts';
import { say } from './user-asks.ts';

let world: TestGateway;
let sso: TestIssuer;
/** The organization whose single sign-on it is, and another that is open to the same domain. */
let own: Open;
let other: Open;

beforeAll(async () => {
  const database = await createDatabase();
  own = await openOrganization(database);
  other = await openOrganization(database, {}, own.domain);
  sso = await createIssuer({
    settings: { linkingDomains: '*', authMethod: 'SSO', organizationId: own.organizationId },
  });
  world = await createGateway({ GATEHOUSE_TRUSTED_ISSUERS: sso.settings }, database);
});

afterAll(async () => {
  await world.close();
  await sso.close();
});

const tokenOf = (email: string) => sso.token({ sub: email, email, email_verified: true });

const VIEWER = `{ viewer {
  user { id }
  memberships { nodes { organization { id } } }
  discoveredOrganizations { organizationId kind }
} }`;

type Seen = {
  viewer: {
    user: { id: string };
    memberships: { nodes: { organization: { id: string } }[] };
    discoveredOrganizations: { organizationId: string; kind: string }[];
  };
};

test('whoever comes by it finds and joins that organization only', async () => {
  const token = await tokenOf(`${fresh('new')}@${own.domain}`);
  const before = await world.ask<Seen>(VIEWER, {}, token);
  expect(before.data?.viewer).toMatchObject({
    memberships: { nodes: [] },
    discoveredOrganizations: [{ organizationId: own.organizationId, kind: 'CAN_JOIN_BY_DOMAIN' }],
  });
  expect(saidOf(await joinAs(world, other.organizationId, token))).toBe('NOT_FOUND');
  expect(saidOf(await joinAs(world, own.organizationId, token))).toBe('ACTIVE');
});

test('of a member of both it shows, and ends, the one membership', async () => {
  const email = `${fresh('both')}@${own.domain}`;
  await join(world, own.id, { email });
  const elsewhere = await join(world, other.id, { email });
  const token = await tokenOf(email);
  const { data } = await world.ask<Seen>(VIEWER, {}, token);
  expect(data?.viewer).toMatchObject({
    memberships: { nodes: [{ organization: { id: own.organizationId } }] },
    discoveredOrganizations: [{ organizationId: own.organizationId, kind: 'ACTIVE_MEMBER' }],
  });
  const input = { membershipId: encodeId('mbr', elsewhere.membershipId) };
  expect((await mutate(world, 'membershipLeave', input, token)).code).toBe('NOT_FOUND');
});

test('it does not vouch for the whole person', async () => {
  const email = `${fresh('whole')}@${own.domain}`;
  const { userId } = await join(world, own.id, { email });
  const token = await tokenOf(email);
  const user = { id: encodeId('usr', userId) };
  const profile = { name: 'Mallory' };
  expect((await say(world, 'userUpdate', { user, profile }, token)).code).toBe('FORBIDDEN');
  const removal = { userId: user.id, confirmEmail: email };
  expect((await say(world, 'userDelete', removal, token)).code).toBe('FORBIDDEN');
  const { data } = await world.ask<{ result: object }>(
    `mutation { result: organizationCreate(input: { displayName: "Mine" }) {
      ... on ForbiddenError { permission }
    } }`,
    {},
    token,
  );
  expect(data?.result).toEqual({ permission: 'organization:create' });
});
