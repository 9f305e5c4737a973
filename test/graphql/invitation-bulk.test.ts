import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { fresh } from '../domain/world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { addPerson, change, foundTenant, happened, mailOf, saidBy } from './invitation-world.ts';

let world: PeopleGateway;

beforeAll(async () => {
  world = await createPeopleGateway({
    gateway: {
      GATEHOUSE_INVITATIONS_PER_INVITER: 'off',
      GATEHOUSE_INVITATIONS_PER_ORGANIZATION: 'off',
    },
  });
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

type Row = {
  invitation?: { id: string; email: string } | null;
  code?: string;
  issues?: { path: string[] }[];
};

async function bulk(input: Record<string, unknown>, credential?: string) {
  const result = await change(world, 'invitationBulkCreate', input, credential);
  const { invitedCount, refusedCount } = result;
  return { ...result, invitedCount, refusedCount, results: result.results as Row[] };
}

const people = (count: number) =>
  Array.from({ length: count }, () => ({ email: `${fresh('bulk')}@example.com` }));

describe('a thousand rows', () => {
  it('are a thousand invitations, in one act', async () => {
    const tenant = await foundTenant(world);
    const { organizationId } = tenant;
    const rows = people(1000);
    const { invitedCount, refusedCount, results } = await bulk({ organizationId, rows });
    expect([invitedCount, refusedCount]).toEqual([1000, 0]);
    expect(results.map(({ invitation }) => invitation?.email)).toEqual(
      rows.map((row) => row.email),
    );
    const events = await happened(world, tenant.id);
    expect(events.filter((event) => event.startsWith('INVITATION_SENT'))).toHaveLength(1000);
    const last = await mailOf(world, results.at(-1)?.invitation?.id ?? '');
    expect(last.to).toMatchObject({ text: rows.at(-1)?.email });
  });

  it.each([0, 1001])('are the most and one the least: %i are refused as a whole', async (count) => {
    const { organizationId } = await foundTenant(world);
    const result = await bulk({ organizationId, rows: people(count) });
    expect(result).toMatchObject({ code: 'INVALID_INPUT', issues: [{ path: ['rows'] }] });
  });
});

describe('a row that is refused', () => {
  it('says why, and stops no other', async () => {
    const tenant = await foundTenant(world, { seatLimit: 3 });
    const { organizationId, owner } = tenant;
    const admin = await addPerson(world, tenant, ['admin']);
    const [one, two] = people(2);
    const { results, invitedCount } = await bulk(
      {
        organizationId,
        rows: [
          { email: 'nobody' },
          { email: owner.email },
          { ...one, roleKeys: ['owner'] },
          one,
          { email: one?.email.toUpperCase() },
          { ...two, message: 'x'.repeat(3000), expiresInSeconds: 1 },
          two,
        ],
      },
      admin.token,
    );
    expect(results.map(({ code }) => code ?? null)).toEqual([
      'INVALID_INPUT',
      'ALREADY_MEMBER',
      'ROLE_TOO_HIGH',
      null,
      'ALREADY_INVITED',
      'INVALID_INPUT',
      'SEAT_LIMIT',
    ]);
    expect(results[5]?.issues?.map(({ path }) => path[0])).toEqual(['message', 'expiresInSeconds']);
    expect(invitedCount).toBe(1);
  });

  it('is none of its own where the act as a whole is refused', async () => {
    const tenant = await foundTenant(world);
    const { organizationId } = tenant;
    const member = await addPerson(world, tenant, ['member']);
    expect(saidBy(await bulk({ organizationId, rows: people(1) }, member.token))).toBe('FORBIDDEN');
    const nowhere = encodeId('org', crypto.randomUUID());
    expect(saidBy(await bulk({ organizationId: nowhere, rows: people(1) }))).toBe('NOT_FOUND');
    const mixed = [...people(1), { email: 'nobody' }];
    expect(saidBy(await bulk({ organizationId: nowhere, rows: mixed }))).toBe('NOT_FOUND');
    const broken = await bulk({ organizationId, rows: [{ ...people(1)[0], roleIds: ['rol_x'] }] });
    expect(broken).toMatchObject({ issues: [{ path: ['rows', '0', 'roleIds', '0'] }] });
  });
});

it('tells in a dry run what would come of it, and does nothing', async () => {
  const tenant = await foundTenant(world);
  const { organizationId, owner } = tenant;
  const before = await happened(world, tenant.id);
  const rows = [...people(2), { email: owner.email }];
  const dry = await bulk({ organizationId, rows, dryRun: true });
  expect(dry).toMatchObject({ invitedCount: 2, refusedCount: 1 });
  expect(dry.results.map(({ invitation, code }) => invitation ?? code ?? null)).toEqual([
    null,
    null,
    'ALREADY_MEMBER',
  ]);
  expect(await happened(world, tenant.id)).toEqual(before);
  expect(await bulk({ organizationId, rows })).toMatchObject({ invitedCount: 2 });
});

it('is done once with an idempotency key, and answers alike again, refusals included', async () => {
  const tenant = await foundTenant(world);
  const { organizationId, owner } = tenant;
  const rows = [...people(1), { email: owner.email }, { email: 'nobody' }];
  const send = async () => {
    const response = await fetch(`${world.gateway.localUrl}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${world.key}`,
        'idempotency-key': 'the same',
      },
      body: JSON.stringify({
        query: `mutation ($input: InvitationBulkCreateInput!) { invitationBulkCreate(input: $input) {
          ... on InvitationBulkCreatePayload { results { __typename
            ... on InvitationBulkCreateRowPayload { invitation { id } } ... on InputError { issues { path message } }
            ... on AlreadyMemberError { membership { id } } ... on Error { code message } } } } }`,
        variables: { input: { organizationId, rows } },
      }),
    });
    return response.json();
  };
  const first = await send();
  expect(first.data.invitationBulkCreate.results).toMatchObject([
    { invitation: { id: expect.stringMatching(/^inv_/) } },
    { __typename: 'AlreadyMemberError', membership: { id: expect.any(String) } },
    { __typename: 'InputError', issues: [{ path: ['email'] }] },
  ]);
  const after = await happened(world, tenant.id);
  expect(await send()).toEqual(first);
  expect(await happened(world, tenant.id)).toEqual(after);
});
