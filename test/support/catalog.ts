import type pg from 'pg';

/** What a database consists of: each object by kind and name, with its definition. */
export type Catalog = Map<string, string>;

const OBJECTS = `
SELECT 'column ' || c.relname || '.' || attname AS name, concat_ws(' ', format_type(atttypid, atttypmod),
  CASE WHEN collname <> 'default' THEN 'COLLATE ' || collname END, CASE WHEN attnotnull THEN 'NOT NULL' END,
  'DEFAULT ' || pg_get_expr(adbin, adrelid)) AS definition
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_collation l ON l.oid = attcollation
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT CASE contype WHEN 'c' THEN 'check ' WHEN 'f' THEN 'foreign key ' ELSE 'key ' END || conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
UNION ALL
SELECT 'index ' || indexrelid::regclass, pg_get_indexdef(indexrelid)
FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'enum ' || typname, string_agg(enumlabel, ' ' ORDER BY enumsortorder)
FROM pg_enum JOIN pg_type t ON t.oid = enumtypid GROUP BY typname
UNION ALL
SELECT 'trigger ' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'function ' || proname, pg_get_functiondef(p.oid) FROM pg_proc p
WHERE pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND classid = 'pg_proc'::regclass AND deptype = 'e')
UNION ALL
SELECT 'sequence ' || relname, '' FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
UNION ALL
SELECT 'extension ' || extname, '' FROM pg_extension WHERE extname <> 'plpgsql'`;

/** Everything in the schema `public`, but for Prisma's own bookkeeping. */
export async function catalogOf(
  query: <Row extends pg.QueryResultRow>(text: string) => Promise<Row[]>,
): Promise<Catalog> {
  const rows = await query<{ name: string; definition: string }>(OBJECTS);
  return new Map(
    rows
      .filter(({ name, definition }) => !`${name} ${definition}`.includes('_prisma_migrations'))
      .map(({ name, definition }): [string, string] => [name, definition])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
