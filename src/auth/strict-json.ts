/** JSON as tokens must have it: one meaning, whoever reads it. */

export type JsonObject = { [name: string]: unknown };

const MAX_DEPTH = 16;

/** Strings, and what separates values; everything between is of no interest here. */
const PIECE = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/**
 * Reads the bytes of a JSON object. Null for anything else, and for what readers could disagree about: bytes that are
 * not UTF-8, a byte order mark, a property that stands twice in its object, or more than 16 levels.
 */
export function parseStrictObject(bytes: Uint8Array): JsonObject | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    return isObject(value) && isUnambiguous(text) ? value : null;
  } catch {
    return null;
  }
}

/** The value of an own property: names that every object inherits are not among them. */
export function ownValue(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of a text that is JSON. */
function isUnambiguous(text: string): boolean {
  const namesOfOpen: Set<string>[] = [];
  let last = '';
  for (const [piece] of text.matchAll(PIECE)) {
    if (piece === '{' || piece === '[') {
      namesOfOpen.push(new Set());
    } else if (piece === '}' || piece === ']') {
      namesOfOpen.pop();
    } else if (piece === ':') {
      const names = namesOfOpen.at(-1);
      const name = String(JSON.parse(last));
      if (names?.has(name)) {
        return false;
      }
      names?.add(name);
    }
    if (namesOfOpen.length > MAX_DEPTH) {
      return false;
    }
    last = piece;
  }
  return true;
}
