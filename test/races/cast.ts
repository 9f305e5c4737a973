/** Whom the scenarios are about, made through the gateways. */
import { decodeId, type IdKind } from '../../src/domain/id.ts';
import { addMembers } from '../../src/domain/membership.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import { inTransaction } from '../../src/domain/transaction.ts';
import { fresh } from '../domain/world.ts';
import type { Answer, TwoGateways } from './two-gateways.ts';

/** The uuid of an id that an answer gave. */
export const uuid = (kind: IdKind, id: unknown) => decodeId(kind, String(id)) ?? '';

export async function foundOrganization(world: TwoGateways, input: object = {}): Promise<string> {
  const answer = await world.mutate(
    0,
    'organizationCreate',
    { displayName: fresh('Race '), ...input },
    '... on OrganizationCreatePayload { organization { id } }',
  );
  return (answer.organization as { id: string }).id;
}

export async function addMember(
  world: TwoGateways,
  organizationId: string,
  input: object = {},
): Promise<string> {
  const answer = await world.mutate(
    0,
    'membershipCreate',
    {
      organization: { id: organizationId },
      user: { email: `${fresh('r')}@example.com` },
      ...input,
    },
    '... on MembershipCreatePayload { membership { id } }',
  );
  return (answer.membership as { id: string }).id;
}

export async function createUser(world: TwoGateways): Promise<{ id: string; email: string }> {
  const email = `${fresh('one')}@example.com`;
  const answer = await world.mutate(
    0,
    'userCreate',
    { email },
    '... on UserCreatePayload { user { id } }',
  );
  return { id: (answer.user as { id: string }).id, email };
}

export async function createRole(world: TwoGateways, organizationId: string): Promise<string> {
  const answer = await world.mutate(
    0,
    'roleCreate',
    { organizationId, key: fresh('role'), displayName: 'Role', permissions: [] },
    '... on RoleCreatePayload { role { id } }',
  );
  return (answer.role as { id: string }).id;
}

/** As `gatehouse import` does it, in a process beside the gateways. */
export async function importMember(
  world: TwoGateways,
  organizationId: string,
  email: string,
): Promise<Answer> {
  const rows = [{ organizationId, email }];
  const [done] = await inTransaction(
    world.runner,
    { principal: SYSTEM, organizations: [organizationId] },
    (tx) => addMembers(tx, rows, { act: 'import' }),
  );
  return { __typename: done?.outcome ?? '' };
}

/** Inserts a member past all rules: organization and user by uuid. */
export const insertMember = `
  INSERT INTO membership (id, organization_id, user_id, status, status_changed_at, joined_at, provisioning_method,
    name_key, email_key, search_text, created_at, updated_at)
  VALUES (gen_random_uuid(), $1, $2, 'ACTIVE', now(), now(), 'ADDED', '', '', '', now(), now())`;
