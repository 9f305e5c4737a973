/** The fields that some types of events have besides those of all. */
import type { ObjectRef } from '@pothos/core';
import type { RoleSource as RoleSourceName } from '../db/generated/prisma/client.ts';
import type { Change } from '../domain/change.ts';
import { encodeId, type IdKind } from '../domain/id.ts';
import {
  seesApiKey,
  seesInvitation,
  seesMembership,
  seesRole,
  seesUser,
} from '../domain/visibility.ts';
import type { EventRow } from '../loaders/event.ts';
import type { MembershipRow } from '../loaders/membership-row.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { seesPersonal } from './event.ts';
import { ifSeen } from './guard.ts';
import { MembershipStatus } from './membership-enums.ts';
import { ApiKey, Invitation, Membership, Role, User } from './nodes.ts';
import { RoleSource } from './role.ts';

type HeldRole = { id: string; key: string; source: RoleSourceName };

const EventChange = builder.objectRef<Change>('EventChange').implement({
  description: 'A field that changed.',
  fields: (t) => ({
    field: t.exposeString('field', { nullable: false, description: 'Its name.' }),
    before: t.expose('before', { type: 'JSON', description: 'What it was.' }),
    after: t.expose('after', { type: 'JSON', description: 'What it became.' }),
  }),
});

const EventRole = builder.objectRef<HeldRole>('EventRole').implement({
  description: 'A role as it was when something happened.',
  fields: (t) => ({
    id: t.id({
      nullable: false,
      description: 'The id, rol_…. The role may be gone.',
      resolve: ({ id }) => encodeId('rol', id),
    }),
    key: t.exposeString('key', { nullable: false, description: 'What code called it.' }),
    source: t.expose('source', {
      type: RoleSource,
      nullable: false,
      description: 'How the membership came to it.',
    }),
  }),
});

/** What stands under that name in the details, which the rules write; null once they are erased. */
function detail<Value>(event: EventRow, name: string): Value | null {
  return (event.detail?.[name] ?? null) as Value | null;
}

function idInDetail(kind: IdKind, event: EventRow, name: string): string | null {
  const uuid = detail<string>(event, name);
  return uuid === null ? null : encodeId(kind, uuid);
}

type Named = 'membershipId' | 'userId' | 'invitationId' | 'roleId' | 'apiKeyId';

/** The id of what every event of the type names. */
function named(kind: IdKind, field: Named) {
  return (event: EventRow): string => encodeId(kind, uuidOf(event, field));
}

function uuidOf(event: EventRow, field: Named): string {
  const uuid = event[field];
  if (uuid === null) {
    throw new Error(`The event ${event.id} has no ${field}.`);
  }
  return uuid;
}

async function membershipOf(
  event: EventRow,
  { principal, loaders }: Context,
): Promise<MembershipRow | null> {
  return event.membershipId === null
    ? null
    : ifSeen(principal, seesMembership, await loaders.memberships.byId(event.membershipId));
}

async function userOf(event: EventRow, { principal, loaders }: Context) {
  return ifSeen(principal, seesUser, await loaders.users.byId(uuidOf(event, 'userId')));
}

/** Adds its fields to the type of an event. */
type Part = (event: ObjectRef<typeof builder.$inferSchemaTypes, EventRow>) => void;

/** `personal` ones show to those only who may see what is kept of the person. */
function changes({ personal }: { personal: boolean }): Part {
  return (ref) =>
    builder.objectField(ref, 'changes', (t) =>
      t.field({
        type: [EventChange],
        nullable: { list: true, items: false },
        description: personal
          ? 'What changed. Null when that was not noted, or was erased. Requires membership:readDetails, or user:read for events of the environment.'
          : 'What changed. Null when that was not noted.',
        resolve: (event, _args, { principal }) =>
          !personal || seesPersonal(principal, event) ? detail<Change[]>(event, 'changes') : null,
      }),
    );
}

function roleList(name: string, description: string): Part {
  return (ref) =>
    builder.objectField(ref, name, (t) =>
      t.field({
        type: [EventRole],
        nullable: { list: true, items: false },
        description: `${description} Null when there were none, or when that was erased.`,
        resolve: (event) => detail<HeldRole[]>(event, name),
      }),
    );
}

export type EventPart = keyof typeof parts;

