/** Memberships in every state, and the mutations that move them, by name. */
import { settleDeadlines } from '../../src/domain/deadline.ts';
import { encodeId } from '../../src/domain/id.ts';
import { suspendMembers } from '../../src/domain/membership.ts';
import { single } from '../../src/domain/outcome.ts';
import { act, fresh, join } from '../domain/world.ts';
import type { TestDatabase } from '../support/database.ts';
import type { TestGateway } from '../support/gateway.ts';

/** What came of a mutation: its payload, or the refusal. */
export type Result = {
  __typename: string;
  code?: string;
  message?: string;
  issues?: { path: string[]; message: string }[];
  membership?: Record<string, unknown> | null;
  deletedMembershipId?: string;
  [more: string]: unknown;
};

const MEMBERSHIP = `membership {
  id status statusReason statusChangedAt name externalId metadata untrustedMetadata joinedAt
  provisioningMethod version roleAssignments { role { key } source } user { id email }
}`;

/** What mutations answer with that answer with something else. */
const SHOWN: Record<string, string> = {
  membershipDelete: 'deletedMembershipId',
  invitationCreate: 'invitation { id status }',
  invitationResend: 'invitation { id status }',
  invitationRevoke: 'invitation { id status }',
  invitationAccept: 'membershipId',
  invitationDecline: 'organizationName',
};

/** Does a mutation of a membership; `more` is what else to ask of its result. */
export async function mutate(
  world: Pick<TestGateway, 'ask'>,
  name: string,
  input: Record<string, unknown>,
  credential?: string | null,
  more = '',
): Promise<Result> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const shown = SHOWN[name] ?? MEMBERSHIP;
  const query = `mutation ($input: ${type}Input!) { result: ${name}(input: $input) {
    __typename
    ... on Error { code message }
    ... on InputError { issues { path message } }
    ... on ${type}Payload { ${shown} }
    ${more}
  } }`;
  const { data, errors } = await world.ask<{ result: Result }>(query, { input }, credential);
  if (!data || errors) {
    throw new Error(`${name} had no result: ${JSON.stringify(errors)}`);
  }
  return data.result;
}

export type Member = {
  id: string;
  membershipId: string;
  userId: string;
  email: string;
  /** That of the open invitation. */
  invitationId?: string;
};

const AN_HOUR = 3_600_000;

/** How to bring somebody into each state: by status, and by how it ends. */
const makers = {
  PENDING_INVITE: (db, organizationId, roleKeys) =>
    join(db, organizationId, { status: 'PENDING_INVITE', roleKeys }),
  'PENDING_INVITE, overdue': async (db, organizationId, roleKeys) =>
    overdue(db, await join(db, organizationId, { status: 'PENDING_INVITE', roleKeys })),
  INVITE_EXPIRED: async (db, organizationId, roleKeys) => {
    const invited = await join(db, organizationId, { status: 'PENDING_INVITE', roleKeys });
    await overdue(db, invited);
    await act(db, [organizationId], (tx) => settleDeadlines(tx, [organizationId]));
    return invited;
  },
  ACTIVE: (db, organizationId, roleKeys) => join(db, organizationId, { roleKeys }),
  SUSPENDED: (db, organizationId, roleKeys) =>
    join(db, organizationId, { status: 'SUSPENDED', roleKeys }),
  'SUSPENDED, timed': (db, organizationId, roleKeys) => suspended(db, organizationId, roleKeys),
  'SUSPENDED, overdue': async (db, organizationId, roleKeys) =>
    overdue(db, await suspended(db, organizationId, roleKeys)),
  REMOVED: (db, organizationId) =>
    join(db, organizationId, { status: 'REMOVED', joinedAt: new Date(0) }),
} as const satisfies Record<
  string,
  (db: TestDatabase, organizationId: string, roleKeys: string[]) => Promise<Member>
>;

export type State = keyof typeof makers;

export const states = Object.keys(makers) as State[];

/** A new member (uuids) in that state. */
export async function memberIn(
  state: State,
  db: TestDatabase,
  organizationId: string,
  roleKeys: string[] = [],
): Promise<Member> {
  const member = await makers[state](db, organizationId, roleKeys);
  const [invitation] = await db.query<{ id: string }>(
    `SELECT id FROM invitation WHERE membership_id = $1 AND status = 'PENDING'`,
    [member.membershipId],
  );
  return { ...member, invitationId: invitation?.id };
}

async function suspended(
  db: TestDatabase,
  organizationId: string,
  roleKeys: string[],
): Promise<Member> {
  const member = await join(db, organizationId, { roleKeys });
  const { membershipId } = member;
  const until = new Date(Date.now() + AN_HOUR);
  single(await act(db, [organizationId], (tx) => suspendMembers(tx, [{ membershipId, until }])));
  return member;
}

/** Lets the deadline pass, past all rules. */
async function overdue(db: TestDatabase, member: Member): Promise<Member> {
  await db.query(
    `WITH expired AS (UPDATE invitation SET expires_at = now() WHERE membership_id = $1)
     UPDATE membership SET status_deadline = now() WHERE id = $1`,
    [member.membershipId],
  );
  return member;
}

/** The moves that are mutations, each with the input that asks for it. */
export const moves = {
  create: (organizationId: string, member: Member, roleKeys?: string[]) => ({
    organization: { id: encodeId('org', organizationId) },
    user: { email: member.email },
    roleKeys,
  }),
  suspend: (_: string, { membershipId }: Member) => ({
    membershipId: encodeId('mbr', membershipId),
  }),
  reinstate: (_: string, { membershipId }: Member) => ({
    membershipId: encodeId('mbr', membershipId),
  }),
  remove: (_: string, { membershipId }: Member) => ({
    membershipId: encodeId('mbr', membershipId),
  }),
  reactivate: (_: string, { membershipId }: Member, roleKeys?: string[]) => ({
    membershipId: encodeId('mbr', membershipId),
    roleKeys,
  }),
  delete: (_: string, { membershipId, email }: Member) => ({
    membershipId: encodeId('mbr', membershipId),
    confirmEmail: email,
  }),
  invite: (organizationId: string, { email }: Member, roleKeys?: string[]) => ({
    organizationId: encodeId('org', organizationId),
    email,
    roleKeys,
  }),
  resend: (_: string, { invitationId }: Member) => ({
    invitationId: encodeId('inv', invitationId ?? ''),
  }),
  revoke: (_: string, { invitationId }: Member) => ({
    invitationId: encodeId('inv', invitationId ?? ''),
  }),
} as const;

export type Move = keyof typeof moves;

/** What people do for themselves only. */
export const ownMoves = {
  leave: (_: string, { membershipId }: Member) => ({
    membershipId: encodeId('mbr', membershipId),
  }),
  join: (organizationId: string, _: Member) => ({
    organizationId: encodeId('org', organizationId),
  }),
} as const;

export type OwnMove = keyof typeof ownMoves;

/** The name of the mutation. */
export function mutationOf(move: Move | OwnMove): string {
  return OTHERS[move] ?? `membership${move.charAt(0).toUpperCase()}${move.slice(1)}`;
}

const OTHERS: Partial<Record<Move | OwnMove, string>> = {
  join: 'organizationJoin',
  invite: 'invitationCreate',
  resend: 'invitationResend',
  revoke: 'invitationRevoke',
};

/** Nobody, in the shape of a member. */
export function nobody(): Member {
  const id = crypto.randomUUID();
  return { id, membershipId: id, userId: id, email: `${fresh('nobody')}@example.com` };
}
