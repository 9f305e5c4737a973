/** One person on the way into one organization, and all that decides whether they get there. */
import type { ProvisioningMethod } from '../db/generated/prisma/enums.ts';
import type { Actor } from './actor.ts';
import { settleDeadlines } from './deadline.ts';
import { type EnvironmentRules, readEnvironment } from './environment.ts';
import { loadMembershipsOf, type MembershipRecord } from './membership-record.ts';
import type { MembershipAct } from './membership-status.ts';
import type { JsonObject } from './metadata.ts';
import { loadOrganizationRules, type OrganizationRules } from './organization-rules.ts';
import { type HeldRole, loadRoles, type RoleBook, type RoleNames } from './role.ts';
import { loadEffectivePermissions } from './role-grant.ts';
import { loadQuota, lockInviter, type SendQuota } from './send-quota.ts';
import type { Transaction } from './transaction.ts';
import { lockUsers, type UserDirectory, type UserNames } from './user-directory.ts';

/** How a row offers membership, where its act does. */
export type InvitationTerms = {
  message: string | null;
  redirectUrl: string | null;
  allowAnyAddress: boolean;
  /** Of the mail; null: the person's. */
  locale: string | null;
  /** Seconds; null: the environment's. */
  lifetime: number | null;
  /** Whether it is sent by mail. */
  isSent: boolean;
};

/** What an invitation offered to whoever accepts it: its roles (none: the default one), and who gives them. */
export type AcceptedOffer = { roles: HeldRole[]; grantor: Actor };

/** The terms of rows that are no offers. */
export const NO_INVITATION: InvitationTerms = {
  message: null,
  redirectUrl: null,
  allowAnyAddress: false,
  locale: null,
  lifetime: null,
  isSent: false,
};

/** A row that is valid in itself. Ids are uuids. */
export type Entrant = UserNames &
  RoleNames & {
    organizationId: string;
    act: MembershipAct;
    name: string | null;
    externalId: string | null;
    metadata: JsonObject;
    untrustedMetadata: JsonObject;
    joinedAt: Date | null;
    primaryIdentityProvider: string | null;
    provisioningMethod: ProvisioningMethod;
    /** Why; goes to the event and to the membership. */
    reason: string | null;
    invitation: InvitationTerms;
    /** Of the act `accept`. */
    offer?: AcceptedOffer;
  };

/** What the rows are checked against. It changes as they enter, so that each row sees those before it. */
export type Lobby = {
  environment: EnvironmentRules;
  organizations: Map<string, OrganizationRules>;
  roles: RoleBook;
  /** What the roles give that entrants name (uuids), where the caller must hold it. */
  given: Map<string, string[]>;
  users: UserDirectory;
  /** How much may be sent; it shrinks as rows enter. */
  quota: SendQuota;
  /** By `pairKey` of organization and user. */
  memberships: Map<string, MembershipRecord>;
  /** The membership (uuid) that has an external id, by `pairKey` of organization and external id. */
  externalIds: Map<string, string>;
  /** The membership (uuid) that counts, by user, where a user may have only one. */
  singles: Map<string, string>;
};

/** Names two things at once. */
export function pairKey(organizationId: string, other: string): string {
  return `${organizationId} ${other}`;
}

/** Locks the users of the entrants, settles deadlines of their organizations (locked), and loads what decides. */
export async function openLobby(tx: Transaction, entrants: Entrant[]): Promise<Lobby> {
  const organizationIds = [...new Set(entrants.map(({ organizationId }) => organizationId))];
  const sent = entrants.filter(({ invitation }) => invitation.isSent);
  await settleDeadlines(tx, organizationIds);
  const [environment, organizations, , users] = await Promise.all([
    readEnvironment(tx),
    loadOrganizationRules(tx, organizationIds),
    lockInviter(tx, sent.length),
    lockUsers(tx, entrants),
  ]);
  const [[roles, given], records, quota, externalIds, singles] = await Promise.all([
    loadGiven(tx, entrants, environment, organizations),
    loadMembershipsOf(tx, knownPairs(entrants, users)),
    loadQuota(
      tx,
      sent.flatMap((entrant) => {
        const user = users.find(entrant);
        return user ? [{ organizationId: entrant.organizationId, userId: user.id }] : [];
      }),
    ),
    loadExternalIds(tx, entrants),
    loadSingles(tx, environment, users),
  ]);
  return {
    environment,
    organizations,
    roles,
    given,
    users,
    quota,
    memberships: new Map(
      records.map((record) => [pairKey(record.organizationId, record.userId), record]),
    ),
    externalIds,
    singles,
  };
}

/** The roles that may be given, and what they give where the caller must hold it. */
async function loadGiven(
  tx: Transaction,
  entrants: Entrant[],
  environment: EnvironmentRules,
  organizations: Map<string, OrganizationRules>,
): Promise<[roles: RoleBook, given: Map<string, string[]>]> {
  const keys = entrants.flatMap(({ roleKeys }) => roleKeys ?? []);
  const ids = entrants.flatMap(({ roleIds }) => roleIds ?? []);
  const defaults = [environment, ...organizations.values()].flatMap(
    ({ creatorRoleId, memberRoleId }) => [creatorRoleId, memberRoleId].filter((id) => id !== null),
  );
  const organizationIds = new Set(entrants.map(({ organizationId }) => organizationId));
  const roles = await loadRoles(tx, [...organizationIds], keys, [...ids, ...defaults]);
  const isAsked = keys.length + ids.length > 0 && tx.principal.kind !== 'system';
  const given = isAsked
    ? await loadEffectivePermissions(
        tx,
        roles.all.map(({ id }) => id),
      )
    : new Map<string, string[]>();
  return [roles, given];
}

/** Whose memberships there may be already, and where. */
function knownPairs(
  entrants: Entrant[],
  users: UserDirectory,
): { organizationId: string; userId: string }[] {
  const known = new Set(users.known);
  const pairs = new Map<string, { organizationId: string; userId: string }>();
  for (const entrant of entrants) {
    const user = users.find(entrant);
    if (user !== undefined && known.has(user)) {
      const { organizationId } = entrant;
      pairs.set(pairKey(organizationId, user.id), { organizationId, userId: user.id });
    }
  }
  return [...pairs.values()];
}

async function loadExternalIds(tx: Transaction, entrants: Entrant[]): Promise<Map<string, string>> {
  const named = entrants.filter(({ externalId }) => externalId !== null);
  if (named.length === 0) {
    return new Map();
  }
  const rows = await tx.db.$queryRaw<{ id: string; organizationId: string; externalId: string }[]>`
    SELECT membership.id, organization_id AS "organizationId", external_id AS "externalId"
    FROM unnest(${named.map((row) => row.organizationId)}::uuid[], ${named.map((row) => row.externalId)}::text[])
      AS named(organization_id, external_id)
    JOIN membership USING (organization_id, external_id)`;
  return new Map(
    rows.map(({ id, organizationId, externalId }) => [pairKey(organizationId, externalId), id]),
  );
}

async function loadSingles(
  tx: Transaction,
  { membershipsPerUser }: EnvironmentRules,
  { known }: UserDirectory,
): Promise<Map<string, string>> {
  if (membershipsPerUser !== 'ONE') {
    return new Map();
  }
  const rows = await tx.db.$queryRaw<{ id: string; userId: string }[]>`
    SELECT id, single_user_id AS "userId" FROM membership
    WHERE single_user_id = ANY(${known.map(({ id }) => id)}::uuid[])`;
  return new Map(rows.map(({ id, userId }) => [userId, id]));
}
