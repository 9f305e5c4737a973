/** How much one caller may ask for in a minute. */
import type { Caller } from '../../auth/caller.ts';
import { networkOf } from './address.ts';
import { type Buckets, createBuckets } from './buckets.ts';

/** Who asks (undefined: their credentials are refused), and from which remote address. */
export type Payer = { principal: Caller['principal'] | undefined; address: string };

export type RateLimiter = {
  /** Takes the cost of an operation. Returns in how many milliseconds that is possible; 0: it was taken. */
  take(payer: Payer, cost: number): number;
  /** Takes the cost of something that is over already. */
  charge(payer: Payer, cost: number): void;
  /** What is left for now; null when there is no limit. */
  left(payer: Payer): number | null;
};

/** What is refused costs about as much time as an answer with this many fields. */
export const COST_OF_REFUSAL = 100;

/** A backend with a key of the environment asks for all the people it serves. */
const PEOPLE_PER_BACKEND = 100;

/**
 * Makes the limit of this process: points per minute for each person and key (a hundred times as many for a key of the
 * environment), and for each remote address with all who come from there as nobody, or with credentials that are
 * refused. Undefined: no limit.
 */
export function createRateLimiter(
  {
    ratePerCaller,
    ratePerAddress,
  }: { ratePerCaller: number | undefined; ratePerAddress: number | undefined },
  now: () => number = () => performance.now(),
): RateLimiter {
  const callers = ratePerCaller === undefined ? undefined : createBuckets(ratePerCaller, now);
  const backends =
    ratePerCaller === undefined
      ? undefined
      : createBuckets(PEOPLE_PER_BACKEND * ratePerCaller, now);
  const addresses = ratePerAddress === undefined ? undefined : createBuckets(ratePerAddress, now);

  const placeOf = ({ principal, address }: Payer): [Buckets | undefined, string] => {
    if (principal === undefined || !('id' in principal)) {
      return [addresses, networkOf(address)];
    }
    const isBackend = principal.kind === 'apiKey' && principal.organizationId === null;
    return [isBackend ? backends : callers, `${principal.kind} ${principal.id}`];
  };

  return {
    take(payer, cost) {
      const [buckets, key] = placeOf(payer);
      return buckets?.take(key, cost) ?? 0;
    },
    charge(payer, cost) {
      const [buckets, key] = placeOf(payer);
      buckets?.charge(key, cost);
    },
    left(payer) {
      const [buckets, key] = placeOf(payer);
      return buckets === undefined ? null : Math.floor(buckets.left(key));
    },
  };
}
