/**
 * Pages of what an index finds among the members of an organization. It finds in no order, so it finds everything before
 * the page can be cut, however much that is. Where much is found, a page is filled sooner by a walk along the list.
 */
import { type RawBuilder, sql } from 'kysely';
import { param } from './statement.ts';

/**
 * How many rows are walked at most for each row of the page: a page of what every fifteenth has is then all but surely
 * filled. To go twice as far would serve what every fortieth has, of which the index does not find much, and double what
 * it costs to walk in vain.
 */
const STEPS = 30;

/**
 * How much must be found in how many rows, or the walk ends there: so what is rare or absent costs a fraction of a
 * millisecond more than by the index alone. What every eleventh has is missed once in a thousand times.
 */
const SAMPLE = { rows: 100, hits: 2 };

export type Walk = {
  /** The list in its order, from where the page may begin: at most so many memberships, each with its `sort_key`. */
  list: (limit: RawBuilder<unknown>) => RawBuilder<unknown>;
  /** Which memberships `m` of it are looked for. */
  isHit: RawBuilder<unknown>;
  /** The order of the list, by `m.sort_key` and `m.id`. */
  orderBy: RawBuilder<unknown>;
  /** The same page by the index, whatever it costs. */
  found: RawBuilder<unknown>;
};

/** What the placeholder of a walk stands for, for a page of so many rows. */
export function walkValues(size: number): Record<string, unknown> {
  return { steps: STEPS * (size + 1) };
}

/**
 * A page of memberships: walked, or by the index if the walk neither fills the page nor ends with the list. PostgreSQL
 * reads no more of `listed` than is asked for; what it keeps of a row is short, so those of the page are read once more.
 */
export function walkFirst({ list, isHit, orderBy, found }: Walk): RawBuilder<unknown> {
  const steps = param('steps');
  const limit = param('limit');
  const rows = sql.lit(SAMPLE.rows);
  const goesOn = sql`(SELECT goes_on FROM sample)`;
  const isEnough = sql`((SELECT count(*) FROM page) = ${limit} OR ${goesOn} AND (SELECT count(*) FROM listed) < ${steps})`;
  return sql`WITH listed AS MATERIALIZED (SELECT m.id, m.sort_key, (${isHit}) AS is_hit FROM (${list(steps)}) AS m ORDER BY ${orderBy}),
sample AS MATERIALIZED (SELECT count(*) < ${rows} OR count(*) FILTER (WHERE is_hit) >= ${sql.lit(SAMPLE.hits)} AS goes_on
FROM (SELECT is_hit FROM listed LIMIT ${rows}) AS m),
page AS MATERIALIZED (SELECT m.id FROM listed AS m WHERE m.is_hit AND ${goesOn} ORDER BY ${orderBy} LIMIT ${limit})
SELECT m.* FROM (SELECT page.id FROM page WHERE ${isEnough} UNION ALL SELECT found.id FROM (${found}) AS found WHERE NOT ${isEnough}) AS chosen
CROSS JOIN LATERAL (SELECT m.* FROM membership m WHERE m.id = chosen.id OFFSET 0) AS m`;
}
