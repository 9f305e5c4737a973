/** What an update changed, as its event tells it. */

/** Values are JSON: times in ISO 8601, ids as TypeIDs. */
export type Change = { field: string; before: unknown; after: unknown };

/** The fields of `after` that are not as in `before`, in the order of `after`. */
export function changesBetween(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Change[] {
  return Object.entries(after).flatMap(([field, value]) =>
    canonicalJson(before[field]) === canonicalJson(value)
      ? []
      : [{ field, before: before[field] ?? null, after: value ?? null }],
  );
}

/** JSON in which the order of an object's keys is no difference: PostgreSQL does not keep it. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
