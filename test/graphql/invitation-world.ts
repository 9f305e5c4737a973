/** Invitations as those who invite and those who are invited meet them: through the API and the mail. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { vi } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh, join as joinMember } from '../domain/world.ts';
import type { PeopleGateway } from '../support/people.ts';

export type Result = {
  __typename: string;
  code?: string;
  message?: string;
  [field: string]: unknown;
};

export type Invitation = {
  id: string;
  email: string;
  status: string;
  sendCount: number;
  sentAt: string | null;
  expiresAt: string;
  membership: { id: string; status: string; statusReason: string | null };
};

export const INVITATION = `id email status sendCount sentAt expiresAt deliveryFailedAt deliveryError
  acceptedAt declinedAt revokedAt allowAnyAddress redirectUrl message locale roles { key }
  inviter { __typename ... on User { id } ... on ApiKey { id } }
  membership { id status statusReason name emailVerified user { id email } roleAssignments { role { key } source grantedBy { __typename } } }`;

const REFUSALS = `... on Error { code message } ... on InputError { issues { path message } }
  ... on InvitationStateError { became: status } ... on InvitationExpiredError { expiredAt }
  ... on AlreadyInvitedError { invitation { id } } ... on AlreadyMemberError { member: membership { id } }
  ... on InvitePolicyError { allowedDomains } ... on RateLimitedError { retryAfterMs }
  ... on RoleTooHighError { permissions } ... on SeatLimitError { seatLimit }
  ... on InvalidTransitionError { stands: status } ... on ForbiddenError { permission }`;

const SHOWN: Record<string, string> = {
  invitationCreate: `... on InvitationCreatePayload { invitation { ${INVITATION} } }`,
  invitationResend: `... on InvitationResendPayload { invitation { ${INVITATION} } }`,
  invitationRevoke: `... on InvitationRevokePayload { invitation { ${INVITATION} } }`,
  invitationAccept:
    '... on InvitationAcceptPayload { membershipId status organizationName membership { id status } }',
  invitationDecline: '... on InvitationDeclinePayload { organizationName }',
  invitationBulkCreate: `... on InvitationBulkCreatePayload { invitedCount refusedCount
    results { __typename ... on InvitationBulkCreateRowPayload { invitation { ${INVITATION} } }
      ... on Error { code message } ... on InputError { issues { path message } } ... on SeatLimitError { seatLimit }
      ... on RateLimitedError { retryAfterMs } ... on AlreadyInvitedError { open: invitation { id } } } }`,
  membershipRemove:
    '... on MembershipRemovePayload { membership { id status } openInvitations { totalCount nodes { id email status } } }',
};

/** Does one of the mutations above, as the first key unless told otherwise, and returns what came of it. */
export async function change(
  world: Pick<PeopleGateway, 'ask'>,
  name: keyof typeof SHOWN & string,
  input: Record<string, unknown>,
  credential?: string | null,
): Promise<Result> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const fits = REFUSALS.split('... on ').filter(Boolean);
  const query = `mutation ($input: ${type}Input!) {
    result: ${name}(input: $input) { __typename ${SHOWN[name]} ${fits
      .filter((part) => mayRefuse(name, part.split(' ')[0] ?? ''))
      .map((part) => `... on ${part}`)
      .join(' ')} }
  }`;
  const { data, errors } = await world.ask<{ result: Result }>(query, { input }, credential);
  if (!data || errors) {
    throw new Error(`${name} had no result: ${JSON.stringify(errors)}`);
  }
  return data.result;
}

const ALWAYS = ['Error', 'InputError', 'ForbiddenError'];

const MORE: Record<string, string[]> = {
  invitationCreate: [
    'AlreadyInvitedError',
    'AlreadyMemberError',
    'InvitePolicyError',
    'RateLimitedError',
    'RoleTooHighError',
    'SeatLimitError',
    'InvalidTransitionError',
  ],
  invitationResend: [
    'InvitationStateError',
    'InvitePolicyError',
    'RateLimitedError',
    'RoleTooHighError',
    'SeatLimitError',
    'InvalidTransitionError',
  ],
  invitationRevoke: ['InvitationStateError', 'InvitationExpiredError', 'InvalidTransitionError'],
  invitationAccept: [
    'InvitationStateError',
    'InvitationExpiredError',
    'InvitePolicyError',
    'InvalidTransitionError',
    'SeatLimitError',
  ],
  invitationDecline: ['InvitationStateError', 'InvitationExpiredError'],
};

