/** New roles. */
import { demandToHold } from './authorize.ts';
import { DuplicateError, InputError, NotFoundError } from './errors.ts';
import { encodeId, NIL_UUID } from './id.ts';
import { type Reader, readInput } from './input.ts';
import { assertLocked } from './lock.ts';
import { BUILT_IN_ROLES } from './permission.ts';
import { loadPermissionRefusal, readPermissions } from './permission-rules.ts';
import { loadEffectivePermissions } from './role-grant.ts';
import { assertLineage, findRole, readRole } from './role-lineage.ts';
import { roleChanges } from './role-record.ts';
import type { Transaction } from './transaction.ts';

/** Ids are uuids. Null and absent are the same. */
export type RoleCreateInput = {
  /** Left out: a role of the environment. */
  organizationId?: string | null;
  key: string;
  displayName: string;
  description?: string | null;
  extendsRoleId?: string | null;
  /** Names and wildcards. */
  permissions: string[];
};

const KEY = /^[a-z][a-z0-9_-]{0,63}$/;

/**
 * Creates a role and returns its id (uuid). Its scope must be locked.
 *
 * @throws InputError, NotFoundError when the organization does not exist, RoleTooHighError, DuplicateError.
 */
export async function createRole(tx: Transaction, input: RoleCreateInput): Promise<string> {
  const organizationId = input.organizationId ?? null;
  const scopeId = organizationId ?? NIL_UUID;
  if (organizationId !== null) {
    assertLocked(tx.locked, [organizationId]);
    if ((await tx.db.organization.count({ where: { id: organizationId } })) === 0) {
      throw new NotFoundError('organization');
    }
  }
  const refusal = await loadPermissionRefusal(tx, input.permissions, { isOfEnvironment: false });
  const found = await findRole(tx, input.extendsRoleId, organizationId);
  const valid = readInput((read) => ({
    key: readKey(read, input.key, organizationId),
    displayName: read.requiredText('displayName', input.displayName, 100),
    description: read.paragraph('description', input.description, 500),
    parent: readRole(read, 'extendsRoleId', input.extendsRoleId, found),
    permissions: readPermissions(read, input.permissions, refusal),
  }));
  if (valid instanceof InputError) {
    throw valid;
  }
  const { parent, ...values } = valid;
  const role = { ...values, extendsRoleId: parent?.id ?? null };
  if (parent !== null) {
    await assertLineage(tx, 'extendsRoleId', parent.id, { id: null, goes: false });
  }
  const inherited = await loadEffectivePermissions(tx, parent === null ? [] : [parent.id]);
  demandToHold(
    tx.principal,
    [...new Set([...role.permissions, ...[...inherited.values()].flat()])],
    organizationId ?? undefined,
  );
  const existing = await tx.db.role.findUnique({
    where: { scopeId_key: { scopeId, key: role.key } },
  });
  if (existing !== null) {
    throw new DuplicateError(
      'DUPLICATE_KEY',
      'key',
      encodeId('rol', existing.id),
      'Another role has this key.',
    );
  }
  const id = tx.newId();
  await tx.db.role.create({
    data: {
      ...role,
      id,
      scopeId,
      organizationId,
      extendsScopeId: parent?.scopeId ?? null,
      createdAt: tx.now,
      updatedAt: tx.now,
    },
  });
  tx.append({
    type: 'ROLE_CREATED',
    cause: 'CREATED',
    organizationId,
    roleId: id,
    detail: { changes: roleChanges({}, role) },
  });
  return id;
}

function readKey(read: Reader, key: string, organizationId: string | null): string {
  if (!KEY.test(key)) {
    read.fail('key', 'must be 1 to 64 of a to z, 0 to 9, _ and -, with a letter first');
  } else if (organizationId !== null && Object.hasOwn(BUILT_IN_ROLES, key)) {
    read.fail('key', 'must not be the key of a built-in role');
  }
  return key;
}
