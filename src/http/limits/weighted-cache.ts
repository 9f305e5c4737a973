/** Caches that are limited by what their entries weigh. */

export type WeightedCache<Key, Value> = {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
};

/**
 * Keeps what was asked for last, with `most` of weight together. Counted by the piece, a thousand of the largest
 * documents would take gigabytes. The weight of a key never changes.
 */
export function createWeightedCache<Key, Value>(
  most: number,
  weigh: (key: Key) => number,
): WeightedCache<Key, Value> {
  const entries = new Map<Key, Value>();
  let weight = 0;
  return {
    get(key) {
      const value = entries.get(key);
      if (value !== undefined) {
        entries.delete(key);
        entries.set(key, value);
      }
      return value;
    },
    set(key, value) {
      weight += entries.has(key) ? 0 : weigh(key);
      entries.set(key, value);
      for (const oldest of entries.keys()) {
        if (weight <= most) {
          break;
        }
        entries.delete(oldest);
        weight -= weigh(oldest);
      }
    },
  };
}
