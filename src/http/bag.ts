/** What comes and goes with every request. */

export type Bag<Item> = Iterable<Item> & {
  readonly size: number;
  /** Puts an item in; what is returned takes it out again. */
  add(item: Item): () => void;
};

/**
 * Makes an empty bag, which has no order. A Set in its place would leave its outgrown tables behind: each leads to the
 * next one and to all that was in it, so that V8's quick collections find one request after the other still in use.
 */
export function createBag<Item>(): Bag<Item> {
  const entries: { item: Item; at: number }[] = [];
  return {
    get size() {
      return entries.length;
    },
    add(item) {
      const entry = { item, at: entries.length };
      entries.push(entry);
      return () => {
        const last = entries[entries.length - 1];
        if (last !== undefined && entries[entry.at] === entry) {
          entries[entry.at] = last;
          last.at = entry.at;
          entries.pop();
        }
      };
    },
    *[Symbol.iterator]() {
      for (const { item } of [...entries]) {
        yield item;
      }
    },
  };
}
