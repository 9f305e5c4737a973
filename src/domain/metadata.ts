/** Metadata: what applications keep with an object. Its limits, and how an update merges. */
import { isStorableText } from './text.ts';

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue };

const MAX_KEYS = 20;
const MAX_BYTES = 4096;
const MAX_DEPTH = 16;

/**
 * `current` with the top-level keys of `patch` in place of its own; null deletes a key. `patch` comes from outside,
 * whatever its type says. Returns what is wrong with it as a string: a phrase that follows the name of the field.
 */
export function mergeMetadata(current: JsonObject, patch: unknown): JsonObject | string {
  if (!isObject(patch)) {
    return 'must be a JSON object';
  }
  const wrong = findUnstorable(patch, 1);
  if (wrong !== null) {
    return wrong;
  }
  const merged = new Map<string, JsonValue>(Object.entries(current));
  for (const [key, value] of Object.entries(patch as JsonObject)) {
    if (value === null) {
      merged.delete(key);
    } else {
      merged.set(key, value);
    }
  }
  if (merged.size > MAX_KEYS) {
    return `must have at most ${MAX_KEYS} top-level keys`;
  }
  const result: JsonObject = Object.fromEntries(merged);
  return byteLength(result) > MAX_BYTES ? `must take at most ${MAX_BYTES} bytes as JSON` : result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function findUnstorable(value: unknown, depth: number): string | null {
  if (typeof value === 'string') {
    return isStorableText(value) ? null : 'must not contain NUL or half of a surrogate pair';
  }
  if (value === null || typeof value === 'boolean') {
    return null;
  }
  if (typeof value === 'number') {
    return Number.isFinite(value) ? null : 'must contain only finite numbers';
  }
  if (!Array.isArray(value) && !isObject(value)) {
    return 'must contain only JSON';
  }
  if (depth > MAX_DEPTH) {
    return `must be at most ${MAX_DEPTH} levels deep`;
  }
  const inside = Array.isArray(value) ? value : Object.entries(value).flat();
  for (const item of inside) {
    const wrong = findUnstorable(item, depth + 1);
    if (wrong !== null) {
      return wrong;
    }
  }
  return null;
}

/** As compact JSON in UTF-8, with numbers written out: PostgreSQL keeps 1e300 as three hundred digits. */
function byteLength(value: JsonObject): number {
  const compact = JSON.stringify(value);
  return Buffer.byteLength(compact) + writtenOut(value);
}

function writtenOut(value: JsonValue): number {
  if (typeof value === 'number') {
    return Math.abs(Number(/e([+-]\d+)$/.exec(String(value))?.[1] ?? 0));
  }
  if (typeof value !== 'object' || value === null) {
    return 0;
  }
  return Object.values(value).reduce<number>((sum, item) => sum + writtenOut(item), 0);
}
