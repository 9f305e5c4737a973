/** The key that a deployment begins with. */
import type { ApiKey } from '../db/generated/prisma/client.ts';
import { createApiKey, ensureApiKey, revokeApiKey } from './api-key.ts';
import { InputError } from './errors.ts';
import { ALL_PERMISSIONS } from './permission.ts';
import type { Transaction } from './transaction.ts';

const NAME_OF_SETTING = 'GATEHOUSE_API_KEY';

/**
 * Makes sure that there is an environment key with all permissions: the one that the operator chose, else the first
 * one ever, whose secret is returned and is nowhere else. The key that the operator chose before is revoked. The
 * transaction must hold the environment exclusively, since several processes may start at once.
 *
 * @throws InputError when the chosen key has been revoked or is not such a key.
 */
export async function ensureFirstKey(
  tx: Transaction,
  chosen: string | undefined,
): Promise<string | undefined> {
  const permissions = [ALL_PERMISSIONS];
  if (chosen === undefined) {
    const existing = await tx.db.apiKey.count({ where: { organizationId: null } });
    return existing > 0
      ? undefined
      : (await createApiKey(tx, { name: 'First key', permissions })).secret;
  }
  const id = await ensureApiKey(tx, { name: NAME_OF_SETTING, permissions }, chosen);
  const key = await tx.db.apiKey.findUniqueOrThrow({ where: { id } });
  const problem = problemOf(key, tx.now);
  if (problem !== null) {
    throw new InputError([{ path: [NAME_OF_SETTING], message: problem }]);
  }
  const earlier = await tx.db.apiKey.findMany({
    where: { name: NAME_OF_SETTING, createdByKind: 'SYSTEM', revokedAt: null, id: { not: id } },
  });
  for (const key of earlier) {
    await revokeApiKey(tx, key.id);
  }
  return undefined;
}

/** A chosen secret may belong to a key that was made for something else. */
function problemOf(key: ApiKey, now: Date): string | null {
  if (key.revokedAt !== null) {
    return 'must be a key that has not been revoked';
  }
  if (key.expiresAt !== null && key.expiresAt <= now) {
    return 'must be a key that has not expired';
  }
  return key.organizationId === null && key.permissions.includes(ALL_PERMISSIONS)
    ? null
    : 'must be a key of the environment with all permissions';
}
