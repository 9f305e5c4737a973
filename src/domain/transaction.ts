/** One transaction of the rules: locks, then the time, then the work, then its events. */
import type { Prisma, PrismaClient } from '../db/generated/prisma/client.ts';
import type { Actor } from './actor.ts';
import { BusyError } from './errors.ts';
import type { NewEvent } from './event.ts';
import { flushEvents } from './event-flush.ts';
import type { InvitationPolicy } from './invitation-policy.ts';
import type { Job } from './job.ts';
import { takeLocks } from './lock.ts';
import { type RightsRow, readRights } from './membership-rights.ts';
import { ANONYMOUS, actorOf, type Principal } from './principal.ts';
import { isPoolExhausted, sqlState } from './sql-state.ts';

/** All that the rules get from outside. */
export type Transaction = {
  db: Prisma.TransactionClient;
  /** The time of the rules, to the millisecond: when the locks were had. */
  now: Date;
  actor: Actor;
  /** Who is calling, with the rights of `now`: nobody, when they were taken away while the locks were waited for. */
  principal: Principal;
  requestId: string | null;
  /** What the operator allows of invitations. */
  invitations: InvitationPolicy;
  newId(): string;
  randomBytes(size: number): Uint8Array;
  /** Notes an event, which is numbered and written at the end of the transaction. */
  append(event: NewEvent): void;
  /** What was appended and is not written yet. */
  events: NewEvent[];
  /** Leaves a job, to be done when the transaction has committed. */
  enqueue(job: Job): void;
  /** Organizations (uuids) whose lock this transaction holds, or that only it can see. */
  locked: Set<string>;
  /** Those of them whose overdue deadlines are settled. */
  settled: Set<string>;
};

/** What transactions are made of; the composition root has one. */
export type TransactionRunner = {
  prisma: Pick<PrismaClient, '$transaction' | '$queryRaw'>;
  /**
   * Does `work` when everybody who came before with one of the names is done, or throws `giveUp()` when that takes too
   * long: who waits for the same lock in one process waits without a connection.
   */
  inTurn<T>(names: string[], work: () => Promise<T>, giveUp: () => Error): Promise<T>;
  /** A new UUIDv7. */
  newId(): string;
  randomBytes(size: number): Uint8Array;
  invitations: InvitationPolicy;
  /** Told that events were committed. */
  committed?(): void;
  /** Leaves jobs in the transaction. */
  enqueue(db: Prisma.TransactionClient, jobs: Job[]): Promise<void>;
  /** The time of the rules by the time of the database: a demo lives in the past. @default the database's */
  clock?(databaseTime: Date): Date;
};

export type TransactionScope = {
  principal: Principal;
  /** At most 100 characters are kept. */
  requestId?: string;
  /** Exclusive for the environment's settings, roles and permissions. @default 'shared' */
  environment?: 'shared' | 'exclusive';
  /** uuids of the organizations whose memberships, roles or invitations are written. */
  organizations?: string[];
  /** For what else the transaction waits in line with others of its process, by name. */
  turns?: string[];
};

const RETRY_AFTER_MS = 1000;

/** How often the work starts over, by what ended it. */
const RESTARTS: Record<string, number> = {
  // Deadlock, serialization failure.
  '40P01': 2,
  '40001': 2,
  // Unique violation: somebody else just wrote what this work had looked for and not found. Now it finds it. Each
  // restart means that another transaction got through, so many writers of the same new thing need a few.
  '23505': 10,
  // A migration has changed the columns of a prepared statement, which is sent unprepared from now on.
  '0A000': 1,
};

/**
 * Runs `work` in one transaction of the database, under the locks of `scope`, and writes the events and jobs it
 * left. It all commits together or not at all. `work` may run several times, so it must change nothing but through its
 * transaction.
 *
 * @throws BusyError when a lock or a connection was not to be had in time.
 */
export function inTransaction<T>(
  runner: TransactionRunner,
  scope: TransactionScope,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const organizations = [...new Set(scope.organizations)].sort();
  const { environment, turns = [] } = scope;
  const names = environment === 'exclusive' ? ['environment'] : [...turns, ...organizations];
  return runner.inTurn(
    names,
    () => persist(runner, { ...scope, organizations }, work),
    () => new BusyError(RETRY_AFTER_MS),
  );
}

async function persist<T>(
  runner: TransactionRunner,
  scope: TransactionScope & { organizations: string[] },
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const restarts = new Map<string, number>();
  for (;;) {
    try {
      const { result, isNews } = await commit(runner, scope, work);
      if (isNews) {
        runner.committed?.();
      }
      return result;
    } catch (error) {
      const state = sqlState(error);
      if (state === '55P03' || isPoolExhausted(error)) {
        throw new BusyError(RETRY_AFTER_MS);
      }
      const count = (restarts.get(state ?? '') ?? 0) + 1;
      if (state === null || count > (RESTARTS[state] ?? 0)) {
        throw error;
      }
      restarts.set(state, count);
    }
  }
}

