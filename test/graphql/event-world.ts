/** Events of every type, and lists of events as they should be. */
import { EventType } from '../../src/db/generated/prisma/enums.ts';
import { createApiKey } from '../../src/domain/api-key.ts';
import { encodeId } from '../../src/domain/id.ts';
import { inviteMembers } from '../../src/domain/invitation.ts';
import { single } from '../../src/domain/outcome.ts';
import { act, found, fresh, join } from '../domain/world.ts';
import type { TestDatabase } from '../support/database.ts';

/** The columns of an event and of its details; ids are uuids. */
export type EventInput = {
  type: string;
  cause?: string;
  organizationId?: string | null;
  membershipId?: string;
  userId?: string;
  invitationId?: string;
  roleId?: string;
  apiKeyId?: string;
  previousStatus?: string | null;
  status?: string;
  actorKind?: string;
  actorId?: string;
  requestId?: string;
  reason?: string;
  detail?: object;
  occurredAt?: string;
};

/** Writes an event as the rules would, and returns its id. */
export async function writeEvent(world: TestDatabase, event: EventInput): Promise<string> {
  const [row] = await world.query<{ id: string }>(
    `WITH numbered AS (
       UPDATE organization SET sequence = sequence + 1 WHERE id = $2 RETURNING sequence
     ), written AS (
       INSERT INTO event (id, organization_id, sequence, type, cause, membership_id, user_id, invitation_id, role_id,
         api_key_id, previous_status, status, actor_kind, actor_id, request_id, occurred_at)
       SELECT $1, $2, (SELECT sequence FROM numbered), $3::event_type, $4::event_cause, $5, $6, $7, $8, $9,
         $10::membership_status, $11::membership_status, $12::actor_kind, $13, $14, $15::timestamptz
       RETURNING id
     ), explained AS (
       INSERT INTO event_detail (event_id, membership_id, user_id, reason, detail)
       SELECT id, $5, $6, $16::text, coalesce($17::jsonb, '{}') FROM written
       WHERE $16::text IS NOT NULL OR $17::jsonb IS NOT NULL
     )
     SELECT id FROM written`,
    [
      world.runner.newId(),
      event.organizationId,
      event.type,
      event.cause ?? 'UPDATED',
      event.membershipId,
      event.userId,
      event.invitationId,
      event.roleId,
      event.apiKeyId,
      event.previousStatus,
      event.status,
      event.actorKind ?? 'SYSTEM',
      event.actorId,
      event.requestId,
      event.occurredAt ?? new Date().toISOString(),
      event.reason,
      event.detail && JSON.stringify(event.detail),
    ],
  );
  return encodeId('evt', row?.id ?? '');
}

/** Resolves when the environment's stream shows all events: other tests' transactions hold it back. */
export async function settled(world: TestDatabase): Promise<void> {
  for (;;) {
    const open = await world.query(
      'SELECT FROM event WHERE transaction_id >= pg_snapshot_xmin(pg_current_snapshot()) LIMIT 1',
    );
    if (open.length === 0) {
      return;
    }
  }
}

/** What events are about: uuids. */
export type Subjects = Awaited<ReturnType<typeof makeSubjects>>;

/** An organization with one of everything that an event can name. */
export async function makeSubjects(world: TestDatabase) {
  const organizationId = await found(world);
  const member = await join(world, organizationId, { name: 'Ada' });
  const invited = single(
    await act(world, [organizationId], (tx) =>
      inviteMembers(tx, [{ organizationId, email: `${fresh('invited')}@example.com` }], {
        isSent: false,
      }),
    ),
  );
  const key = await act(world, [organizationId], (tx) =>
    createApiKey(tx, { name: fresh('Key '), organizationId, permissions: ['*:*'] }),
  );
  const [invitation] = await world.query<{ id: string }>(
    'SELECT id FROM invitation WHERE membership_id = $1',
    [invited.membershipId],
  );
  const [role] = await world.query<{ id: string }>(
    `INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
     VALUES (gen_random_uuid(), $1, $1, 'own', 'Own', '{}', now(), now()) RETURNING id`,
    [organizationId],
  );
  return {
    organizationId,
    membershipId: member.membershipId,
    userId: member.userId,
    invitedMembershipId: invited.membershipId,
    invitationId: invitation?.id ?? '',
    roleId: role?.id ?? '',
    apiKeyId: key.id,
    secret: key.secret,
  };
}