function mayRefuse(name: string, type: string): boolean {
  return ALWAYS.includes(type) || (MORE[name] ?? []).includes(type);
}

/** What a mutation said in one word: its payload, or the code of the refusal. */
export function saidBy({ __typename, code }: Result): string {
  return code ?? __typename;
}

export type Tenant = {
  /** uuid */
  id: string;
  organizationId: string;
  owner: { email: string; userId: string; membershipId: string; token: string };
};

/** An organization with an owner who is a person. */
export async function foundTenant(
  world: PeopleGateway,
  input: Parameters<typeof found>[1] = {},
): Promise<Tenant> {
  const id = await found(world, input);
  const email = `${fresh('owner')}@example.com`;
  const owner = await joinMember(world, id, { email, roleKeys: ['owner'] });
  return {
    id,
    organizationId: encodeId('org', id),
    owner: { ...owner, token: await world.tokenOf(email) },
  };
}

/** A member of a tenant with these roles, who is a person. */
export async function addPerson(world: PeopleGateway, { id }: Tenant, roleKeys: string[]) {
  const email = `${fresh('member')}@example.com`;
  const member = await joinMember(world, id, { email, roleKeys });
  return { ...member, token: await world.tokenOf(email) };
}

/** Invites somebody new, as the owner unless told otherwise; fails when that is refused. */
export async function invite(
  world: PeopleGateway,
  tenant: Tenant,
  input: Record<string, unknown> = {},
  credential: string = tenant.owner.token,
): Promise<Invitation> {
  const result = await change(
    world,
    'invitationCreate',
    { organizationId: tenant.organizationId, email: `${fresh('guest')}@example.com`, ...input },
    credential,
  );
  if (result.__typename !== 'InvitationCreatePayload') {
    throw new Error(`The invitation was refused: ${JSON.stringify(result)}`);
  }
  return result.invitation as Invitation;
}

/** The mail of an invitation, when it is there. */
export async function mailOf(
  world: Pick<PeopleGateway, 'gateway'>,
  invitationId: string,
  sendNumber = 1,
) {
  const file = join(world.gateway.mailFolder ?? '', `${invitationId}-${sendNumber}.eml`);
  const raw = await vi.waitFor(() => readFile(file), { timeout: 60_000, interval: 50 });
  return simpleParser(raw);
}

/** The token of the link in the mail of an invitation, when it is there. */
export async function tokenOf(
  world: Pick<PeopleGateway, 'gateway'>,
  invitationId: string,
  sendNumber = 1,
) {
  const { text = '' } = await mailOf(world, invitationId, sendNumber);
  const token = /[?&]token=([\w-]{43})/.exec(text)?.[1];
  if (token === undefined) {
    throw new Error('The mail has no link.');
  }
  return token;
}

/** Lets the time of an open invitation (inv_…) pass, past all rules. */
export async function expire(world: PeopleGateway, membershipId: string): Promise<void> {
  await world.query(
    `WITH expired AS (UPDATE invitation SET expires_at = now() WHERE membership_id = $1 AND status = 'PENDING')
     UPDATE membership SET status_deadline = now() WHERE id = $1`,
    [membershipId],
  );
}

/** What happened in an organization (uuid), in short, without what was before. */
export async function happened(world: PeopleGateway, organizationId: string): Promise<string[]> {
  const rows = await world.query<{ said: string }>(
    `SELECT concat_ws(' ', type, cause, coalesce(previous_status::text, CASE WHEN status IS NOT NULL THEN '(none)' END),
       CASE WHEN status IS NOT NULL THEN '→' END, status, 'by', actor_kind) AS said
     FROM event WHERE organization_id = $1 ORDER BY sequence`,
    [organizationId],
  );
  return rows.map(({ said }) => said.replace(/MEMBERSHIP_STATUS_CHANGED /, ''));
}
