/** The rights of everybody who listens, as they stand in the database now. */
import type { Principal } from '../domain/principal.ts';

/** Reads the rights of many principals at once; whoever is gone is anonymous. */
export type RenewAll = (principals: readonly Principal[]) => Promise<Principal[]>;

/** One principal with all their subscriptions. */
export type Watched = {
  /** With the rights of the last look. */
  principal: Principal;
  /** When their token ends, in milliseconds; undefined: it does not. */
  expiresAt: number | undefined;
  /** Tells the principal and their rights from all others. */
  print: string;
};

export type Watch = {
  /** Begins to watch; subscriptions of the same principal share one entry. `leave` takes one of them away. */
  join(principal: Principal, expiresAt: number | undefined): { watched: Watched; leave(): void };
  /** Looks at these (all without an argument). Resolves when their rights are those of now. */
  look(some?: Iterable<Watched>): Promise<void>;
};

type Entry = Watched & {
  count: number;
  /** When the rights were asked for, by the number of the question. */
  asked: number;
};

export function createWatch(renewAll: RenewAll): Watch {
  const entries = new Map<string, Entry>();
  let questions = 0;
  return {
    join(principal, expiresAt) {
      const key = keyOf(principal, expiresAt);
      const entry = entries.get(key) ?? { principal, expiresAt, print: '', count: 0, asked: 0 };
      entries.set(key, entry);
      // They have just been asked for, by whoever let the caller in.
      note(entry, principal, ++questions);
      entry.count += 1;
      return {
        watched: entry,
        leave() {
          entry.count -= 1;
          if (entry.count === 0) {
            entries.delete(key);
          }
        },
      };
    },
    async look(some) {
      const asked = some === undefined ? [...entries.values()] : ([...some] as Entry[]);
      if (asked.length === 0) {
        return;
      }
      const question = ++questions;
      const renewed = await renewAll(asked.map(({ principal }) => principal));
      for (const [place, entry] of asked.entries()) {
        note(entry, renewed[place] ?? entry.principal, question);
      }
    },
  };
}

// Of two looks at the same time, the one that began first may be answered last.
function note(entry: Entry, principal: Principal, asked: number): void {
  if (asked < entry.asked) {
    return;
  }
  entry.asked = asked;
  entry.principal = principal;
  entry.print = JSON.stringify(
    principal.kind === 'user' ? { ...principal, rights: [...principal.rights] } : principal,
  );
}

// Several tokens of one person end at several times, and may have been had in several ways.
function keyOf(principal: Principal, expiresAt: number | undefined): string {
  const id = 'id' in principal ? principal.id : '';
  const how = principal.kind === 'user' ? JSON.stringify(principal.signIn) : '';
  return `${principal.kind} ${id} ${how} ${expiresAt}`;
}