export const CHANGES = [
  { field: 'name', before: null, after: 'Ada' },
  { field: 'metadata', before: { a: [1] }, after: { a: [1, 2.5], b: { c: false } } },
];

/** One event of each type, those of roles and keys both of the organization and of the environment. */
export function everyType(subjects: Subjects): EventInput[] {
  const { organizationId, membershipId, userId, invitationId, roleId, apiKeyId } = subjects;
  const { invitedMembershipId } = subjects;
  const roles = [{ id: roleId, key: 'own', source: 'DIRECT' }];
  const ofOrganization = { organizationId, actorKind: 'API_KEY', actorId: apiKeyId };
  const own: Record<string, EventInput[]> = {
    MEMBERSHIP_STATUS_CHANGED: [
      {
        type: '',
        cause: 'SUSPENSION_ENDED',
        previousStatus: 'SUSPENDED',
        status: 'ACTIVE',
        userId,
        detail: { roles, deadline: '2026-01-02T03:04:05.678Z' },
      },
    ],
    MEMBERSHIP_ROLES_CHANGED: [{ type: '', detail: { added: roles, removed: [] } }],
    OWNERSHIP_TRANSFERRED: [{ type: '', detail: { fromMembershipId: invitedMembershipId } }],
    ROLE_DELETED: [
      { type: '', detail: { key: 'own', reassignedToRoleId: roleId } },
      { type: '', organizationId: null, detail: { key: 'own' } },
    ],
    ROLE_UPDATED: [{ type: '' }, { type: '', organizationId: null }],
    API_KEY_CREATED: [{ type: '' }, { type: '', organizationId: null }],
  };
  return Object.values(EventType).flatMap((type) => {
    const isOfEnvironment = /^(?:USER|IDENTITY|PERMISSION|ENVIRONMENT)/.test(type);
    return (own[type] ?? [{ type }]).map((more) => ({
      ...(!isOfEnvironment && ofOrganization),
      ...(/^(?:MEMBERSHIP|OWNERSHIP)/.test(type) && { membershipId }),
      ...(type.startsWith('INVITATION') && { invitationId, membershipId: invitedMembershipId }),
      ...(type.startsWith('ROLE') && { roleId }),
      ...(type.startsWith('API_KEY') && { apiKeyId }),
      ...(/^(?:USER|IDENTITY)/.test(type) && { userId }),
      reason: 'A reason.',
      requestId: 'request',
      detail: { changes: CHANGES, issuer: 'https://issuer.example', name: 'invoice:approve' },
      ...more,
      type,
    }));
  });
}

/** Everything that can be asked of an event. */
export const EVENT = `__typename id cursor type organizationId organization { id } sequence
  actorId actor { __typename ... on ApiKey { id } } cause reason requestId occurredAt
  ... on MembershipStatusChanged { membershipId membership { id } userId user { id } previousStatus status deadline roles { id key source } }
  ... on MembershipUpdated { membershipId membership { id } changes { field before after } }
  ... on MembershipRolesChanged { membershipId membership { id } added { id key source } removed { id key source } }
  ... on MembershipDeleted { membershipId }
  ... on InvitationSent { invitationId invitation { id } membershipId }
  ... on InvitationDeliveryFailed { invitationId invitation { id } membershipId }
  ... on OrganizationCreated { changes { field before after } }
  ... on OrganizationUpdated { changes { field before after } }
  ... on OrganizationSettingsChanged { changes { field before after } }
  ... on OrganizationDeleted { changes { field before after } }
  ... on OwnershipTransferred { fromMembershipId toMembershipId }
  ... on RoleCreated { roleId role { id } changes { field before after } }
  ... on RoleUpdated { roleId role { id } changes { field before after } }
  ... on RoleDeleted { roleId role { id } changes { field before after } key reassignedToRoleId }
  ... on ApiKeyCreated { apiKeyId apiKey { id } }
  ... on ApiKeyRevoked { apiKeyId apiKey { id } }
  ... on UserCreated { userId user { id } changes { field before after } }
  ... on UserUpdated { userId user { id } changes { field before after } }
  ... on UserDeleted { userId user { id } changes { field before after } }
  ... on IdentityLinked { userId user { id } issuer }
  ... on IdentityUnlinked { userId user { id } issuer }
  ... on PermissionCreated { name changes { field before after } }
  ... on PermissionUpdated { name changes { field before after } }
  ... on PermissionDeleted { name changes { field before after } }
  ... on EnvironmentUpdated { changes { field before after } }`;
