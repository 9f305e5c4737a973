/** The sweeper: what happens by the clock is written down soon after, whether anybody asks or not. */
import type { Logger } from 'pino';
import { overdueOrganizations, settleDeadlines } from '../domain/deadline.ts';
import { BusyError } from '../domain/errors.ts';
import { forgetEvents } from '../domain/event-retention.ts';
import { forgetResults } from '../domain/idempotency.ts';
import { SYSTEM } from '../domain/principal.ts';
import { forgetRetiredAccounts } from '../domain/retired-identity.ts';
import { inTransaction, type TransactionRunner } from '../domain/transaction.ts';

export type Sweeper = {
  /** Resolves when what is under way is over and nothing follows. Can be called again. */
  stop(): Promise<void>;
};

export type SweeperOptions = {
  runner: TransactionRunner;
  log: Logger;
  /** Days that events are kept; undefined: for ever. */
  eventRetention?: number;
};

type Round = Pick<SweeperOptions, 'eventRetention'> & {
  runner: TransactionRunner;
  stopping: AbortSignal;
  /** How many memberships were settled. */
  settled: number;
  /** What failed: a failure of one organization keeps no other waiting. */
  failures: unknown[];
};

const PAUSE_MS = 500;

/** How many organizations a round settles at most, and how many of them at the same time. */
const MOST_ORGANIZATIONS = 100;
const LANES = 4;

/** How many memberships of an organization change in one transaction: between two of them others get their turn. */
const MOST_MEMBERSHIPS = 500;

/** Once in so many rounds the results that are kept for idempotency keys are looked through. */
const ROUNDS_PER_FORGETTING = 120;

/**
 * Settles overdue memberships, at once and then twice a second, and forgets what idempotency keys and retired accounts
 * do not need any more, and the events that are too old. Any number of sweepers may run on one database. It outlives
 * every failure, and logs one until all is well again.
 */
export function startSweeper(options: SweeperOptions): Sweeper {
  const stopping = new AbortController();
  const work = sweepAll(options, stopping.signal);
  return {
    stop() {
      stopping.abort();
      return work;
    },
  };
}

async function sweepAll(
  { runner, log, eventRetention }: SweeperOptions,
  stopping: AbortSignal,
): Promise<void> {
  let isFailing = false;
  for (let number = 0; !stopping.aborted; number += 1) {
    const round: Round = { runner, eventRetention, stopping, settled: 0, failures: [] };
    await attempt(round, () => settleOverdue(round));
    if (number % ROUNDS_PER_FORGETTING === 0) {
      await attempt(round, () => forget(round));
    }
    const [failure] = round.failures;
    if (failure !== undefined && !isFailing) {
      log.error({ err: failure }, 'Deadlines cannot be settled');
    } else if (failure === undefined && isFailing) {
      log.info('Deadlines are settled again');
    }
    isFailing = failure !== undefined;
    if (round.settled === 0 || isFailing) {
      await pause(stopping);
    }
  }
}

async function attempt({ failures }: Round, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    // Whoever keeps an organization busy settles it, or else the next round does.
    if (!(error instanceof BusyError)) {
      failures.push(error);
    }
  }
}

async function settleOverdue(round: Round): Promise<void> {
  const overdue = await overdueOrganizations(round.runner.prisma, MOST_ORGANIZATIONS);
  const lane = async () => {
    for (let id = overdue.pop(); id !== undefined; id = overdue.pop()) {
      const organizationId = id;
      await attempt(round, () => settle(round, organizationId));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function settle(round: Round, organizationId: string): Promise<void> {
  const scope = { principal: SYSTEM, organizations: [organizationId] };
  let settled = MOST_MEMBERSHIPS;
  while (settled === MOST_MEMBERSHIPS && !round.stopping.aborted) {
    settled = await inTransaction(round.runner, scope, (tx) =>
      settleDeadlines(tx, [organizationId], MOST_MEMBERSHIPS),
    );
    round.settled += settled;
  }
}

async function forget({ runner, eventRetention, stopping }: Round): Promise<void> {
  const forgetOld = (db: TransactionRunner['prisma']) =>
    eventRetention === undefined ? Promise.resolve(false) : forgetEvents(db, eventRetention);
  for (const forgetSome of [forgetResults, forgetRetiredAccounts, forgetOld]) {
    let isMore = true;
    while (isMore && !stopping.aborted) {
      isMore = await forgetSome(runner.prisma);
    }
  }
}

/** Waits for a moment, but neither longer than until `stopping` nor so that the process would live for it. */
async function pause(stopping: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  const timer = setTimeout(end, PAUSE_MS).unref();
  stopping.addEventListener('abort', end);
  if (!stopping.aborted) {
    await promise;
  }
  stopping.removeEventListener('abort', end);
  clearTimeout(timer);
}