/** Each part by its name. */
export const parts = {
  membershipId: (ref) =>
    builder.objectField(ref, 'membershipId', (t) =>
      t.id({
        nullable: false,
        description: 'The membership, mbr_….',
        resolve: named('mbr', 'membershipId'),
      }),
    ),
  membership: (ref) =>
    builder.objectField(ref, 'membership', (t) =>
      t.field({
        type: Membership,
        description: 'The membership as it is now. Null when it is hidden or erased.',
        resolve: (event, _args, context) => membershipOf(event, context),
      }),
    ),
  user: (ref) =>
    builder.objectFields(ref, (t) => ({
      userId: t.id({
        nullable: false,
        description: 'The user, usr_….',
        resolve: named('usr', 'userId'),
      }),
      user: t.field({
        type: User,
        description: 'The user. Null when they are hidden or erased.',
        resolve: (event, _args, context) => userOf(event, context),
      }),
    })),
  status: (ref) =>
    builder.objectFields(ref, (t) => ({
      previousStatus: t.expose('previousStatus', {
        type: MembershipStatus,
        description: 'What it was. Null when the membership is new.',
      }),
      status: t.field({
        type: MembershipStatus,
        nullable: false,
        description: 'What it became.',
        resolve: ({ id, status }) => {
          if (status === null) {
            throw new Error(`The event ${id} has no status.`);
          }
          return status;
        },
      }),
      deadline: t.field({
        type: 'DateTime',
        description:
          'When it became that by the clock, which may be before it was written down. Null when it did not happen by the clock, or when that was erased.',
        resolve: (event) => {
          const deadline = detail<string>(event, 'deadline');
          return deadline === null ? null : new Date(deadline);
        },
      }),
    })),
  roles: roleList('roles', 'The roles held, on offer, or held until then.'),
  rolesChanged: (ref) => {
    roleList('added', 'The roles it got.')(ref);
    roleList('removed', 'The roles it lost.')(ref);
  },
  invitation: (ref) =>
    builder.objectFields(ref, (t) => ({
      invitationId: t.id({
        nullable: false,
        description: 'The invitation, inv_….',
        resolve: named('inv', 'invitationId'),
      }),
      invitation: t.field({
        type: Invitation,
        description: 'The invitation as it is now. Null when it is hidden or erased.',
        resolve: async (event, _args, { principal, loaders }) =>
          ifSeen(
            principal,
            seesInvitation,
            await loaders.invitations.byId(uuidOf(event, 'invitationId')),
          ),
      }),
    })),
  transfer: (ref) =>
    builder.objectFields(ref, (t) => ({
      fromMembershipId: t.id({
        description: 'The membership of who was the owner, mbr_…. Null when that was erased.',
        resolve: (event) => idInDetail('mbr', event, 'fromMembershipId'),
      }),
      toMembershipId: t.id({
        nullable: false,
        description: 'The membership of the new owner, mbr_….',
        resolve: named('mbr', 'membershipId'),
      }),
    })),
  role: (ref) =>
    builder.objectFields(ref, (t) => ({
      roleId: t.id({
        nullable: false,
        description: 'The role, rol_….',
        resolve: named('rol', 'roleId'),
      }),
      role: t.field({
        type: Role,
        description: 'The role as it is now. Null when it is hidden or deleted.',
        resolve: async (event, _args, { principal, loaders }) =>
          ifSeen(principal, seesRole, await loaders.roles.byId(uuidOf(event, 'roleId'))),
      }),
    })),
  replacement: (ref) =>
    builder.objectFields(ref, (t) => ({
      key: t.string({
        description: 'What code called the role. Null when that was not noted.',
        resolve: (event) => detail<string>(event, 'key'),
      }),
      reassignedToRoleId: t.id({
        description: 'The role that its holders got instead, rol_…. Null when there was none.',
        resolve: (event) => idInDetail('rol', event, 'reassignedToRoleId'),
      }),
    })),
  apiKey: (ref) =>
    builder.objectFields(ref, (t) => ({
      apiKeyId: t.id({
        nullable: false,
        description: 'The key, key_….',
        resolve: named('key', 'apiKeyId'),
      }),
      apiKey: t.field({
        type: ApiKey,
        description: 'The key as it is now. Null when it is hidden or erased.',
        resolve: async (event, _args, { principal, loaders }) =>
          ifSeen(principal, seesApiKey, await loaders.apiKeys.byId(uuidOf(event, 'apiKeyId'))),
      }),
    })),
  issuer: (ref) =>
    builder.objectField(ref, 'issuer', (t) =>
      t.string({
        description:
          'Who vouches for the account. Null when that was erased. Requires membership:readDetails, or user:read for events of the environment.',
        resolve: (event, _args, { principal }) =>
          seesPersonal(principal, event) ? detail<string>(event, 'issuer') : null,
      }),
    ),
  name: (ref) =>
    builder.objectField(ref, 'name', (t) =>
      t.string({
        description: 'The permission, for example invoice:approve. Null when that was not noted.',
        resolve: (event) => detail<string>(event, 'name'),
      }),
    ),
  changes: changes({ personal: false }),
  personalChanges: changes({ personal: true }),
} satisfies Record<string, Part>;
