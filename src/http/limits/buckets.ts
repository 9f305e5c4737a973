/** Buckets of points, one for each caller, which fill again with time. */

export type Buckets = {
  /** Takes points, or says in how many milliseconds it could; 0: they were taken. */
  take(key: string, points: number): number;
  /** Takes points whether they are there or not: what is missing has to fill first. */
  charge(key: string, points: number): void;
  left(key: string): number;
};

/** Callers at once. Whoever is beyond it begins with a full bucket again, which is the lesser evil. */
const MOST_BUCKETS = 100_000;

const MINUTE_MS = 60_000;

/** Makes buckets that hold what fills them in a minute. `now` is a clock in milliseconds that never goes back. */
export function createBuckets(perMinute: number, now: () => number): Buckets {
  const levels = new Map<string, { level: number; at: number }>();
  const perMs = perMinute / MINUTE_MS;

  const left = (key: string): number => {
    const bucket = levels.get(key);
    return bucket === undefined
      ? perMinute
      : Math.min(perMinute, bucket.level + (now() - bucket.at) * perMs);
  };

  const set = (key: string, level: number) => {
    // Whoever was not heard of for longest comes first.
    levels.delete(key);
    levels.set(key, { level: Math.max(level, -perMinute), at: now() });
    for (const [oldest, bucket] of levels) {
      if (levels.size <= MOST_BUCKETS && now() - bucket.at < 2 * MINUTE_MS) {
        break;
      }
      levels.delete(oldest);
    }
  };

  return {
    left,
    take(key, points) {
      const level = left(key);
      // What costs more than a whole bucket is taken from a full one, and then waited for.
      const needed = Math.min(points, perMinute);
      if (level < needed) {
        return Math.ceil((needed - level) / perMs);
      }
      set(key, level - points);
      return 0;
    },
    charge(key, points) {
      set(key, left(key) - points);
    },
  };
}
