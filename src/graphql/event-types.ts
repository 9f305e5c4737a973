/** The object type of each type of event: the fields of Event, and parts of its own. */
import type { ObjectRef } from '@pothos/core';
import type { EventType } from '../db/generated/prisma/client.ts';
import type { EventRow } from '../loaders/event.ts';
import { builder } from './builder.ts';
import { Event } from './event.ts';
import { eventTypeName, eventTypes } from './event-enums.ts';
import { type EventPart, parts } from './event-parts.ts';

const table: Record<EventType, EventPart[]> = {
  MEMBERSHIP_STATUS_CHANGED: ['membershipId', 'membership', 'user', 'status', 'roles'],
  MEMBERSHIP_UPDATED: ['membershipId', 'membership', 'personalChanges'],
  MEMBERSHIP_ROLES_CHANGED: ['membershipId', 'membership', 'rolesChanged'],
  MEMBERSHIP_DELETED: ['membershipId'],
  INVITATION_SENT: ['invitation', 'membershipId'],
  INVITATION_DELIVERY_FAILED: ['invitation', 'membershipId'],
  ORGANIZATION_CREATED: ['changes'],
  ORGANIZATION_UPDATED: ['changes'],
  ORGANIZATION_SETTINGS_CHANGED: ['changes'],
  ORGANIZATION_DELETED: ['changes'],
  OWNERSHIP_TRANSFERRED: ['transfer'],
  ROLE_CREATED: ['role', 'changes'],
  ROLE_UPDATED: ['role', 'changes'],
  ROLE_DELETED: ['role', 'changes', 'replacement'],
  API_KEY_CREATED: ['apiKey'],
  API_KEY_REVOKED: ['apiKey'],
  USER_CREATED: ['user', 'personalChanges'],
  USER_UPDATED: ['user', 'personalChanges'],
  USER_DELETED: ['user', 'personalChanges'],
  IDENTITY_LINKED: ['user', 'issuer'],
  IDENTITY_UNLINKED: ['user', 'issuer'],
  PERMISSION_CREATED: ['name', 'changes'],
  PERMISSION_UPDATED: ['name', 'changes'],
  PERMISSION_DELETED: ['name', 'changes'],
  ENVIRONMENT_UPDATED: ['changes'],
};

type EventRef = ObjectRef<typeof builder.$inferSchemaTypes, EventRow>;

function implement(type: EventType): EventRef {
  const ref = builder.objectRef<EventRow>(eventTypeName(type));
  ref.implement({
    description: eventTypes[type].description,
    // Of two interfaces with the same field the last one says what it is.
    interfaces: [builder.nodeInterfaceRef(), Event],
  });
  for (const part of table[type]) {
    parts[part](ref);
  }
  return ref;
}

const refs = new Map((Object.keys(table) as EventType[]).map((type) => [type, implement(type)]));

/** The object type of an event. */
export function eventObject({ type }: Pick<EventRow, 'type'>): EventRef {
  const ref = refs.get(type);
  if (ref === undefined) {
    throw new Error(`Events of the type ${type} have no object type.`);
  }
  return ref;
}
