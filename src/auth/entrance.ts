/** The first sign-in of memberships. */
import type { Logger } from 'pino';
import { BusyError } from '../domain/errors.ts';
import { enterMemberships } from '../domain/primary-provider.ts';
import { SYSTEM, type UserPrincipal } from '../domain/principal.ts';
import { inTransaction, type TransactionRunner } from '../domain/transaction.ts';

const SPARED_MS = 60_000;

/**
 * Makes what notes in memberships of a person (by their organizations' uuids), who just signed in for them, by which
 * provider it happened. It resolves to whether there was something to note.
 */
export function createEntrance({ runner, log }: { runner: TransactionRunner; log: Logger }) {
  /** Accounts whose organizations were busy: they are not kept waiting again at every request. */
  const spared = new Set<string>();
  return async ({ id, signIn }: UserPrincipal, unentered: string[]): Promise<boolean> => {
    const { identityId, provider } = signIn;
    if (unentered.length === 0 || spared.has(identityId)) {
      return false;
    }
    try {
      await inTransaction(runner, { principal: SYSTEM, organizations: unentered }, (tx) =>
        enterMemberships(tx, id, provider, unentered),
      );
      return true;
    } catch (error) {
      if (!(error instanceof BusyError)) {
        throw error;
      }
      spared.add(identityId);
      setTimeout(() => spared.delete(identityId), SPARED_MS).unref();
      log.debug('The first sign-in of memberships is noted later');
      return false;
    }
  };
}
