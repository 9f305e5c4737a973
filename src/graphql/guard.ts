/** Fields that a right opens: null for those who lack it. */
import { can, type PermissionName } from '../domain/permission.ts';
import type { Context } from './context.ts';

/**
 * A resolver that answers only those who hold `permission` in the organization of the parent, as
 * `organizationOf` (uuid) tells it, or in the environment where it is left out.
 */
export function guarded<Parent, Args, Value>(
  permission: PermissionName,
  organizationOf: ((parent: Parent) => string) | undefined,
  resolve: (parent: Parent, args: Args, context: Context) => Value,
): (parent: Parent, args: Args, context: Context) => Value | null {
  return (parent, args, context) =>
    can(context.principal, permission, organizationOf?.(parent))
      ? resolve(parent, args, context)
      : null;
}
