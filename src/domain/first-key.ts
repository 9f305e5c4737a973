/** The key that a deployment begins with. */
import { createApiKey, ensureApiKey, hashSecret, revokeApiKey } from './api-key.ts';
import { InputError } from './errors.ts';
import { ALL_PERMISSIONS } from './permission.ts';
import type { Transaction } from './transaction.ts';

const NAME_OF_SETTING = 'GATEHOUSE_API_KEY';

/**
 * Makes sure that there is an environment key with all permissions: the one that the operator chose, else the first
 * one ever, whose secret is returned and is nowhere else. The key that the operator chose before is revoked. The
 * transaction must hold the environment exclusively, since several processes may start at once.
 *
 * @throws InputError when the chosen key has been revoked.
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
  const key = await tx.db.apiKey.findUnique({ where: { secretHash: hashSecret(chosen) } });
  if (key?.revokedAt) {
    throw new InputError([
      { path: [NAME_OF_SETTING], message: 'must be a key that has not been revoked' },
    ]);
  }
  const earlier = await tx.db.apiKey.findMany({
    where: { name: NAME_OF_SETTING, createdByKind: 'SYSTEM', revokedAt: null, id: { not: id } },
  });
  for (const key of earlier) {
    await revokeApiKey(tx, key.id);
  }
  return undefined;
}
