/** Roles that extend others: never the owner role, never in a circle, and not too many in a row. */
import { BUILT_IN_ROLE_IDS } from './environment.ts';
import { InputError, RoleCycleError } from './errors.ts';
import { NIL_UUID } from './id.ts';
import type { Reader } from './input.ts';
import { loadRoles, type RoleRef } from './role.ts';
import type { Transaction } from './transaction.ts';

/** How many roles extend each other at most. */
export const MAX_ROLES_IN_A_ROW = 10;

/** The role with this id (uuid), where one of the organization (uuid), or of the environment alone, may name it. */
export async function findRole(
  tx: Transaction,
  id: string | null | undefined,
  organizationId: string | null,
): Promise<RoleRef | null> {
  if (id == null) {
    return null;
  }
  const scopeId = organizationId ?? NIL_UUID;
  const book = await loadRoles(tx, [scopeId], [], [id]);
  return book.byId(scopeId, id) ?? null;
}

/** Reads which role another refers to, by what was found of it. */
export function readRole(
  read: Reader,
  field: string,
  id: string | null | undefined,
  found: RoleRef | null,
): RoleRef | null {
  if (id != null && found === null) {
    read.fail(field, 'must name a role of the environment or of the same organization');
  }
  if (found?.id === BUILT_IN_ROLE_IDS.owner) {
    read.fail(field, 'must not name the owner role, which can be neither extended nor derived');
  }
  return found;
}

/**
 * Makes sure that what extends the role `below` (uuid; null: a new one) may come to hang under `above` (uuid): together
 * with the role itself, or, where it goes, without it.
 *
 * @throws RoleCycleError, or InputError for `field`.
 */
export async function assertLineage(
  tx: Transaction,
  field: string,
  above: string,
  below: { id: string | null; goes: boolean },
): Promise<void> {
  const lineage = await tx.db.$queryRaw<{ id: string }[]>`
    WITH RECURSIVE lineage(id, extends_role_id) AS (
      SELECT id, extends_role_id FROM role WHERE id = ${above}::uuid
      UNION SELECT role.id, role.extends_role_id FROM lineage JOIN role ON role.id = lineage.extends_role_id
    )
    SELECT id FROM lineage`;
  if (lineage.some(({ id }) => id === below.id)) {
    throw new RoleCycleError();
  }
  const inARow = lineage.length + Number(!below.goes) + (await generationsUnder(tx, below.id));
  if (inARow > MAX_ROLES_IN_A_ROW) {
    throw new InputError([
      {
        path: [field],
        message: `must not make more than ${MAX_ROLES_IN_A_ROW} roles extend in a row`,
      },
    ]);
  }
}

/** How many roles at most extend the role (uuid) in a row. */
async function generationsUnder(tx: Transaction, id: string | null): Promise<number> {
  const [row] = await tx.db.$queryRaw<{ count: number }[]>`
    WITH RECURSIVE heir(id, scope_id, generation) AS (
      SELECT id, scope_id, 0 FROM role WHERE id = ${id}::uuid
      UNION SELECT role.id, role.scope_id, generation + 1
      FROM heir JOIN role ON (extends_scope_id, extends_role_id) = (heir.scope_id, heir.id)
    )
    SELECT coalesce(max(generation), 0) AS count FROM heir`;
  return row?.count ?? 0;
}
