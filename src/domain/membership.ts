/** Adding, suspending, reinstating and removing members: acts on many, of which one is a set of one. */
import type { ProvisioningMethod } from '../db/generated/prisma/enums.ts';
import { type Reader, readRow } from './input.ts';
import { type ChangeInput, changeMembers, loadForChange, readChange } from './membership-change.ts';
import { enterMembers, type MemberOutcome } from './membership-enter.ts';
import { type Entrant, NO_INVITATION } from './membership-entrant.ts';
import type { ImportTarget, MembershipAct } from './membership-status.ts';
import { loadOrganizationRules } from './organization-rules.ts';
import type { Outcome } from './outcome.ts';
import { loadHeldRoles, type RoleNames, readRoleNames, rolesInDetail } from './role.ts';
import type { Transaction } from './transaction.ts';
import { lockUserIds } from './user-directory.ts';

/**
 * Ids are uuids. Exactly one of `email` (finds or creates), `userId` and `userExternalId`; at most one of `roleKeys`
 * and `roleIds`. Null and absent are the same.
 */
export type MemberInput = RoleNames & {
  organizationId: string;
  email?: string | null;
  userId?: string | null;
  userExternalId?: string | null;
  /** Of the act `import` only. @default 'ACTIVE' */
  status?: ImportTarget | null;
  name?: string | null;
  externalId?: string | null;
  metadata?: Record<string, unknown> | null;
  untrustedMetadata?: Record<string, unknown> | null;
  joinedAt?: Date | null;
  primaryIdentityProvider?: string | null;
  /** @default by the act: CREATOR, ADDED, JIT, IMPORT */
  provisioningMethod?: ProvisioningMethod;
};

export type AddMembersOptions = {
  /** `create`: as the creator of an organization that is new; `join`: by themselves. */
  act: 'create' | 'add' | 'join' | 'import';
  /** Whether an import brings back those who were removed. @default false */
  reactivate?: boolean;
  /** Whether an import mails the invitations that it makes. @default false */
  sendInvitations?: boolean;
};

/** `until`: left out, the suspension has no end. */
export type SuspendInput = ChangeInput & { until?: Date | null };

const PROVISIONED = { create: 'CREATOR', add: 'ADDED', join: 'JIT', import: 'IMPORT' } as const;

/** The earliest time that anybody can have joined. */
const EARLIEST = new Date('1970-01-01T00:00:00Z');

/** How far clocks of those who say when somebody joined may be ahead. */
const CLOCK_SKEW_MS = 86_400_000;

/** The latest end of a suspension. */
const LATEST = new Date('9999-12-31T23:59:59.999Z');

/**
 * Adds people to organizations, which are locked. The outcomes are in the order of the rows; a refused row (InputError,
 * NotFoundError, AlreadyMemberError, InvalidTransitionError, DuplicateError, SingleMembershipError, SeatLimitError)
 * changes nothing and stops no other.
 */
export function addMembers(
  tx: Transaction,
  rows: MemberInput[],
  options: AddMembersOptions,
): Promise<MemberOutcome[]> {
  return enterMembers(
    tx,
    rows.map((row) => readRow((read) => readMember(tx, read, row, options))),
  );
}

/**
 * Suspends members, whose organizations are locked. Refuses rows with InputError, NotFoundError,
 * InvalidTransitionError or LastOwnerError.
 */
export async function suspendMembers(tx: Transaction, rows: SuspendInput[]): Promise<Outcome[]> {
  const soonest = new Date(tx.now.getTime() + 1);
  const valid = rows.map((row) =>
    readRow((read) => ({
      ...readChange(read, row),
      until: read.time('until', row.until, soonest, LATEST),
    })),
  );
  return changeMembers(tx, await loadForChange(tx, idsOf(rows)), valid, {
    act: { kind: 'suspend' },
    change: (_, row) => ({ statusDeadline: row.until }),
  });
}

/**
 * Ends suspensions before their time. The organizations are locked. Refuses rows with InputError, NotFoundError,
 * ConflictError, InvalidTransitionError, or SeatLimitError where an open-ended suspension has given up its seat.
 */
