/** The environment: its settings, and what must be in every database before anything else. */
import type {
  IdentityModel,
  MembershipsPerUser,
  OrganizationCreation,
} from '../db/generated/prisma/enums.ts';
import { NIL_UUID } from './id.ts';
import { BUILT_IN_ROLES, PERMISSIONS } from './permission.ts';
import type { Transaction } from './transaction.ts';

/** Ids of the built-in roles (uuids), the same in every database. */
export const BUILT_IN_ROLE_IDS = {
  owner: '00000000-0000-7000-8000-000000000001',
  admin: '00000000-0000-7000-8000-000000000002',
  member: '00000000-0000-7000-8000-000000000003',
} as const satisfies Record<keyof typeof BUILT_IN_ROLES, string>;

const BUILT_IN_ROLE_TEXTS = {
  owner: ['Owner', 'May do everything in the organization, and is never the last one to leave it.'],
  admin: ['Admin', 'May do everything in the organization but delete it and touch its owners.'],
  member: ['Member', 'Sees the organization and who else belongs to it.'],
} as const;

/** What the rules ask of the environment. */
export type EnvironmentRules = {
  identityModel: IdentityModel;
  membershipsPerUser: MembershipsPerUser;
  organizationCreation: OrganizationCreation;
  /** Seconds. */
  invitationLifetime: number;
  creatorRoleId: string;
  memberRoleId: string;
};

/** Whether it is the role that makes owners. */
export function isOwnerRole({ id }: { id: string }): boolean {
  return id === BUILT_IN_ROLE_IDS.owner;
}

/** The environment's settings. The transaction holds its lock, so they do not change before it ends. */
export async function readEnvironment(tx: Transaction): Promise<EnvironmentRules> {
  const rows = await tx.db.$queryRaw<EnvironmentRules[]>`
    SELECT identity_model AS "identityModel", memberships_per_user AS "membershipsPerUser",
      organization_creation AS "organizationCreation", invitation_lifetime AS "invitationLifetime", creator_role_id AS "creatorRoleId", member_role_id AS "memberRoleId"
    FROM environment`;
  const [environment] = rows;
  if (environment === undefined) {
    throw new Error('The database has no environment: the gateway makes one when it starts.');
  }
  return environment;
}

/**
 * Begins another epoch of events where those that are there name transactions that this cluster has not reached: it was
 * restored from a dump of another. Under the environment's exclusive lock.
 */
export async function ensureEventEpoch({ db }: Transaction): Promise<void> {
  await db.$executeRaw`
    UPDATE environment SET event_epoch = event_epoch + 1
    WHERE EXISTS (
      SELECT FROM event WHERE epoch = event_epoch AND transaction_id >= pg_snapshot_xmax(pg_current_snapshot()))`;
}

/**
 * Makes sure that the environment, the built-in permissions and the built-in roles are there and as this version wants
 * them. Changes nothing when they are, so every start may call it, under the environment's exclusive lock.
 */
export async function ensureEnvironment(tx: Transaction): Promise<void> {
  const now = tx.now.toISOString();
  const permissions = PERMISSIONS.map(({ name, description }) => ({ name, description }));
  await tx.db.$executeRaw`
    INSERT INTO permission (name, description, is_built_in, created_at, updated_at)
    SELECT name, description, true, ${now}::timestamptz, ${now}::timestamptz
    FROM jsonb_to_recordset(${JSON.stringify(permissions)}::jsonb) AS input(name text, description text)
    ON CONFLICT (name) DO UPDATE
    SET description = excluded.description, is_built_in = true, updated_at = excluded.updated_at
    WHERE (permission.description, permission.is_built_in) IS DISTINCT FROM (excluded.description, true)`;
  const roles = Object.entries(BUILT_IN_ROLES).map(([key, permissions]) => {
    const name = key as keyof typeof BUILT_IN_ROLES;
    const [displayName, description] = BUILT_IN_ROLE_TEXTS[name];
    return { id: BUILT_IN_ROLE_IDS[name], key, displayName, description, permissions };
  });
  await tx.db.$executeRaw`
    INSERT INTO role (id, scope_id, key, display_name, description, permissions, is_built_in, created_at, updated_at)
    SELECT id, ${NIL_UUID}::uuid, key, "displayName", description, permissions, true,
      ${now}::timestamptz, ${now}::timestamptz
    FROM jsonb_to_recordset(${JSON.stringify(roles)}::jsonb)
      AS input(id uuid, key text, "displayName" text, description text, permissions text[])
    ON CONFLICT (id) DO UPDATE
    SET display_name = excluded.display_name, description = excluded.description,
      permissions = excluded.permissions, version = role.version + 1, updated_at = excluded.updated_at
    WHERE (role.display_name, role.description, role.permissions)
      IS DISTINCT FROM (excluded.display_name, excluded.description, excluded.permissions)`;
  await tx.db.$executeRaw`
    INSERT INTO environment (id, creator_role_id, member_role_id, created_at, updated_at)
    VALUES (${NIL_UUID}::uuid, ${BUILT_IN_ROLE_IDS.owner}::uuid, ${BUILT_IN_ROLE_IDS.member}::uuid,
      ${now}::timestamptz, ${now}::timestamptz)
    ON CONFLICT (id) DO NOTHING`;
}
