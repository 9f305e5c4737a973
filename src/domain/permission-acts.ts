/** What callers do to the application's own permissions. */
import { type Caller, perform } from './act.ts';
import {
  createPermission,
  deletePermission,
  type PermissionInput,
  updatePermission,
} from './application-permission.ts';
import { demand, type Target } from './authorize.ts';
import { can } from './permission.ts';
import type { Transaction } from './transaction.ts';

const PERMISSION: Target = {
  noun: 'permission',
  isSeenBy: (principal) => can(principal, 'environment:read'),
};

/** Binds the acts to a caller. */
export function permissionActs(caller: Caller) {
  const act = async <Input extends { name: string }>(
    input: Input,
    target: Target | undefined,
    work: (tx: Transaction, input: Input) => Promise<void>,
  ): Promise<{ name: string }> =>
    perform(caller, {
      environment: 'exclusive',
      authorize: (principal) => demand(principal, 'environment:update', target),
      async work(tx) {
        await work(tx, input);
        return { name: input.name };
      },
    });
  return {
    /** Creates a permission. @throws DuplicateError, and as every act */
    create: (input: PermissionInput) => act(input, undefined, createPermission),
    /** Changes the description of a permission. @throws as every act */
    update: (input: PermissionInput) => act(input, PERMISSION, updatePermission),
    /** Deletes a permission. @throws PermissionInUseError, and as every act */
    delete: (input: { name: string }) => act(input, PERMISSION, deletePermission),
  };
}
