/** What acts on an organization take of whoever calls: it refuses them, and it tells frontends which buttons to show. */
import type { PermissionName } from './permission.ts';

export const ORGANIZATION_ACTS = {
  /** To change what it is called; settings and trusted fields take other permissions. */
  update: 'organization:update',
  delete: 'organization:delete',
  invite: 'membership:invite',
  manageRoles: 'role:manage',
} as const satisfies Record<string, PermissionName>;
