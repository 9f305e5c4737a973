/** What happened, and by what. */
import type {
  EventCause as EventCauseName,
  EventType as EventTypeName,
} from '../db/generated/prisma/client.ts';
import { builder } from './builder.ts';

type Described<Name extends string> = Record<Name, { description: string }>;

/** What the events of each type tell. */
export const eventTypes = {
  MEMBERSHIP_STATUS_CHANGED: { description: 'A membership began, or moved to another status.' },
  MEMBERSHIP_UPDATED: { description: 'What is kept about a member changed.' },
  MEMBERSHIP_ROLES_CHANGED: { description: 'A membership got roles or lost them.' },
  MEMBERSHIP_DELETED: { description: 'A membership was erased.' },
  INVITATION_SENT: { description: 'An invitation was sent, be it again.' },
  INVITATION_DELIVERY_FAILED: { description: 'An invitation could not be delivered.' },
  ORGANIZATION_CREATED: { description: 'An organization was created.' },
  ORGANIZATION_UPDATED: { description: 'An organization changed.' },
  ORGANIZATION_SETTINGS_CHANGED: {
    description: 'Who may join an organization, or how its members sign in, changed.',
  },
  ORGANIZATION_DELETED: { description: 'An organization was erased with everything in it.' },
  OWNERSHIP_TRANSFERRED: { description: 'An owner handed an organization over.' },
  ROLE_CREATED: { description: 'A role was created.' },
  ROLE_UPDATED: { description: 'A role changed.' },
  ROLE_DELETED: { description: 'A role was deleted.' },
  API_KEY_CREATED: { description: 'An API key was made.' },
  API_KEY_REVOKED: { description: 'An API key was revoked.' },
  USER_CREATED: { description: 'A user was created.' },
  USER_UPDATED: { description: 'A user changed.' },
  USER_DELETED: { description: 'A user was erased.' },
  IDENTITY_LINKED: { description: 'An account at an issuer began to sign in as a user.' },
  IDENTITY_UNLINKED: { description: 'An account at an issuer ceased to sign in as a user.' },
  PERMISSION_CREATED: { description: 'A permission of the application was created.' },
  PERMISSION_UPDATED: { description: 'A permission of the application changed.' },
  PERMISSION_DELETED: { description: 'A permission of the application was deleted.' },
  ENVIRONMENT_UPDATED: { description: 'The settings of the environment changed.' },
} as const satisfies Described<EventTypeName>;

export const EventType = builder.enumType('EventType', {
  description: 'What happened. Each type has an object type of its own.',
  values: eventTypes,
});

/** The name of the object type: `API_KEY_CREATED` → `ApiKeyCreated`. */
export function eventTypeName(type: EventTypeName): string {
  return type.toLowerCase().replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());
}

const causes = {
  CREATED: { description: 'It was created.' },
  ADDED: { description: 'Somebody added the person without an invitation.' },
  INVITED: { description: 'The person was invited.' },
  ACCEPTED: { description: 'The invitation was accepted.' },
  DECLINED: { description: 'The invitation was declined.' },
  REVOKED: { description: 'The invitation or the key was revoked.' },
  RESENT: { description: 'The invitation was sent again.' },
  EXPIRED: { description: 'The invitation was not answered in time.' },
  DELIVERY_FAILED: { description: 'The invitation could not be delivered.' },
  SUSPENDED: { description: 'The member was suspended.' },
  REINSTATED: { description: 'The suspension was lifted.' },
  SUSPENSION_ENDED: { description: 'The suspension ended by itself.' },
  REMOVED: { description: 'The person was removed.' },
  LEFT: { description: 'The person left.' },
  REACTIVATED: { description: 'The person came back after being removed.' },
  JOINED_BY_DOMAIN: { description: 'The person joined by the domain of their address.' },
  IMPORTED: { description: 'It was imported.' },
  MERGED: { description: 'Two became one.' },
  UPDATED: { description: 'It was changed.' },
  EMAIL_CHANGED: { description: 'The address was changed.' },
  ROLE_ASSIGNED: { description: 'Roles were assigned.' },
  ROLE_UNASSIGNED: { description: 'Roles were taken away.' },
  SETTINGS_CHANGED: { description: 'Settings were changed.' },
  TRANSFERRED: { description: 'The ownership was transferred.' },
  LINKED: { description: 'An identity was linked.' },
  UNLINKED: { description: 'An identity was unlinked.' },
  DELETED: { description: 'It was deleted.' },
} as const satisfies Described<EventCauseName>;

export const EventCause = builder.enumType('EventCause', {
  description: 'By what it happened.',
  values: causes,
});
