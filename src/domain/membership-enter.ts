/** How people come into organizations: creating, adding, importing and inviting are one plan over many rows. */
import { demandOwner } from './authorize.ts';
import { isOwnerRole } from './environment.ts';
import { DomainError, InputError, NotFoundError } from './errors.ts';
import { effectiveName } from './identity-model.ts';
import { sendInvitation } from './invitation-send.ts';
import { assertLocked } from './lock.ts';
import { claimPlace, refuseMove } from './membership-claim.ts';
import { type Entrant, type Lobby, openLobby, pairKey } from './membership-entrant.ts';
import type { InvitationRecord, MembershipRecord } from './membership-record.ts';
import { countsAsSingle, type Move, move } from './membership-status.ts';
import { saveMemberships } from './membership-store.ts';
import { type JsonObject, mergeMetadata } from './metadata.ts';
import { demandInvitable, type OrganizationRules } from './organization-rules.ts';
import { type Done, type Refused, refused } from './outcome.ts';
import { type HeldRole, type RoleRef, resolveRoles, rolesInDetail } from './role.ts';
import { demandToHoldRoles } from './role-grant.ts';
import { foldText, searchText } from './text.ts';
import type { Transaction } from './transaction.ts';
import { enlist, saveUsers, type UserRecord } from './user-directory.ts';

/** What became of a row; `id` is the membership's, `invitationId` that of an offer that was made. All are uuids. */
export type MemberOutcome =
  | (Done & { membershipId: string; userId: string; invitationId?: string })
  | Refused;

type Step = Exclude<Move, string>;

/**
 * Takes each entrant into their organization (locked), or refuses them, one after the other. What was refused before
 * keeps its place.
 */
export async function enterMembers(
  tx: Transaction,
  rows: (Entrant | Refused)[],
): Promise<MemberOutcome[]> {
  const entrants = rows.filter((row) => 'act' in row);
  if (entrants.length === 0) {
    return rows.filter((row) => 'outcome' in row);
  }
  assertLocked(
    tx.locked,
    entrants.map(({ organizationId }) => organizationId),
  );
  const lobby = await openLobby(tx, entrants);
  const outcomes = rows.map((row) => {
    if ('outcome' in row) {
      return row;
    }
    try {
      return enter(tx, lobby, row);
    } catch (error) {
      if (error instanceof DomainError) {
        return refused(error);
      }
      throw error;
    }
  });
  await Promise.all([saveUsers(tx, lobby.users), saveMemberships(tx, lobby.memberships.values())]);
  return outcomes;
}

/** Throws the refusal, and then has changed nothing in the lobby. */
function enter(tx: Transaction, lobby: Lobby, entrant: Entrant): MemberOutcome {
  const { organizationId, act } = entrant;
  const rules = lobby.organizations.get(organizationId);
  if (rules === undefined) {
    throw new NotFoundError('organization');
  }
  const roles = readRoles(tx, lobby, rules, entrant);
  if (act.kind === 'invite') {
    demandInvitable(tx, rules, entrant.email ?? '');
  }
  const user = lobby.users.find(entrant);
  if (user === undefined) {
    throw new NotFoundError('user');
  }
  const key = pairKey(organizationId, user.id);
  const present = lobby.memberships.get(key);
  const step = move(present?.status ?? null, act);
  if (step === 'unchanged' && present !== undefined) {
    return { outcome: 'unchanged', id: present.id, membershipId: present.id, userId: user.id };
  }
  if (typeof step === 'string') {
    throw refuseMove(step, present);
  }
  const next = advance(tx, lobby, entrant, user, present, step, roles);
  const isSent = entrant.invitation.isSent && step.to === 'PENDING_INVITE';
  if (isSent) {
    lobby.quota.demand(organizationId, user.id);
  }
  claimPlace(lobby, rules, present, next);
  lobby.memberships.set(key, next);
  welcome(tx, user, next, act.kind === 'import');
  note(tx, next, present, step, roles, entrant.reason);
  const invitation = next.invitations.at(-1);
  if (isSent && invitation !== undefined) {
    lobby.quota.take(organizationId, user.id);
    sendInvitation(tx, next, { id: invitation.id, sendNumber: 1, cause: 'INVITED' });
  }
  return {
    outcome: present === undefined ? 'created' : 'changed',
    id: next.id,
    membershipId: next.id,
    userId: user.id,
    ...(next.status === 'PENDING_INVITE' && { invitationId: invitation?.id }),
    ...(entrant.joinedAt !== null &&
      next.status === 'PENDING_INVITE' && {
        notes: ['The time of joining is left out until the invitation is accepted.'],
      }),
  };
}

