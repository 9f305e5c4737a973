/** One act of somebody who calls: authorized, under the locks, in one transaction. */
import { settleDeadlines } from './deadline.ts';
import type { Principal } from './principal.ts';
import { inTransaction, type Transaction, type TransactionRunner } from './transaction.ts';

/** Who calls, and by which request. */
export type Caller = { runner: TransactionRunner; principal: Principal; requestId: string };

export type Act<Result> = {
  /** uuids of the organizations whose memberships, roles or invitations are written. */
  organizations?: string[];
  /** For the environment's settings, roles and permissions. */
  environment?: 'exclusive';
  /** Throws when the principal may not do it. Asked before the locks are waited for, and again when they are had. */
  authorize(principal: Principal): void;
  work(tx: Transaction): Promise<Result>;
};

/**
 * Does an act and returns what came of it. What is overdue in its organizations happens before.
 *
 * @throws DomainError, and then nothing has changed.
 */
export async function perform<Result>(caller: Caller, act: Act<Result>): Promise<Result> {
  const { runner, principal, requestId } = caller;
  const { organizations = [], environment } = act;
  act.authorize(principal);
  const scope = { principal, requestId, organizations, environment };
  return await inTransaction(runner, scope, async (tx) => {
    act.authorize(tx.principal);
    await settleDeadlines(tx, organizations);
    return act.work(tx);
  });
}
