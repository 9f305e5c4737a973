/** What can be subscribed to. */

/**
 * `organization`: its events, by number. `environment`: all events. `person`: those about one user, wherever. Ids are
 * uuids.
 */
export type Topic =
  | { kind: 'organization'; organizationId: string }
  | { kind: 'environment' }
  | { kind: 'person'; userId: string };
