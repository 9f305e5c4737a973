/**
 * Cursors of events: opaque to clients, of one form for all lists and streams of events. Each says where an event
 * stands in the stream of the environment and in that of its organization, so that it works in both.
 */
import type { EventPlace } from '../loaders/event-place.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DIGITS = /^\d{1,20}$/;
const LARGEST_INT = 2 ** 31 - 1;
const LARGEST_TRANSACTION = 2n ** 64n - 1n;
const LARGEST_POSITION = 2n ** 63n - 1n;
const LONGEST_CURSOR = 300;
const TAG = 'event';

/** Writes the place of an event. */
export function encodeEventCursor(place: EventPlace): string {
  const { epoch, transactionId, position, organizationId, sequence } = place;
  const parts = [TAG, epoch, transactionId, position, organizationId, sequence];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Reads a cursor; null for anything that `encodeEventCursor` could not have written. */
export function decodeEventCursor(cursor: string): EventPlace | null {
  const [, epoch, transactionId, position, organizationId, sequence] = parse(cursor);
  if (
    !isInt(epoch) ||
    !isNumeral(transactionId, LARGEST_TRANSACTION) ||
    !isNumeral(position, LARGEST_POSITION)
  ) {
    return null;
  }
  const stream = { epoch, transactionId, position };
  const place =
    typeof organizationId === 'string' && UUID.test(organizationId) && isInt(sequence)
      ? { ...stream, organizationId, sequence }
      : { ...stream, organizationId: null, sequence: null };
  // Tells every other spelling, and all that was left out of account above.
  return encodeEventCursor(place) === cursor ? place : null;
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

function isInt(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= LARGEST_INT;
}

function isNumeral(value: unknown, largest: bigint): value is string {
  return (
    typeof value === 'string' &&
    DIGITS.test(value) &&
    BigInt(value) <= largest &&
    String(BigInt(value)) === value
  );
}
