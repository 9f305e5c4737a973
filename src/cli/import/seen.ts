/** Which keys a file has had already: eight to sixteen bytes a key, so that a file of millions fits. */
import { hash } from 'node:crypto';

export type SeenKeys = {
  has(key: string): boolean;
  add(key: string): void;
};

/** An empty set. It keeps 64 bits of a hash of each key: two keys out of ten million are taken for one in 3 of a million runs. */
export function createSeenKeys(): SeenKeys {
  let slots = new BigUint64Array(1024);
  let count = 0;

  // Where the print is, or the free slot where it would be: zero marks a free one.
  const slotOf = (print: bigint, table: BigUint64Array): number => {
    const mask = table.length - 1;
    let at = Number(print & BigInt(mask));
    while (table[at] !== 0n && table[at] !== print) {
      at = (at + 1) & mask;
    }
    return at;
  };
  const grow = () => {
    const larger = new BigUint64Array(slots.length * 2);
    for (const print of slots) {
      if (print !== 0n) {
        larger[slotOf(print, larger)] = print;
      }
    }
    slots = larger;
  };

  return {
    has: (key) => slots[slotOf(fingerprint(key), slots)] !== 0n,
    add(key) {
      const print = fingerprint(key);
      const at = slotOf(print, slots);
      if (slots[at] === 0n) {
        slots[at] = print;
        count += 1;
        if (count * 2 > slots.length) {
          grow();
        }
      }
    },
  };
}

function fingerprint(key: string): bigint {
  const print = hash('sha256', key, 'buffer').readBigUInt64LE();
  return print === 0n ? 1n : print;
}
