/** Bringing back members who were removed: many at once, of which one is a set of one. */
import { ConflictError, ForbiddenError, NotFoundError } from './errors.ts';
import { readRow } from './input.ts';
import {
  type ChangeInput,
  type ChangeRow,
  loadForChange,
  readChange,
} from './membership-change.ts';
import { enterMembers, type MemberOutcome } from './membership-enter.ts';
import { type Entrant, NO_INVITATION } from './membership-entrant.ts';
import type { MembershipRecord } from './membership-record.ts';
import { type Refused, refused } from './outcome.ts';
import { can } from './permission.ts';
import { type RoleNames, readRoleNames } from './role.ts';
import type { Transaction } from './transaction.ts';

/** With roles, or with the default one: those held before the removal do not come back by themselves. */
export type ReactivateInput = ChangeInput & RoleNames;

/**
 * Brings removed members back, with all that is kept about them. Their organizations are locked. Refuses rows with
 * InputError, NotFoundError, ConflictError, ForbiddenError, RoleTooHighError, InvalidTransitionError,
 * SingleMembershipError or SeatLimitError.
 */
export async function reactivateMembers(
  tx: Transaction,
  rows: ReactivateInput[],
): Promise<MemberOutcome[]> {
  const { records } = await loadForChange(
    tx,
    rows.map(({ membershipId }) => membershipId),
  );
  return enterMembers(
    tx,
    rows.map((input) => {
      const row = readRow((read) => ({
        ...readChange(read, input),
        ...readRoleNames(read, input),
      }));
      return 'outcome' in row ? row : entrantOf(tx, records.get(row.membershipId), row);
    }),
  );
}

function entrantOf(
  tx: Transaction,
  record: MembershipRecord | undefined,
  row: ChangeRow & RoleNames,
): Entrant | Refused {
  if (record === undefined) {
    return refused(new NotFoundError('membership'));
  }
  if (row.expectedVersion != null && row.expectedVersion !== record.version) {
    return refused(new ConflictError(record.version));
  }
  // Else inviting and removing somebody would be a way to make a member of them without being asked.
  const neverJoined = record.status === 'REMOVED' && record.joinedAt === null;
  if (neverJoined && !can(tx.principal, 'membership:create')) {
    return refused(
      new ForbiddenError('membership:create', 'Who never joined is invited again, or added.'),
    );
  }
  const { roleKeys, roleIds, reason } = row;
  return {
    roleKeys,
    roleIds,
    reason,
    organizationId: record.organizationId,
    email: null,
    userId: record.userId,
    userExternalId: null,
    act: { kind: 'reactivate' },
    name: null,
    externalId: null,
    metadata: {},
    untrustedMetadata: {},
    joinedAt: null,
    primaryIdentityProvider: null,
    provisioningMethod: neverJoined ? 'ADDED' : record.provisioningMethod,
    invitation: NO_INVITATION,
  };
}
