/** A role while an act works on it, and how its events describe it. */
import { type Change, changesBetween } from './change.ts';
import { NotFoundError } from './errors.ts';
import { encodeId } from './id.ts';
import type { Transaction } from './transaction.ts';

/** What an update may change. Ids are uuids. */
export type RoleValues = {
  displayName: string;
  description: string | null;
  extendsRoleId: string | null;
  permissions: string[];
};

export type RoleRecord = RoleValues & {
  id: string;
  scopeId: string;
  organizationId: string | null;
  key: string;
  isBuiltIn: boolean;
  version: number;
};

/**
 * The role with this id (uuid), whose scope must be locked.
 *
 * @throws NotFoundError
 */
export async function loadRole(tx: Transaction, id: string): Promise<RoleRecord> {
  const role = await tx.db.role.findUnique({ where: { id } });
  if (role === null) {
    throw new NotFoundError('role');
  }
  return role;
}

/** What becomes of a role, or of nothing, as its event tells it. */
export function roleChanges(
  before: Partial<RoleValues>,
  after: Partial<RoleValues> & { key?: string },
): Change[] {
  return changesBetween(withTypeIds(before), withTypeIds(after));
}

function withTypeIds({
  extendsRoleId,
  ...values
}: Partial<RoleValues> & { key?: string }): Record<string, unknown> {
  return extendsRoleId === undefined
    ? values
    : { ...values, extendsRoleId: extendsRoleId === null ? null : encodeId('rol', extendsRoleId) };
}
