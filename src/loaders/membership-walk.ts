/**
 * Pages of what an index finds among the members of an organization. It finds in no order, so it finds everything before
 * the page can be cut, however much that is. Where much is found, a page is filled sooner by a walk along the list.
 */
import { type RawBuilder, sql } from 'kysely';
import { param } from './statement.ts';

/**
 * How many rows are walked at most for each row of the page. What less than one row in thirty is, the index finds at a
 * cost that a longer walk would not save often, while every walk in vain comes on top of it.
 */
const STEPS = 30;

/** How much must be found in how many rows, or the walk ends there: what is rare or absent is found by the index alone. */
const SAMPLE = { rows: 100, hits: 2 };

export type Walk = {
  /** At most so many rows `m` of the list with their `sort_key`, in order. */
  list: (limit: RawBuilder<unknown>) => RawBuilder<unknown>;
  /** Which of them are looked for. */
  isHit: RawBuilder<unknown>;
  /** The order of the list, by `m.sort_key` and `m.id`. */
  orderBy: RawBuilder<unknown>;
  /** The page by the index, whatever it costs. */
  found: RawBuilder<unknown>;
};

/** What the placeholder of a walk stands for, for a page of so many rows. */
export function walkValues(size: number): Record<string, unknown> {
  return { steps: STEPS * (size + 1) };
}

/**
 * A page of memberships: walked, or by the index if the walk neither fills the page nor ends with the list. PostgreSQL
 * reads no more of `listed` than is asked for; of what is materialized, a row is kept short, and read again at the end.
 */
export function walkFirst({ list, isHit, orderBy, found }: Walk): RawBuilder<unknown> {
  const steps = param('steps');
  const limit = param('limit');
  const { rows, hits } = SAMPLE;
  const isEnough = sql`((SELECT count(*) FROM page) = ${limit} OR (SELECT count(*) FROM walked) NOT IN (${sql.lit(rows)}, ${steps}))`;
  return sql`WITH listed AS MATERIALIZED (SELECT m.id, m.sort_key, (${isHit}) AS is_hit FROM (${list(steps)}) AS m ORDER BY ${orderBy}),
sample AS (SELECT m.is_hit FROM listed AS m ORDER BY ${orderBy} LIMIT ${sql.lit(rows)}),
walked AS MATERIALIZED (SELECT m.* FROM listed AS m ORDER BY ${orderBy}
LIMIT CASE WHEN EXISTS (SELECT FROM sample WHERE is_hit OFFSET ${sql.lit(hits - 1)}) THEN ${steps} ELSE ${sql.lit(rows)} END),
page AS MATERIALIZED (SELECT m.id FROM walked AS m WHERE m.is_hit ORDER BY ${orderBy} LIMIT ${limit})
SELECT m.* FROM (SELECT page.id FROM page WHERE ${isEnough} UNION ALL SELECT found.id FROM (${found}) AS found WHERE NOT ${isEnough}) AS chosen
CROSS JOIN LATERAL (SELECT m.* FROM membership m WHERE m.id = chosen.id OFFSET 0) AS m`;
}
