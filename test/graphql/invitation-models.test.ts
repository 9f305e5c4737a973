import { access } from 'node:fs/promises';
import { join as path } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { fresh, join } from '../domain/world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { change, foundTenant, invite, mailOf, saidBy, tokenOf } from './invitation-world.ts';

let world: PeopleGateway;

beforeAll(async () => {
  world = await createPeopleGateway();
});

afterEach(() =>
  world.query(`UPDATE environment SET identity_model = 'SHARED', memberships_per_user = 'MANY'`),
);

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

const uuidOf = (id: string) => decodeId('mbr', id) ?? '';

const accept = (token: string, credential: string | null = null) =>
  change(world, 'invitationAccept', { token }, credential);

describe('where each organization has members of its own', () => {
  it('an address is verified where its link was followed, and nowhere else', async () => {
    await world.query(`UPDATE environment SET identity_model = 'ISOLATED'`);
    const [here, there] = [await foundTenant(world), await foundTenant(world)];
    const email = `${fresh('both')}@example.com`;
    const other = await join(world, there.id, { email, name: 'There' });
    const invitation = await invite(world, here, { email, name: 'Here' });
    expect(invitation.membership).toMatchObject({ name: 'Here', emailVerified: false });
    expect(saidBy(await accept(await tokenOf(world, invitation.id)))).toBe(
      'InvitationAcceptPayload',
    );
    const rows = await world.query(
      'SELECT name, email_verified FROM membership WHERE id = ANY($1) ORDER BY name',
      [[uuidOf(invitation.membership.id), other.membershipId]],
    );
    expect(rows).toEqual([
      { name: 'Here', email_verified: true },
      { name: 'There', email_verified: false },
    ]);
  });
});

describe('where people belong to one organization', () => {
  it('inviting tells nothing of another, and accepting is refused', async () => {
    await world.query(`UPDATE environment SET memberships_per_user = 'ONE'`);
    const [here, there] = [await foundTenant(world), await foundTenant(world)];
    const email = `${fresh('one')}@example.com`;
    await join(world, there.id, { email });
    const invitation = await invite(world, here, { email });
    const token = await tokenOf(world, invitation.id);
    expect(saidBy(await accept(token))).toBe('SINGLE_MEMBERSHIP');
    const { data } = await world.ask<{ invitationPreview: { status: string } }>(
      'query ($token: String!) { invitationPreview(token: $token) { status } }',
      { token },
      null,
    );
    expect(data?.invitationPreview.status).toBe('PENDING');
  });
});

describe('what is erased', () => {
  const isThere = (file: string) =>
    access(file).then(
      () => true,
      () => false,
    );

  it.each(['membership', 'user', 'organization'])(
    'with the %s takes its mail along',
    async (what) => {
      const tenant = await foundTenant(world);
      const invitation = await invite(world, tenant, { message: 'Personal' });
      await mailOf(world, invitation.id);
      const token = await tokenOf(world, invitation.id);
      const file = path(world.gateway.mailFolder ?? '', `${invitation.id}-1.eml`);
      expect(await isThere(file)).toBe(true);
      const [membership] = await world.query<{ user: string }>(
        'SELECT user_id AS user FROM membership WHERE id = $1',
        [uuidOf(invitation.membership.id)],
      );
      const erase = {
        membership: [
          'membershipDelete',
          { membershipId: invitation.membership.id, confirmEmail: invitation.email },
        ],
        user: [
          'userDelete',
          { userId: encodeId('usr', membership?.user ?? ''), confirmEmail: invitation.email },
        ],
        organization: [
          'organizationDelete',
          { organizationId: tenant.organizationId, confirmSlug: await slugOf(tenant.id) },
        ],
      }[what] as [string, object];
      const type = `${erase[0].charAt(0).toUpperCase()}${erase[0].slice(1)}`;
      const { data } = await world.ask<{ result: { __typename: string } }>(
        `mutation ($input: ${type}Input!) { result: ${erase[0]}(input: $input) { __typename } }`,
        { input: erase[1] },
      );
      expect(data?.result.__typename).toBe(`${type}Payload`);
      await vi.waitFor(async () => expect(await isThere(file)).toBe(false), { timeout: 60_000 });
      expect(saidBy(await accept(token))).toBe('INVITATION_INVALID');
      const tables = await world.query<{ name: string }>(
        `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname IN ('public', 'pgboss')`,
      );
      for (const { name } of tables) {
        const [row] = await world.query<{ count: string }>(
          `SELECT count(*) FROM ${name} t WHERE t::text LIKE '%Personal%'`,
        );
        expect(row?.count, name).toBe('0');
      }
    },
  );

  async function slugOf(id: string) {
    const [row] = await world.query<{ slug: string }>(
      'SELECT slug FROM organization WHERE id = $1',
      [id],
    );
    return row?.slug;
  }
});
