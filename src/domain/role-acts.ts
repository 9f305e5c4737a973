/** What callers do to roles. Ids are uuids. */
import { type Caller, perform } from './act.ts';
import { demand, organizationOf } from './authorize.ts';
import { ForbiddenError, NotFoundError } from './errors.ts';
import { ORGANIZATION_ACTS } from './organization-authority.ts';
import type { PermissionName } from './permission.ts';
import type { Principal } from './principal.ts';
import { createRole, type RoleCreateInput } from './role-create.ts';
import { deleteRole, type RoleDeleteInput } from './role-delete.ts';
import { loadRole, type RoleRecord } from './role-record.ts';
import { type RoleUpdateInput, updateRole } from './role-update.ts';
import type { Transaction } from './transaction.ts';
import { seesRole } from './visibility.ts';

/** Binds the acts to a caller. */
export function roleActs(caller: Caller) {
  return {
    /** Creates a role. @throws RoleTooHighError, DuplicateError, and as every act */
    create(input: RoleCreateInput): Promise<{ roleId: string }> {
      const organizationId = input.organizationId ?? null;
      return perform(caller, {
        ...scopeOf(organizationId),
        authorize: (principal) =>
          organizationId === null
            ? demand(principal, 'environment:update')
            : demand(principal, ORGANIZATION_ACTS.manageRoles, organizationOf(organizationId)),
        work: async (tx) => ({ roleId: await createRole(tx, input) }),
      });
    },
    /** Changes a role. @throws RoleCycleError, RoleTooHighError, ConflictError, and as every act */
    update: (input: RoleUpdateInput) =>
      changeRole(caller, input.roleId, (tx, role) => updateRole(tx, role, input)),
    /** Deletes a role. @throws RoleInUseError, RoleCycleError, RoleTooHighError, ConflictError, and as every act */
    delete: (input: RoleDeleteInput) =>
      changeRole(caller, input.roleId, (tx, role) => deleteRole(tx, role, input)),
  };
}

async function changeRole(
  caller: Caller,
  roleId: string,
  work: (tx: Transaction, role: RoleRecord) => Promise<void>,
): Promise<{ roleId: string }> {
  const [role] = await caller.runner.prisma.$queryRaw<Home[]>`
    SELECT organization_id AS "organizationId", is_built_in AS "isBuiltIn" FROM role WHERE id = ${roleId}::uuid`;
  if (role === undefined) {
    throw new NotFoundError('role');
  }
  return perform(caller, {
    ...scopeOf(role.organizationId),
    authorize: (principal) => demandRole(principal, role),
    async work(tx) {
      await work(tx, await loadRole(tx, roleId));
      return { roleId };
    },
  });
}

/** What of a role never changes. */
type Home = { organizationId: string | null; isBuiltIn: boolean };

function scopeOf(organizationId: string | null) {
  return organizationId === null
    ? { environment: 'exclusive' as const }
    : { organizations: [organizationId] };
}

function demandRole(principal: Principal, { organizationId, isBuiltIn }: Home): void {
  const permission: PermissionName =
    organizationId === null ? 'environment:update' : ORGANIZATION_ACTS.manageRoles;
  demand(principal, permission, {
    noun: 'role',
    organizationId: organizationId ?? undefined,
    isSeenBy: (caller) => seesRole(caller, { organizationId }),
  });
  if (isBuiltIn) {
    throw new ForbiddenError(permission, 'The built-in roles cannot be changed.');
  }
}
