/** Idempotency keys: whoever asks again for a change that was done gets what came of it, and nothing is done again. */
import { createHash } from 'node:crypto';
import type { Prisma } from '../db/generated/prisma/client.ts';
import { canonicalJson } from './change.ts';
import { DomainError, InputError } from './errors.ts';
import { actorOf, type Principal } from './principal.ts';
import type { Transaction, TransactionRunner } from './transaction.ts';

/** The key that a caller gave an operation, and what tells the operation from others (32 bytes). */
export type Idempotency = { key: string; digest: Uint8Array<ArrayBuffer> };

/** Who asks, and with which key, if any. */
type Asking = {
  runner: Pick<TransactionRunner, 'prisma'>;
  principal: Principal;
  idempotency?: Idempotency;
};

type Queries = Pick<Prisma.TransactionClient, '$queryRaw'>;

const KEY = /^[ -~]{1,255}$/;

/** How many records are forgotten in one statement. */
const MOST_FORGOTTEN = 1000;

/** Whether it can be an idempotency key: 1 to 255 printable ASCII characters. */
export function isIdempotencyKey(value: unknown): value is string {
  return typeof value === 'string' && KEY.test(value);
}

/** What tells an operation from others: its name, its document and the values of its variables. */
export function digestOf(
  name: string | undefined,
  document: string,
  variables: unknown,
): Uint8Array<ArrayBuffer> {
  const text = canonicalJson([name ?? null, document, variables ?? {}]);
  return new Uint8Array(createHash('sha256').update(text).digest());
}

/**
 * Does `act` unless it was done with the same key: then resolves to what it returned, its secret being null. The act
 * may refuse because it was done already, at the same moment or before, so that is looked at again.
 *
 * @throws InputError when the key was used for another operation, and what `act` throws.
 */
export async function once<Result>(asking: Asking, act: () => Promise<Result>): Promise<Result> {
  const { runner, principal, idempotency } = asking;
  if (idempotency === undefined) {
    return act();
  }
  const done = await findReplay<Result>(runner.prisma, principal, idempotency);
  if (done !== undefined) {
    return done.result;
  }
  try {
    return await act();
  } catch (error) {
    const doneMeanwhile =
      error instanceof DomainError &&
      (await findReplay<Result>(runner.prisma, principal, idempotency));
    if (doneMeanwhile) {
      return doneMeanwhile.result;
    }
    throw error;
  }
}

/**
 * What came of the act that was done with the key within the last 24 hours.
 *
 * @throws InputError when it was another operation.
 */
export async function findReplay<Result>(
  db: Queries,
  principal: Principal,
  { key, digest }: Idempotency,
): Promise<{ result: Result } | undefined> {
  const { kind, id } = ownerOf(principal);
  const [found] = await db.$queryRaw<{ result: Result; isSame: boolean }[]>`
    SELECT result, digest = ${digest} AS "isSame" FROM idempotency_record
    WHERE principal_kind = ${kind}::actor_kind AND principal_id = ${id}::uuid AND key = ${key}
      AND created_at > clock_timestamp() - interval '24 hours'`;
  if (found?.isSame === false) {
    const message = 'was used for another operation: give each its own';
    throw new InputError([{ path: ['Idempotency-Key'], message }]);
  }
  return found;
}

/**
 * Keeps what came of an act, but for a secret, in the transaction that did it. Whoever did the same at the same moment
 * has to begin anew, and then finds it.
 */
export async function recordResult(
  { db, now }: Transaction,
  principal: Principal,
  { key, digest }: Idempotency,
  result: unknown,
): Promise<void> {
  const { kind, id } = ownerOf(principal);
  const kept = typeof result === 'object' && result !== null ? withoutSecret(result) : null;
  await db.$executeRaw`
    DELETE FROM idempotency_record
    WHERE principal_kind = ${kind}::actor_kind AND principal_id = ${id}::uuid AND key = ${key}
      AND created_at <= clock_timestamp() - interval '24 hours'`;
  await db.$executeRaw`
    INSERT INTO idempotency_record (principal_kind, principal_id, key, digest, result, created_at)
    VALUES (${kind}::actor_kind, ${id}::uuid, ${key}, ${digest}, ${JSON.stringify(kept)}::jsonb,
      ${now.toISOString()}::timestamptz)`;
}

/** Deletes some of the records that are too old to count. Returns whether there may be more. */
export async function forgetResults(db: Queries): Promise<boolean> {
  const forgotten = await db.$queryRaw<object[]>`
    DELETE FROM idempotency_record WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM idempotency_record WHERE created_at <= now() - interval '24 hours'
      ORDER BY created_at LIMIT ${MOST_FORGOTTEN} FOR UPDATE SKIP LOCKED))
    RETURNING 1 AS forgotten`;
  return forgotten.length === MOST_FORGOTTEN;
}

function ownerOf(principal: Principal): { kind: string; id: string } {
  const actor = actorOf(principal);
  if (!('id' in actor)) {
    throw new Error('An idempotency key belongs to somebody.');
  }
  return actor;
}

function withoutSecret(result: object): object {
  return 'secret' in result ? { ...result, secret: null } : result;
}
