/** The application's own permissions, which roles and keys name beside Gatehouse's. */
import { changesBetween } from './change.ts';
import {
  DuplicateError,
  ForbiddenError,
  InputError,
  NotFoundError,
  PermissionInUseError,
} from './errors.ts';
import { type Reader, readInput } from './input.ts';
import { isPermissionPattern } from './permission.ts';
import { isReserved } from './permission-rules.ts';
import type { Transaction } from './transaction.ts';

/** Null clears the description; in an update, left out it stays. */
export type PermissionInput = { name: string; description?: string | null };

const MAX_DESCRIPTION = 500;

/**
 * Creates a permission. The transaction must hold the environment exclusively, as for all of them.
 *
 * @throws InputError, DuplicateError.
 */
export async function createPermission(tx: Transaction, input: PermissionInput): Promise<void> {
  const permission = readPermission((read) => {
    if (isName(input.name) && isReserved(input.name)) {
      read.fail('name', 'must not be of a resource that Gatehouse itself uses');
    }
    return {
      name: readName(read, input.name),
      description: read.paragraph('description', input.description, MAX_DESCRIPTION),
    };
  });
  const { name, description } = permission;
  if ((await tx.db.permission.count({ where: { name } })) > 0) {
    throw new DuplicateError('DUPLICATE_KEY', 'name', null, 'This permission is there already.');
  }
  await tx.db.permission.create({
    data: { ...permission, createdAt: tx.now, updatedAt: tx.now },
  });
  const changes = changesBetween({}, { description });
  tx.append({ type: 'PERMISSION_CREATED', cause: 'CREATED', detail: { name, changes } });
}

/**
 * Changes the description of a permission.
 *
 * @throws InputError, NotFoundError, or ForbiddenError for one of Gatehouse's own.
 */
export async function updatePermission(tx: Transaction, input: PermissionInput): Promise<void> {
  const { name, description } = readPermission((read) => ({
    name: readName(read, input.name),
    description: read.paragraph('description', input.description, MAX_DESCRIPTION),
  }));
  const permission = await loadOwn(tx, name);
  const changes = changesBetween(permission, { description });
  if (input.description === undefined || changes.length === 0) {
    return;
  }
  await tx.db.permission.update({ where: { name }, data: { description, updatedAt: tx.now } });
  tx.append({ type: 'PERMISSION_UPDATED', cause: 'UPDATED', detail: { name, changes } });
}

/**
 * Deletes a permission that no role and no working key names. Wildcards that covered it stay.
 *
 * @throws InputError, NotFoundError, PermissionInUseError, or ForbiddenError for one of Gatehouse's own.
 */
export async function deletePermission(tx: Transaction, input: { name: string }): Promise<void> {
  const { name } = readPermission((read) => ({ name: readName(read, input.name) }));
  await loadOwn(tx, name);
  const roles = await tx.db.role.count({ where: { permissions: { has: name } } });
  const apiKeys = await tx.db.apiKey.count({
    where: { permissions: { has: name }, revokedAt: null },
  });
  if (roles + apiKeys > 0) {
    throw new PermissionInUseError(roles, apiKeys);
  }
  await tx.db.permission.delete({ where: { name } });
  tx.append({ type: 'PERMISSION_DELETED', cause: 'DELETED', detail: { name } });
}

async function loadOwn(tx: Transaction, name: string): Promise<{ description: string | null }> {
  const permission = await tx.db.permission.findUnique({ where: { name } });
  if (permission === null) {
    throw new NotFoundError('permission');
  }
  if (permission.isBuiltIn) {
    throw new ForbiddenError(
      'environment:update',
      "Gatehouse's own permissions cannot be changed.",
    );
  }
  return permission;
}

function readPermission<T>(read: (reader: Reader) => T): T {
  const valid = readInput(read);
  if (valid instanceof InputError) {
    throw valid;
  }
  return valid;
}

function readName(read: Reader, name: string): string {
  if (!isName(name)) {
    read.fail('name', 'must be a resource and an action, such as invoice:approve');
  }
  return name;
}

function isName(name: string): boolean {
  return isPermissionPattern(name) && !name.endsWith('*');
}
