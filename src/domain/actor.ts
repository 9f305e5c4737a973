/** Whoever does something, as events and grants name them. The id is a uuid. */
export type Actor = { kind: 'USER' | 'API_KEY'; id: string } | { kind: 'SYSTEM' | 'ANONYMOUS' };

/** The uuid of an actor that has one. */
export function actorId(actor: Actor): string | null {
  return 'id' in actor ? actor.id : null;
}
