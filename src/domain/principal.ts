/** Who is calling, as the rules see it. */
import type { Actor } from './actor.ts';

/** A backend with a key: of the environment (`organizationId` null) or bound to one organization. */
export type ApiKeyPrincipal = {
  kind: 'apiKey';
  /** uuid */
  id: string;
  organizationId: string | null;
  /** Names and wildcards. */
  permissions: string[];
};

export type Principal = { kind: 'anonymous' | 'system' } | ApiKeyPrincipal;

export const ANONYMOUS: Principal = { kind: 'anonymous' };

/** Gatehouse itself, and the commands of its operator. */
export const SYSTEM: Principal = { kind: 'system' };

/** Whom events name as the one who did it. */
export function actorOf(principal: Principal): Actor {
  return principal.kind === 'apiKey'
    ? { kind: 'API_KEY', id: principal.id }
    : { kind: principal.kind === 'system' ? 'SYSTEM' : 'ANONYMOUS' };
}
