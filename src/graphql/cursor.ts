/** Cursors: opaque to clients, bound to one kind of list in one order. */
import { isStorableText } from '../domain/text.ts';
import type { Position, SortKey } from '../loaders/page.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
// PostgreSQL has no year 0.
const TIME = /^(?:infinity|(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/;
const LONGEST_CURSOR = 4000;

/** Writes the place of a row in a list. `order` names the list and what it is sorted by. */
export function encodeCursor(order: string, { key, id }: Position): string {
  return Buffer.from(JSON.stringify([order, key, id])).toString('base64url');
}

/** Reads a cursor; null for anything that `encodeCursor` did not write for that list in that order. */
export function decodeCursor(
  order: string,
  type: SortKey['type'],
  cursor: string,
): Position | null {
  const [itsOrder, key, id, ...rest] = parse(cursor);
  if (itsOrder !== order || typeof key !== 'string' || typeof id !== 'string' || rest.length > 0) {
    return null;
  }
  const timely = type === 'text' || (TIME.test(key) && (key === 'infinity' || isTime(key)));
  return timely &&
    UUID.test(id) &&
    encodeCursor(order, { key, id }) === cursor &&
    isStorableText(key)
    ? { key, id }
    : null;
}

function parse(cursor: string): unknown[] {
  if (cursor.length > LONGEST_CURSOR) {
    return [];
  }
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

function isTime(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
}
