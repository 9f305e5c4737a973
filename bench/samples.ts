/** What is asked for, and by whom: random, and the same in every run and for every contender. */
import type { Issuer } from './issuer.ts';
import type { Question } from './operations.ts';
import { OPERATIONS, type OperationName } from './questions.ts';
import { memberUuid, ownerOf, type ReadWorld, type Tenants, tenantUuid } from './read-worlds.ts';
import { organizationUuid, userUuid } from './world.ts';

/** Which part of a world is asked about: tenants of one size, and some of those who are in many organizations. */
export type Place = { world: ReadWorld; tenants: Tenants; collectors?: Range };

/** Numbers from `from` on, `count` of them. */
export type Range = { from: number; count: number };

/** How many different people ask about themselves, and how many about the organization that they own. */
const PEOPLE = 300;
const OWNERS = 150;

/** Each is in the name of one of eleven people. */
const PARTS_OF_NAMES = ['hopp', 'Dijk', 'skov', 'knut', 'LAMP', 'allen', 'thomps', 'uring'];

/** The hits of a search that stand before the 100th page of 20. */
const NINETY_NINE_PAGES = 1980;

type Options = { first?: number; skip?: number };

/** Makes `size` questions of an operation about things of a place; `first` and `skip` are those of every question. */
export function questionsOf(
  operation: OperationName,
  place: Place,
  issuer: Issuer,
  size: number,
  { first = OPERATIONS[operation].first, skip }: Options = {},
): Promise<Question[]> {
  const random = randomNumbers(operation.charCodeAt(0));
  const upTo = (count: number) => Math.floor(random() * count);
  const { tenants, world } = place;
  const people = Array.from({ length: PEOPLE }, () => upTo(tenants.count * tenants.size));
  const owned = Array.from({ length: OWNERS }, () => upTo(tenants.count));
  const someOf = <One>(list: One[]): One => list[upTo(list.length)] as One;
  const collectorOf = (kind: keyof ReadWorld['collectors']) => {
    const all = world.collectors[kind];
    const { from, count } = place.collectors ?? { from: 0, count: all.length };
    return someOf(all.slice(from, from + count));
  };

  const make: Record<OperationName, () => Asked> = {
    a: () => ofUser((tenants.firstUser + someOf(people)) % tenants.users),
    b: ofOwner,
    c: () => {
      const { user, organizations } = collectorOf('some');
      return { user, id: shuffled(organizations).map(organizationUuid) };
    },
    d: () => ({ ...ofOwner(), search: someOf(PARTS_OF_NAMES) }),
    d100: () => ({ ...ofOwner(), search: someOf(PARTS_OF_NAMES), skip: NINETY_NINE_PAGES }),
    e: () => {
      const { user, organizations } = collectorOf('many');
      return { ...ofUser(user), skip: 100 * upTo(organizations.length / 100) };
    },
    f: () => ofUser(collectorOf('some').user),
    f2000: () => ofUser(collectorOf('many').user),
    g: () => {
      const nth = someOf(owned);
      return { user: ownerOf(tenants, nth), id: memberUuid(tenants, nth, upTo(tenants.size)) };
    },
    h: ofOwner,
  };

  return Promise.all(
    Array.from({ length: size }, async () => {
      const { user, ...asked } = make[operation]();
      const given = skip === undefined ? asked : { ...asked, skip };
      return { operation, first, ...given, token: await issuer.token(user) };
    }),
  );

  function ofUser(user: number): Asked {
    return { user, id: userUuid(user) };
  }

  function ofOwner(): Asked {
    const nth = someOf(owned);
    return { user: ownerOf(tenants, nth), id: tenantUuid(tenants, nth) };
  }

  function shuffled<One>(list: One[]): One[] {
    return list
      .map((one) => ({ one, at: random() }))
      .sort((one, other) => one.at - other.at)
      .map(({ one }) => one);
  }
}

/** What is asked for, and the number of the user who asks. */
type Asked = Pick<Question, 'id' | 'search' | 'skip'> & { user: number };

/** Mulberry32: numbers from 0 to below 1. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
