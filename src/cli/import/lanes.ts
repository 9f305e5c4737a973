/** Rows in lanes that can be written at the same time. */

/**
 * Divides `rows` into at most `count` lanes of about the same length. Rows of one group (left out: every row is its own)
 * follow each other in one lane, in their order: so no two lanes wait for one organization, and each of its counters is
 * written once in many rows.
 */
export function divideInto<Row>(count: number, rows: Row[], group?: (row: Row) => string): Row[][] {
  if (group === undefined) {
    const length = Math.ceil(rows.length / count);
    const starts = Array.from({ length: count }, (_, lane) => lane * length);
    return starts.map((start) => rows.slice(start, start + length));
  }
  const lanes = Array.from({ length: count }, (): Row[] => []);
  for (const together of Map.groupBy(rows, group).values()) {
    const shortest = lanes.reduce((one, other) => (other.length < one.length ? other : one));
    for (const row of together) {
      shortest.push(row);
    }
  }
  return lanes;
}