async function commit<T>(
  runner: TransactionRunner,
  scope: TransactionScope & { organizations: string[] },
  work: (tx: Transaction) => Promise<T>,
): Promise<Done<T>> {
  let written: Promise<unknown> | undefined;
  try {
    return await runner.prisma.$transaction(
      async (db) => {
        const done = await attempt(db, runner, scope, work);
        written = done.written;
        return done;
      },
      { maxWait: 10_000, timeout: 60_000 },
    );
  } finally {
    // When they failed, PostgreSQL has rolled back where it was asked to commit, and it says why only here.
    await written;
  }
}

type Done<T> = {
  result: T;
  isNews: boolean;
  /** Its events, which are on their way. */
  written: Promise<unknown>;
};

async function attempt<T>(
  db: Prisma.TransactionClient,
  runner: TransactionRunner,
  scope: TransactionScope & { organizations: string[] },
  work: (tx: Transaction) => Promise<T>,
): Promise<Done<T>> {
  // One behind the other: what is seen is seen when the locks are had.
  const [, { databaseTime, principal, nextDeadline }] = await Promise.all([
    takeLocks(db, scope.environment ?? 'shared', scope.organizations),
    lookAround(db, scope),
  ]);
  const now = runner.clock?.(databaseTime) ?? databaseTime;
  const events: NewEvent[] = [];
  // Some are written earlier than the others.
  let isNews = false;
  const jobs: Job[] = [];
  const tx: Transaction = {
    db,
    now,
    actor: actorOf(scope.principal),
    principal,
    requestId: scope.requestId?.slice(0, 100) || null,
    invitations: runner.invitations,
    newId: () => runner.newId(),
    randomBytes: (size) => runner.randomBytes(size),
    append: (event) => {
      isNews = true;
      events.push(event);
    },
    events,
    enqueue: (job) => {
      jobs.push(job);
    },
    locked: new Set(scope.organizations),
    settled: new Set(nextDeadline === null || nextDeadline > now ? scope.organizations : []),
  };
  const result = await work(tx);
  const written = flushEvents(tx);
  // Whoever commits waits for it; until then a failure is not one that nobody has heard of.
  written.catch(() => {});
  if (jobs.length > 0) {
    // What fails first is what is wrong: whatever is sent behind it fails, too.
    await Promise.all([written, runner.enqueue(db, jobs)]);
  }
  return { result, isNews, written };
}

type Surroundings = {
  databaseTime: Date;
  /** When the next deadline of a membership of the locked organizations is, or was. */
  nextDeadline: Date | null;
};

type Row = Surroundings & { permissions: string[] | null; rights: RightsRow[] | null };

/**
 * The time, and the rights of whoever is calling, a person's in the locked organizations. A statement of its own behind
 * that which takes the locks: in the same one, all would be stale by as long as they were waited for.
 */
async function lookAround(
  db: Prisma.TransactionClient,
  { principal, organizations }: TransactionScope,
): Promise<Surroundings & { principal: Principal }> {
  const keyId = principal.kind === 'apiKey' ? principal.id : null;
  const userId = principal.kind === 'user' ? principal.id : null;
  const identityId = principal.kind === 'user' ? principal.signIn.identityId : null;
  const [row] = await db.$queryRaw<Row[]>`
    SELECT date_trunc('milliseconds', clock_timestamp()) AS "databaseTime", (
      SELECT min(next.status_deadline)
      FROM unnest(${organizations}::uuid[]) AS locked(id)
      CROSS JOIN (VALUES ('PENDING_INVITE'::membership_status), ('SUSPENDED')) AS passing(status)
      CROSS JOIN LATERAL (
        SELECT status_deadline FROM membership
        WHERE organization_id = locked.id AND status = passing.status AND status_deadline IS NOT NULL
        ORDER BY status_deadline LIMIT 1
      ) AS next
    ) AS "nextDeadline", (
      SELECT permissions FROM api_key
      WHERE id = ${keyId}::uuid AND revoked_at IS NULL AND coalesce(expires_at > clock_timestamp(), true)
    ) AS permissions, (
      SELECT coalesce((
        SELECT jsonb_agg(to_jsonb(r)) FROM membership_rights(user_id, clock_timestamp(), ${organizations}::uuid[]) r
      ), '[]') FROM identity WHERE id = ${identityId}::uuid AND user_id = ${userId}::uuid
    ) AS rights`;
  if (row === undefined) {
    throw new Error('The database did not tell the time.');
  }
  return { ...row, principal: withRights(principal, row) };
}

function withRights(principal: Principal, { permissions, rights }: Row): Principal {
  if (principal.kind === 'apiKey') {
    return permissions === null ? ANONYMOUS : { ...principal, permissions };
  }
  if (principal.kind === 'user') {
    return rights === null
      ? ANONYMOUS
      : { ...principal, rights: readRights(rights, principal.signIn) };
  }
  return principal;
}
