/** Inviting many at once: each row for itself, and all of them in one transaction. */
import { type Caller, perform } from './act.ts';
import { InputError, NotFoundError } from './errors.ts';
import { type InvitationInput, inviteMembers } from './invitation.ts';
import { isRefused } from './outcome.ts';
import type { Principal } from './principal.ts';
import { type RefusalJson, refusalToJson } from './refusal-json.ts';
import { inviterTurns } from './send-quota.ts';
import type { Transaction } from './transaction.ts';

export type BulkInput = {
  organizationId: string;
  rows: Omit<InvitationInput, 'organizationId'>[];
  /** Tells what would come of it, and does nothing. @default false */
  dryRun?: boolean | null;
};

/** What became of a row. */
export type BulkRow = {
  /** The uuid; null when the row was refused, or would have been done. */
  invitationId: string | null;
  refusal: RefusalJson | null;
};

export type BulkResult = { rows: BulkRow[] };

const MOST_ROWS = 1000;

/** Ends the transaction of a dry run. No caller ever sees it. */
class DryRunEnd extends Error {
  override readonly name = 'DryRunEnd';
  readonly result: BulkResult;

  constructor(result: BulkResult) {
    super('This was a dry run.');
    this.result = result;
  }
}

/**
 * Invites up to 1,000 people to an organization. A refused row stops no other; `authorize` decides about all of them.
 *
 * @throws InputError for too many rows or none, and as every act.
 */
export async function inviteMany(
  caller: Caller,
  { organizationId, rows, dryRun }: BulkInput,
  authorize: (principal: Principal) => void,
): Promise<BulkResult> {
  if (rows.length === 0 || rows.length > MOST_ROWS) {
    throw new InputError([{ path: ['rows'], message: `must be 1 to ${MOST_ROWS} rows` }]);
  }
  try {
    return await perform(caller, {
      organizations: [organizationId],
      turns: inviterTurns(caller.principal, caller.runner.invitations),
      authorize,
      async work(tx) {
        const result = await inviteRows(tx, organizationId, rows);
        if (dryRun) {
          throw new DryRunEnd(result);
        }
        return result;
      },
    });
  } catch (error) {
    if (error instanceof DryRunEnd) {
      return { rows: error.result.rows.map((row) => ({ ...row, invitationId: null })) };
    }
    throw error;
  }
}

async function inviteRows(
  tx: Transaction,
  organizationId: string,
  rows: BulkInput['rows'],
): Promise<BulkResult> {
  const named = rows.map((row) => ({ ...row, organizationId }));
  const outcomes = await inviteMembers(tx, named, { isSent: true });
  // An organization that is not there is no affair of single rows.
  const isMissing = outcomes.some(
    (outcome) => isRefused(outcome) && outcome.error instanceof NotFoundError,
  );
  if (isMissing) {
    throw new NotFoundError('organization');
  }
  return {
    rows: outcomes.map((outcome) =>
      isRefused(outcome)
        ? { invitationId: null, refusal: refusalToJson(outcome.error) }
        : { invitationId: outcome.invitationId ?? null, refusal: null },
    ),
  };
}