/** The membership after the step. */
function advance(
  tx: Transaction,
  lobby: Lobby,
  entrant: Entrant,
  user: UserRecord,
  present: MembershipRecord | undefined,
  step: Step,
  roles: HeldRole[],
): MembershipRecord {
  const { identityModel, membershipsPerUser, invitationLifetime } = lobby.environment;
  const { organizationId } = entrant;
  const isOffer = step.to === 'PENDING_INVITE';
  const hasJoined = countsAsSingle(step.to);
  const lifetime = entrant.invitation.lifetime ?? invitationLifetime;
  const expiresAt = new Date(tx.now.getTime() + lifetime * 1000);
  const name = entrant.name ?? present?.name ?? null;
  const shownName = effectiveName(identityModel, user, { name });
  const searchable = searchText(shownName, user.email);
  const joinedAt = (isOffer ? null : entrant.joinedAt) ?? present?.joinedAt ?? null;
  return {
    id: present?.id ?? tx.newId(),
    organizationId,
    userId: user.id,
    storedStatus: present?.storedStatus ?? null,
    status: step.to,
    statusReason: entrant.reason,
    statusChangedAt: tx.now,
    statusDeadline: isOffer ? expiresAt : null,
    singleUserId: membershipsPerUser === 'ONE' && hasJoined ? user.id : null,
    name,
    externalId: entrant.externalId ?? present?.externalId ?? null,
    metadata: merged('metadata', present?.metadata, entrant.metadata),
    untrustedMetadata: merged(
      'untrustedMetadata',
      present?.untrustedMetadata,
      entrant.untrustedMetadata,
    ),
    joinedAt: hasJoined ? (joinedAt ?? tx.now) : joinedAt,
    // Who is invited back has not come by the invitation before they accept it: it may be revoked, and the membership
    // reactivated without them.
    provisioningMethod:
      (isOffer ? present?.provisioningMethod : null) ?? entrant.provisioningMethod,
    primaryIdentityProvider:
      entrant.primaryIdentityProvider ?? present?.primaryIdentityProvider ?? null,
    keys: {
      nameKey: foldText(shownName ?? ''),
      emailKey: user.email,
      searchText: searchable,
    },
    version: present?.version ?? 0,
    roles: hasJoined ? roles : [],
    grantor: entrant.offer?.grantor ?? null,
    invitations: [
      ...(present?.invitations ?? []).map(accepted),
      ...(isOffer
        ? [
            {
              id: tx.newId(),
              status: 'PENDING' as const,
              offer: {
                email: user.email,
                message: entrant.invitation.message,
                redirectUrl: entrant.invitation.redirectUrl,
                allowAnyAddress: entrant.invitation.allowAnyAddress,
                locale: entrant.invitation.locale,
                expiresAt,
                roles: offered(roles),
                searchText: searchable,
                sendCount: entrant.invitation.isSent ? (1 as const) : (0 as const),
              },
            },
          ]
        : []),
    ],
    isChanged: true,
  };
}

function merged(field: string, current: JsonObject | undefined, patch: JsonObject): JsonObject {
  const result = mergeMetadata(current ?? {}, patch);
  if (typeof result === 'string') {
    throw new InputError([{ path: [field], message: `${result}, with what is there already` }]);
  }
  return result;
}

/** Who became a member by another way has accepted. */
function accepted(invitation: InvitationRecord): InvitationRecord {
  return invitation.status === 'PENDING' ? { ...invitation, status: 'ACCEPTED' } : invitation;
}

/** The roles that the row gives, which the caller must hold unless nobody chose them or an inviter did. */
function readRoles(
  tx: Transaction,
  lobby: Lobby,
  rules: OrganizationRules,
  entrant: Entrant,
): HeldRole[] {
  if (entrant.offer !== undefined && entrant.offer.roles.length > 0) {
    return entrant.offer.roles;
  }
  const named = resolveRoles(lobby.roles, rules.id, entrant);
  demandToHoldRoles(tx, lobby.given, named ?? [], rules.id);
  if (entrant.act.kind === 'invite' && named?.some(isOwnerRole)) {
    demandOwner(tx.principal, 'membership:invite', rules.id);
  }
  return named?.map((role) => hold(role, 'DIRECT')) ?? defaultRoles(lobby, rules, entrant);
}

/** Roles as an invitation offers them: chosen, or the default. Only owners make owners, so those are made directly. */
function offered(roles: HeldRole[]): HeldRole[] {
  return roles.map((role) => hold(role, role.source === 'DEFAULT' ? 'DEFAULT' : 'INVITATION'));
}

function hold(role: RoleRef, source: HeldRole['source']): HeldRole {
  return { ...role, source };
}

/** The creator's role is meant for that person, so it is DIRECT; the member role is what nobody chose. */
function defaultRoles(lobby: Lobby, rules: OrganizationRules, entrant: Entrant): HeldRole[] {
  const isCreator = entrant.act.kind === 'create';
  const roleId = isCreator
    ? (rules.creatorRoleId ?? lobby.environment.creatorRoleId)
    : (rules.memberRoleId ?? lobby.environment.memberRoleId);
  const role = lobby.roles.byId(rules.id, roleId);
  if (role === undefined) {
    throw new Error(`The default role ${roleId} of organization ${rules.id} does not exist.`);
  }
  return [hold(role, isCreator ? 'DIRECT' : 'DEFAULT')];
}

/** Who is more than invited is a user of the environment from now on. */
function welcome(
  tx: Transaction,
  user: UserRecord,
  next: MembershipRecord,
  isImport: boolean,
): void {
  user.isNeeded = true;
  if (next.status !== 'PENDING_INVITE') {
    enlist(tx, user, isImport ? 'IMPORTED' : 'CREATED');
  }
}

function note(
  tx: Transaction,
  next: MembershipRecord,
  present: MembershipRecord | undefined,
  step: Step,
  roles: HeldRole[],
  reason: string | null,
): void {
  const shown = step.to === 'PENDING_INVITE' ? offered(roles) : (next.roles ?? []);
  tx.append({
    type: 'MEMBERSHIP_STATUS_CHANGED',
    cause: step.cause,
    organizationId: next.organizationId,
    membershipId: next.id,
    userId: next.userId,
    invitationId: next.invitations.at(-1)?.id,
    previousStatus: present?.status ?? null,
    status: step.to,
    reason,
    detail: shown.length > 0 ? { roles: rolesInDetail(shown) } : undefined,
  });
}
