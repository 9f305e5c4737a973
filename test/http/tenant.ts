/** Organizations with everything in them that a right can hide, and a query that asks for all of it. */
import { createApiKey } from '../../src/domain/api-key.ts';
import { encodeId, type IdKind } from '../../src/domain/id.ts';
import { inviteMembers } from '../../src/domain/invitation.ts';
import { suspendMembers } from '../../src/domain/membership.ts';
import { single } from '../../src/domain/outcome.ts';
import { ALL_PERMISSIONS } from '../../src/domain/permission.ts';
import { act, found, fresh, join } from '../domain/world.ts';
import type { TestDatabase } from '../support/database.ts';

export type Tenant = {
  id: string;
  slug: string;
  externalId: string;
  email: string;
  memberExternalId: string;
  ids: Record<'org' | 'usr' | 'mbr' | 'inv' | 'key' | 'rol' | 'evt', string>;
  invitedMembershipId: string;
  /** The secret of a key that may do everything there. */
  key: string;
};

/** An organization with everything in it that a right can hide. */
export async function makeTenant(world: TestDatabase): Promise<Tenant> {
  const slug = fresh('tenant');
  const externalId = fresh('external');
  const memberExternalId = fresh('member');
  const id = await found(world, { slug, externalId, logoUrl: 'https://logo.example/x.png' });
  const member = await join(world, id, {
    email: `${slug}@example.com`,
    externalId: memberExternalId,
    name: 'Ada',
    roleKeys: ['owner'],
  });
  await join(world, id, { roleKeys: ['owner'] });
  const reason = 'A reason.';
  const suspension = [{ membershipId: member.membershipId, reason }];
  single(await act(world, [id], (tx) => suspendMembers(tx, suspension)));
  const invited = single(
    await act(world, [id], (tx) =>
      inviteMembers(tx, [{ organizationId: id, email: `invited-${slug}@example.com` }], {
        isSent: false,
      }),
    ),
  );
  await world.query(`UPDATE "user" SET external_id = $2, name = 'Ada' WHERE id = $1`, [
    member.userId,
    slug,
  ]);
  const [invitation] = await world.query<{ id: string }>(
    'SELECT id FROM invitation WHERE membership_id = $1',
    [invited.membershipId],
  );
  const [event] = await world.query<{ id: string }>(
    `SELECT id FROM event WHERE membership_id = $1 AND cause = 'SUSPENDED'`,
    [member.membershipId],
  );
  const [role] = await world.query<{ id: string }>(
    `INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
     VALUES (gen_random_uuid(), $1, $1, 'own', 'Own', '{}', now(), now()) RETURNING id`,
    [id],
  );
  const key = await act(world, [id], (tx) =>
    createApiKey(tx, { name: slug, organizationId: id, permissions: [ALL_PERMISSIONS] }),
  );
  return {
    id,
    slug,
    externalId,
    email: member.email,
    memberExternalId,
    ids: {
      org: encodeId('org', id),
      usr: encodeId('usr', member.userId),
      mbr: encodeId('mbr', member.membershipId),
      inv: encodeId('inv', invitation?.id ?? ''),
      key: encodeId('key', key.id),
      rol: encodeId('rol', role?.id ?? ''),
      evt: encodeId('evt', event?.id ?? ''),
    },
    invitedMembershipId: encodeId('mbr', invited.membershipId),
    key: key.secret,
  };
}

/** The secret of a new key of the environment, or of an organization. */
export async function keyWith(
  world: TestDatabase,
  permissions: string[],
  organizationId?: string,
): Promise<string> {
  const locked = organizationId === undefined ? [] : [organizationId];
  const { secret } = await act(world, locked, (tx) =>
    createApiKey(tx, { name: fresh('Key '), permissions, organizationId }),
  );
  return secret;
}

/** Asks for everything that `variablesOf` a tenant names, in every way there is. */
export const query = `query ($org: ID!, $usr: ID!, $mbr: ID!, $invited: ID!, $inv: ID!, $rol: ID!, $key: ID!, $evt: ID!,
    $slug: String!, $external: String!, $email: String!, $memberExternal: String!) {
  environment { apiKeys { totalCount } }
  organization(by: { id: $org }) {
    displayName logoUrl externalId metadata settings { mfaPolicy } seats { used } roles { key }
    apiKeys { totalCount } invitations { totalCount } memberships { totalCount } events { totalCount }
    searched: memberships(filter: { search: "a" }) { totalCount }
    byMetadata: memberships(filter: { metadata: {} }) { totalCount }
    byEmail: memberships(orderBy: { field: EMAIL, direction: ASC }) { totalCount }
    byName: memberships(orderBy: { field: NAME, direction: ASC }) { totalCount }
  }
  bySlug: organization(by: { slug: $slug }) { id }
  byExternalId: organization(by: { externalId: $external }) { id }
  organizations { nodes { id } }
  user(by: { id: $usr }) {
    email emailVerified externalId name metadata untrustedMetadata identities { issuer } createdAt updatedAt
    memberships { totalCount }
    searched: memberships(filter: { search: "a" }) { totalCount }
  }
  byEmail: user(by: { email: $email }) { id }
  users { totalCount }
  membership(by: { id: $mbr }) {
    status name emailAddress emailVerified externalId metadata untrustedMetadata statusReason permissions
    isBreakglass roleAssignments { source } roles { key } history { totalCount }
    user { id email }
    organization { displayName externalId }
  }
  invited: membership(by: { id: $invited }) { invitation { status } }
  membershipByUser: membership(by: { organizationAndUser: { organizationId: $org, userId: $usr } }) { id }
  membershipByEmail: membership(by: { organizationAndEmail: { organizationId: $org, email: $email } }) { id }
  membershipByExternalId: membership(
    by: { organizationAndExternalId: { organizationId: $org, externalId: $memberExternal } }
  ) { id }
  explainAccess(membershipId: $mbr, permission: "role:read") { allowed refusal grants { matches } }
  events { totalCount }
  evt: node(id: $evt) { id ... on Event { reason organization { id } ... on MembershipStatusChanged { membership { id } user { id } } } }
  org: node(id: $org) { id }
  usr: node(id: $usr) { id }
  mbr: node(id: $mbr) { id }
  inv: node(id: $inv) { id }
  rol: node(id: $rol) { id }
  key: node(id: $key) { id }
  nodes(ids: [$org]) { id }
}`;

/** The variables of `query` for a tenant. */
export function variablesOf({ ids, slug, externalId, email, memberExternalId, ...tenant }: Tenant) {
  const { invitedMembershipId: invited } = tenant;
  return { ...ids, invited, slug, external: externalId, email, memberExternal: memberExternalId };
}

/** What nobody has, in the shapes of what a tenant has. */
export function strangerTo(tenant: Tenant): Omit<Tenant, 'key'> {
  const kinds = Object.keys(tenant.ids) as IdKind[];
  const ids = Object.fromEntries(
    kinds.map((kind) => [kind, encodeId(kind, '01980000-0000-7000-8000-0123456789ab')]),
  );
  return {
    id: tenant.id,
    slug: fresh('absent'),
    externalId: fresh('absent'),
    email: `${fresh('absent')}@example.com`,
    memberExternalId: fresh('absent'),
    ids: ids as Tenant['ids'],
    invitedMembershipId: ids.mbr ?? '',
  };
}