export async function reinstateMembers(tx: Transaction, rows: ChangeInput[]): Promise<Outcome[]> {
  const valid = rows.map((row) => readRow((read) => readChange(read, row)));
  const changing = await loadForChange(tx, idsOf(rows));
  const organizationIds = [...changing.records.values()].map(
    ({ organizationId }) => organizationId,
  );
  return changeMembers(tx, changing, valid, {
    act: { kind: 'reinstate' },
    change: () => ({}),
    seats: await loadOrganizationRules(tx, organizationIds),
  });
}

/**
 * Removes members, whose organizations are locked: their roles go, and their open invitation is revoked. Refuses rows
 * with InputError, NotFoundError, InvalidTransitionError or LastOwnerError.
 */
export function removeMembers(tx: Transaction, rows: ChangeInput[]): Promise<Outcome[]> {
  return endMemberships(tx, rows, 'remove');
}

/** The same for members who leave by themselves, which only who is ACTIVE can. */
export function leaveOrganizations(tx: Transaction, rows: ChangeInput[]): Promise<Outcome[]> {
  return endMemberships(tx, rows, 'leave');
}

async function endMemberships(
  tx: Transaction,
  rows: ChangeInput[],
  kind: 'remove' | 'leave',
): Promise<Outcome[]> {
  const valid = rows.map((row) => readRow((read) => readChange(read, row)));
  const changing = await loadForChange(tx, idsOf(rows));
  const { records } = changing;
  // Their counts change: users come after organizations, in the order of their ids.
  await lockUserIds(
    tx,
    [...records.values()].map(({ userId }) => userId),
  );
  const held = await loadHeldRoles(tx, [...records.keys()]);
  return changeMembers(tx, changing, valid, {
    act: { kind },
    change: ({ invitations }) => ({
      singleUserId: null,
      roles: [],
      invitations: invitations.map((invitation) => ({ ...invitation, status: 'REVOKED' })),
    }),
    describe({ id, invitations }) {
      const roles = held.get(id);
      return {
        invitationId: invitations[0]?.id,
        detail: roles && { roles: rolesInDetail(roles) },
      };
    },
  });
}

function idsOf(rows: { membershipId: string }[]): string[] {
  return [...new Set(rows.map(({ membershipId }) => membershipId))];
}

function readMember(
  tx: Transaction,
  read: Reader,
  row: MemberInput,
  options: AddMembersOptions,
): Entrant {
  const { email, userId, userExternalId } = row;
  if ([email, userId, userExternalId].filter((name) => name != null).length !== 1) {
    read.fail('email', 'or userId or userExternalId must be given, and only one of them');
  }
  if (row.status && options.act !== 'import') {
    read.fail('status', 'can be given in an import only');
  }
  const latest = new Date(tx.now.getTime() + CLOCK_SKEW_MS);
  return {
    ...readRoleNames(read, row),
    organizationId: row.organizationId,
    email: email == null ? null : read.email('email', email),
    userId: userId ?? null,
    userExternalId: read.text('userExternalId', userExternalId, 255),
    act: actOf(row, options),
    name: read.text('name', row.name, 200),
    externalId: read.text('externalId', row.externalId, 255),
    metadata: read.metadata('metadata', row.metadata),
    untrustedMetadata: read.metadata('untrustedMetadata', row.untrustedMetadata),
    joinedAt: read.time('joinedAt', row.joinedAt, EARLIEST, latest),
    primaryIdentityProvider: read.text('primaryIdentityProvider', row.primaryIdentityProvider, 100),
    provisioningMethod: row.provisioningMethod ?? PROVISIONED[options.act],
    reason: null,
    invitation: { ...NO_INVITATION, isSent: options.sendInvitations ?? false },
  };
}

function actOf(row: MemberInput, { act, reactivate = false }: AddMembersOptions): MembershipAct {
  return act === 'import'
    ? { kind: 'import', target: row.status ?? 'ACTIVE', reactivate }
    : { kind: act };
}
