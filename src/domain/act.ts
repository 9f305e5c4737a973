/** One act of somebody who calls: authorized, under the locks, in one transaction. */
import { settleDeadlines } from './deadline.ts';
import { findReplay, type Idempotency, recordResult } from './idempotency.ts';
import type { Principal } from './principal.ts';
import { inTransaction, type Transaction, type TransactionRunner } from './transaction.ts';

/** Who calls, by which request, and with which idempotency key, if any. */
export type Caller = {
  runner: TransactionRunner;
  principal: Principal;
  requestId: string;
  idempotency?: Idempotency;
};

export type Act<Result> = {
  /** uuids of the organizations whose memberships, roles or invitations are written. */
  organizations?: string[];
  /** For the environment's settings, roles and permissions. */
  environment?: 'exclusive';
  /** For what else it waits in line with other acts of its process, by name. */
  turns?: string[];
  /** Throws when the principal may not do it. Asked before the locks are waited for, and again when they are had. */
  authorize(principal: Principal): void;
  /**
   * Returns JSON: uuids, and at most one `secret`, which is not kept. With an idempotency key it is what those who ask
   * again get in the act's place, so whoever calls `perform` hands it on as it is.
   */
  work(tx: Transaction): Promise<Result>;
};

/** How many memberships are settled in one transaction: more would keep others from their turns for long. */
const MOST_SETTLED = 1000;

/**
 * Does an act and returns what came of it. What is overdue in its organizations happens before, in transactions of its
 * own when it is much. An act that was done with the same idempotency key is not done again: so nothing that callers do
 * performs two.
 *
 * @throws DomainError, and then nothing has changed but what was overdue.
 */
export async function perform<Result>(caller: Caller, act: Act<Result>): Promise<Result> {
  const { runner, principal, requestId, idempotency } = caller;
  const { organizations = [], environment, turns } = act;
  act.authorize(principal);
  const scope = { principal, requestId, organizations, environment, turns };
  let done: { result: Result } | undefined;
  while (done === undefined) {
    done = await inTransaction(runner, scope, async (tx) => {
      const replay = idempotency && (await findReplay<Result>(tx.db, principal, idempotency));
      if (replay !== undefined) {
        return replay;
      }
      act.authorize(tx.principal);
      if ((await settleDeadlines(tx, organizations, MOST_SETTLED)) === MOST_SETTLED) {
        return undefined;
      }
      const result = await act.work(tx);
      if (idempotency !== undefined) {
        await recordResult(tx, principal, idempotency, result);
      }
      return { result };
    });
  }
  return done.result;
}
