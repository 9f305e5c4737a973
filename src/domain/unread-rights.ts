/** The rights of somebody with very many memberships, as long as nobody has asked what these are. */
import type { MembershipRights } from './membership-rights.ts';
import type { Principal } from './principal.ts';

/** The principal's rights, where they were not read. */
export function unreadRightsOf(principal: Principal): UnreadRights | undefined {
  return principal.kind === 'user' && principal.rights instanceof UnreadRights
    ? principal.rights
    : undefined;
}

/**
 * Rights by organization (uuid) of which nothing was read. All they tell is that there are some where a membership of the
 * person was met. Whoever asks for more gets an error, and `wereAskedFor` says so whatever becomes of that: what was not
 * read must never look as if it were not held.
 */
export class UnreadRights extends Map<string, MembershipRights> {
  readonly #met = new Set<string>();
  #wereAskedFor = false;

  get wereAskedFor(): boolean {
    return this.#wereAskedFor;
  }

  /** Notes that the person has a membership, of whatever status, in the organization (uuid). */
  meet(organizationId: string): void {
    this.#met.add(organizationId);
  }

  override has(organizationId: string): boolean {
    return this.#met.has(organizationId) || this.#refuse();
  }

  override get(): MembershipRights {
    return this.#refuse();
  }

  override get size(): number {
    return this.#refuse();
  }

  override keys(): MapIterator<string> {
    return this.#refuse();
  }

  override values(): MapIterator<MembershipRights> {
    return this.#refuse();
  }

  override entries(): MapIterator<[string, MembershipRights]> {
    return this.#refuse();
  }

  override forEach(): void {
    this.#refuse();
  }

  override [Symbol.iterator](): MapIterator<[string, MembershipRights]> {
    return this.#refuse();
  }

  #refuse(): never {
    this.#wereAskedFor = true;
    throw new Error('The rights were not read.');
  }
}
