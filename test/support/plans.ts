import pg from 'pg';
import type { Read } from '../../src/db/database.ts';
import type { Statement } from '../../src/db/statement.ts';

/** A statement as it was sent, and how many rows came back. */
export type Sent = { statement: Statement; values: unknown[]; returned: number };

/** What PostgreSQL did for a statement. */
export type Work = {
  /** Rows read from each table or its indexes, those that were thrown away included. */
  rows: Record<string, number>;
  /** Tables that were read from one end to the other. */
  scanned: string[];
  /** Pages touched. */
  pages: number;
};

/** A `read` that notes what it is asked. */
export function noting(read: Read): { read: Read; sent: Sent[] } {
  const sent: Sent[] = [];
  return {
    sent,
    async read<Row>(statement: Statement, values: unknown[]) {
      const rows = await read<Row>(statement, values);
      sent.push({ statement, values, returned: rows.length });
      return rows;
    },
  };
}

type PlanNode = {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  'Shared Hit Blocks'?: number;
  'Shared Read Blocks'?: number;
  Plans?: PlanNode[];
};

type Explained = { 'QUERY PLAN': [{ Plan: PlanNode }] };

/** Runs statements again, telling what PostgreSQL does for them. */
export async function openExplainer(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const prepared = new Set<string>();
  const EXPLAIN = 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)';
  return {
    /** With a plan for these very values. */
    async custom({ statement, values }: Sent): Promise<Work> {
      const { rows } = await client.query<Explained>(`${EXPLAIN} ${statement.text}`, values);
      return workOf(rows);
    },
    /** With the plan for any values, which a prepared statement gets once it has been run a few times. */
    async generic({ statement, values }: Sent): Promise<Work> {
      if (!prepared.has(statement.name)) {
        await client.query(`SET plan_cache_mode = 'force_generic_plan'`);
        await client.query(`PREPARE "${statement.name}" AS ${statement.text}`);
        prepared.add(statement.name);
      }
      const list = values.length > 0 ? `(${values.map(literal).join(', ')})` : '';
      const { rows } = await client.query<Explained>(
        `${EXPLAIN} EXECUTE "${statement.name}"${list}`,
      );
      return workOf(rows);
    },
    close: () => client.end(),
  };
}

function workOf(rows: Explained[]): Work {
  const plan = rows[0]?.['QUERY PLAN'][0].Plan;
  if (plan === undefined) {
    throw new Error('EXPLAIN said nothing.');
  }
  const work: Work = {
    rows: {},
    scanned: [],
    pages: (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0),
  };
  addWork(plan, work);
  return work;
}

function addWork(node: PlanNode, work: Work): void {
  const table = node['Relation Name'];
  if (table !== undefined) {
    // A bitmap may name more rows than are then fetched: they were read from the index.
    const read = Math.max(readBy(node), ...(node.Plans ?? []).map(mostRead));
    work.rows[table] = (work.rows[table] ?? 0) + Math.round(read);
    if (node['Node Type'] === 'Seq Scan' && node['Actual Loops'] > 0) {
      work.scanned.push(table);
    }
  }
  for (const child of node.Plans ?? []) {
    addWork(child, work);
  }
}

function mostRead(node: PlanNode): number {
  return Math.max(readBy(node), ...(node.Plans ?? []).map(mostRead));
}

function readBy(node: PlanNode): number {
  const removed =
    (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return (node['Actual Rows'] + removed) * node['Actual Loops'];
}

function literal(value: unknown): string {
  if (value === null || value === undefined) {
    return 'NULL';
  }
  if (Buffer.isBuffer(value)) {
    return `'\\x${value.toString('hex')}'`;
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => `"${String(item).replace(/["\\]/g, '\\$&')}"`);
    return pg.escapeLiteral(`{${items.join(',')}}`);
  }
  return pg.escapeLiteral(String(value));
}
