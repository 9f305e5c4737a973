/** Changes of roles. */
import { demandToHold } from './authorize.ts';
import { ConflictError, InputError } from './errors.ts';
import { readInput } from './input.ts';
import { covers } from './permission.ts';
import { loadPermissionRefusal, readPermissions } from './permission-rules.ts';
import type { RoleRef } from './role.ts';
import { loadEffectivePermissions } from './role-grant.ts';
import { assertLineage, findRole, readRole } from './role-lineage.ts';
import { type RoleRecord, type RoleValues, roleChanges } from './role-record.ts';
import type { Transaction } from './transaction.ts';

/** Ids are uuids. What is left out stays; null clears the description and what is extended. */
export type RoleUpdateInput = {
  roleId: string;
  displayName?: string | null;
  description?: string | null;
  extendsRoleId?: string | null;
  /** In place of those that it has. */
  permissions?: string[] | null;
  expectedVersion?: number | null;
};

/**
 * Changes a role that is not built in and whose scope is locked.
 *
 * @throws ConflictError, InputError, RoleCycleError, RoleTooHighError.
 */
export async function updateRole(
  tx: Transaction,
  role: RoleRecord,
  input: RoleUpdateInput,
): Promise<void> {
  if (input.expectedVersion != null && input.expectedVersion !== role.version) {
    throw new ConflictError(role.version);
  }
  const { parent, ...values } = await readUpdate(tx, role, input);
  const changes = roleChanges(role, values);
  if (changes.length === 0) {
    return;
  }
  if (parent !== null && parent.id !== role.extendsRoleId) {
    await assertLineage(tx, 'extendsRoleId', parent.id, { id: role.id, goes: false });
  }
  await demandToHoldMore(tx, role, values);
  await tx.db.role.update({
    where: { id: role.id },
    data: {
      ...values,
      ...(parent?.id !== role.extendsRoleId && { extendsScopeId: parent?.scopeId ?? null }),
      version: { increment: 1 },
      updatedAt: tx.now,
    },
  });
  tx.append({
    type: 'ROLE_UPDATED',
    cause: 'UPDATED',
    organizationId: role.organizationId,
    roleId: role.id,
    detail: { changes },
  });
}

/** The role after the update, and the role that it extends then. */
async function readUpdate(
  tx: Transaction,
  role: RoleRecord,
  input: RoleUpdateInput,
): Promise<RoleValues & { parent: RoleRef | null }> {
  const { displayName, description, permissions } = input;
  const parentId = input.extendsRoleId === undefined ? role.extendsRoleId : input.extendsRoleId;
  const found = await findRole(tx, parentId, role.organizationId);
  const refusal = await loadPermissionRefusal(tx, permissions ?? [], {
    isOfEnvironment: false,
    kept: role.permissions,
  });
  const valid = readInput((read) => {
    const parent = readRole(read, 'extendsRoleId', parentId, found);
    const named =
      permissions === undefined ? role.permissions : readPermissions(read, permissions, refusal);
    return {
      displayName:
        displayName === undefined
          ? role.displayName
          : read.requiredText('displayName', displayName, 100),
      description:
        description === undefined
          ? role.description
          : read.paragraph('description', description, 500),
      extendsRoleId: parent?.id ?? null,
      permissions: isSameSet(named, role.permissions) ? role.permissions : named,
      parent,
    };
  });
  if (valid instanceof InputError) {
    throw valid;
  }
  return valid;
}

/** Those who have the role get what it gives beyond what it gave: that must be the caller's to grant. */
async function demandToHoldMore(
  tx: Transaction,
  role: RoleRecord,
  { extendsRoleId, permissions }: RoleValues,
): Promise<void> {
  const ids = extendsRoleId === null ? [role.id] : [role.id, extendsRoleId];
  const given = await loadEffectivePermissions(tx, ids);
  const before = given.get(role.id) ?? [];
  const after = new Set([...permissions, ...(given.get(extendsRoleId ?? '') ?? [])]);
  demandToHold(
    tx.principal,
    [...after].filter((permission) => !covers(before, permission)),
    role.organizationId ?? undefined,
  );
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.every((name) => others.includes(name)) && others.every((name) => some.includes(name));
}
