/** Keys that backends call with. The secret is shown once; only its hash is kept. */
import { hash } from 'node:crypto';
import { actorId } from './actor.ts';
import { demandToHold } from './authorize.ts';
import { ForbiddenError, InputError, NotFoundError } from './errors.ts';
import { NIL_UUID } from './id.ts';
import { readInput } from './input.ts';
import { assertLocked } from './lock.ts';
import { holdsAllOfOwners, mayTouchOwners } from './permission.ts';
import { type PermissionRefusal, readPermissions, refuseMalformed } from './permission-rules.ts';
import type { Principal } from './principal.ts';
import type { Transaction } from './transaction.ts';

export type ApiKeyInput = {
  name: string;
  /** uuid; left out for a key of the environment. */
  organizationId?: string | null;
  /** Names and wildcards. */
  permissions: string[];
  /** Left out: never. */
  expiresAt?: Date | null;
};

const SECRET_BYTES = 32;
const LAST_EXPIRY = new Date('9999-12-31T23:59:59.999Z');

/** What the permissions of a key have to be, besides that the caller holds them. */
export type KeyRules = { atLeast: number; refusal: PermissionRefusal };

const WELL_FORMED: KeyRules = { atLeast: 0, refusal: refuseMalformed };

/**
 * Creates a key and returns its id (uuid) and its secret, which is nowhere else.
 *
 * @throws InputError, RoleTooHighError, NotFoundError when the organization does not exist, or ForbiddenError when the key
 * could do to owners what they alone may, and the caller cannot.
 */
export async function createApiKey(
  tx: Transaction,
  input: ApiKeyInput,
  rules: KeyRules = WELL_FORMED,
): Promise<{ id: string; secret: string }> {
  const secret = `ghk_${Buffer.from(tx.randomBytes(SECRET_BYTES)).toString('base64url')}`;
  return { id: await insertApiKey(tx, input, rules, secret), secret };
}

/**
 * Makes sure that there is a key with a secret that the operator chose, and returns its id (uuid). What is there
 * already stays as it is, also when it was revoked.
 *
 * @throws InputError
 */
export async function ensureApiKey(
  tx: Transaction,
  input: ApiKeyInput,
  secret: string,
): Promise<string> {
  const existing = await tx.db.apiKey.findUnique({ where: { secretHash: hashSecret(secret) } });
  return existing?.id ?? (await insertApiKey(tx, input, WELL_FORMED, secret));
}

/**
 * Revokes a key (uuid). Revoking it again changes nothing.
 *
 * @throws NotFoundError
 */
export async function revokeApiKey(tx: Transaction, id: string): Promise<void> {
  const key = await tx.db.apiKey.findUnique({ where: { id } });
  if (key === null) {
    throw new NotFoundError('API key');
  }
  const { organizationId } = key;
  if (organizationId !== null) {
    assertLocked(tx.locked, [organizationId]);
  }
  const { count } = await tx.db.apiKey.updateMany({
    where: { id, revokedAt: null },
    data: { revokedAt: tx.now },
  });
  if (count > 0) {
    tx.append({ type: 'API_KEY_REVOKED', cause: 'REVOKED', organizationId, apiKeyId: id });
  }
}

/** What is kept of a secret. */
export function hashSecret(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hash('sha256', secret, 'buffer'));
}

async function insertApiKey(
  tx: Transaction,
  input: ApiKeyInput,
  { atLeast, refusal }: KeyRules,
  secret: string,
): Promise<string> {
  const organizationId = input.organizationId ?? null;
  const valid = readInput((read) => {
    if (input.permissions.length < atLeast) {
      read.fail('permissions', `must be at least ${atLeast}`);
    }
    return {
      name: read.requiredText('name', input.name, 100),
      expiresAt: read.time('expiresAt', input.expiresAt, tx.now, LAST_EXPIRY),
      permissions: readPermissions(read, input.permissions, refusal),
    };
  });
  if (valid instanceof InputError) {
    throw valid;
  }
  if (organizationId !== null) {
    assertLocked(tx.locked, [organizationId]);
    if ((await tx.db.organization.count({ where: { id: organizationId } })) === 0) {
      throw new NotFoundError('organization');
    }
  }
  demandToHold(tx.principal, valid.permissions, organizationId ?? undefined);
  if (organizationId !== null) {
    demandOwnersKey(tx.principal, valid.permissions, organizationId);
  }
  const id = tx.newId();
  await tx.db.apiKey.create({
    data: {
      ...valid,
      id,
      scopeId: organizationId ?? NIL_UUID,
      organizationId,
      secretHash: hashSecret(secret),
      createdByKind: tx.actor.kind,
      createdById: actorId(tx.actor),
      createdAt: tx.now,
    },
  });
  tx.append({ type: 'API_KEY_CREATED', cause: 'CREATED', organizationId, apiKeyId: id });
  return id;
}

/**
 * Who holds all that owners do, and is none, would become one by way of the key.
 *
 * @throws ForbiddenError
 */
function demandOwnersKey(
  principal: Principal,
  permissions: readonly string[],
  organizationId: string,
): void {
  if (holdsAllOfOwners(permissions) && !mayTouchOwners(principal, organizationId)) {
    throw new ForbiddenError(
      'apikey:manage',
      'Only owners make keys that hold all permissions of owners.',
    );
  }
}
