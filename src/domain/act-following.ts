/** Acts whose organizations follow from something that others may change before the locks are had. */
import { type Act, type Caller, perform } from './act.ts';
import type { Transaction } from './transaction.ts';

export type FollowingAct<Result> = Omit<Act<Result>, 'organizations'> & {
  /** The organizations (uuids) to lock, as they are now. */
  find(): Promise<string[]>;
};

/** Ends a transaction that needs more locks than it has. No caller ever sees it. */
class GrownError extends Error {
  override readonly name = 'GrownError';
}

/**
 * Does an act under the locks of the organizations that it finds. When there turn out to be more of them, it starts
 * over with those too; the set only grows, so it ends.
 *
 * @throws DomainError, and then nothing has changed.
 */
export async function performFollowing<Result>(
  caller: Caller,
  { find, ...act }: FollowingAct<Result>,
): Promise<Result> {
  const organizations = new Set<string>();
  for (;;) {
    for (const id of await find()) {
      organizations.add(id);
    }
    try {
      return await perform(caller, { ...act, organizations: [...organizations] });
    } catch (error) {
      if (!(error instanceof GrownError)) {
        throw error;
      }
    }
  }
}

/** Starts the act over unless it has the locks of all these organizations (uuids). To be called before any change. */
export function startOverUnlessLocked(tx: Transaction, organizationIds: string[]): void {
  if (organizationIds.some((id) => !tx.locked.has(id))) {
    throw new GrownError('The transaction needs the locks of more organizations.');
  }
}
