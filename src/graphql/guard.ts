/** What a right opens: null for those who lack it. */
import { can, type PermissionName } from '../domain/permission.ts';
import type { Principal } from '../domain/principal.ts';
import type { Context } from './context.ts';

/** A resolver that answers only those for whom `sees` is true of the parent. */
export function shownIf<Parent, Args, Value>(
  sees: (principal: Principal, parent: Parent) => boolean,
  resolve: (parent: Parent, args: Args, context: Context) => Value,
): (parent: Parent, args: Args, context: Context) => Value | null {
  return (parent, args, context) =>
    sees(context.principal, parent) ? resolve(parent, args, context) : null;
}

/**
 * A resolver that answers only those who hold `permission` in the organization of the parent, as
 * `organizationOf` (uuid) tells it, or in the environment where it is left out.
 */
export function guarded<Parent, Args, Value>(
  permission: PermissionName,
  organizationOf: ((parent: Parent) => string) | undefined,
  resolve: (parent: Parent, args: Args, context: Context) => Value,
): (parent: Parent, args: Args, context: Context) => Value | null {
  return shownIf(
    (principal, parent) => can(principal, permission, organizationOf?.(parent)),
    resolve,
  );
}

/** The node when the caller may see it, else null. */
export function ifSeen<Node>(
  principal: Principal,
  sees: (principal: Principal, node: Node) => boolean,
  node: Node | null,
): Node | null {
  return node !== null && sees(principal, node) ? node : null;
}
