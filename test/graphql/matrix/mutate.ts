/** Sends every mutation as every caller: what is denied, and that it changes nothing; then what is not. */
import { isInputObjectType } from 'graphql';
import { schema } from '../../../src/graphql/schema.ts';
import { type Caller, isOneOfMany, type Tenant } from './callers.ts';
import { forEachAtOnce } from './crowd.ts';
import { cases } from './mutation-rules.ts';
import type { Names } from './names.ts';
import type { Thing } from './rule.ts';
import type { Case } from './verdict.ts';
import type { Matrix } from './world.ts';

export type MutationFindings = { denied: number; allowed: number; wrong: string[] };

type Cell = { what: Case; names: Names; others: Names; thing: Thing; expected: string };

type Outcome = { __typename: string; code?: string };

/** How many are sent in one document. */
const MUTATIONS_AT_ONCE = 40;

/** Codes that tell the caller of rights, or that the test gave a bad input. */
export const RIGHTS = new Set([
  'FORBIDDEN',
  'NOT_FOUND',
  'INVALID_INPUT',
  'AUTH_METHOD_NOT_ALLOWED',
  'MFA_REQUIRED',
]);

let number = 0;

/** What is denied is asked for as it is; nothing of it may happen. Stops after `most` that are wrong. */
export function walkDenied(
  matrix: Matrix,
  callers: Caller[] = matrix.callers,
  most = Number.POSITIVE_INFINITY,
): Promise<Omit<MutationFindings, 'allowed'>> {
  return walkRefused(matrix, callers, most, ({ isEnding }) => !isEnding);
}

/** What is refused, and ends by that. */
export function walkEnding(matrix: Matrix): Promise<Omit<MutationFindings, 'allowed'>> {
  return walkRefused(matrix, matrix.callers, Number.POSITIVE_INFINITY, ({ isEnding }) =>
    Boolean(isEnding),
  );
}

async function walkRefused(
  matrix: Matrix,
  callers: Caller[],
  most: number,
  isWalked: (what: Case) => boolean,
): Promise<Omit<MutationFindings, 'allowed'>> {
  const findings = { denied: 0, wrong: [] as string[] };
  await forEachAtOnce(
    callers,
    async (caller) => {
      const cells = cellsOf(matrix, caller).filter(
        ({ expected, what }) => expected !== 'done' && isWalked(what),
      );
      const outcomes = await send(matrix, caller, cells, false);
      for (const [index, { what, names, expected }] of cells.entries()) {
        findings.denied += 1;
        const found = outcomes[index]?.code ?? 'done';
        if (found !== expected) {
          findings.wrong.push(
            `${caller.name}: ${what.name} in ${names.tenant}: ${found}, not ${expected}`,
          );
        }
      }
    },
    () => findings.wrong.length >= most,
  );
  return findings;
}

/** What is not denied is asked for with a version that it has not, where it takes one, so that the next finds it too. */
export async function walkAllowed(
  matrix: Matrix,
  callers: Caller[] = matrix.callers,
): Promise<Omit<MutationFindings, 'denied'>> {
  const findings = { allowed: 0, wrong: [] as string[] };
  for (const caller of callers) {
    const cells = cellsOf(matrix, caller).filter(
      ({ expected, what }) => expected === 'done' && what.isOnce === undefined,
    );
    const outcomes = await send(matrix, caller, cells, true);
    for (const [index, { what, names }] of cells.entries()) {
      findings.allowed += 1;
      const { code } = outcomes[index] ?? { code: 'nothing' };
      if (code !== undefined && RIGHTS.has(code)) {
        findings.wrong.push(`${caller.name}: ${what.name} in ${names.tenant}: ${code}`);
      }
    }
  }
  return findings;
}

/** Every case for a caller with each organization; with A only, where B would be the same or is the same to many. */
export function cellsOf(matrix: Matrix, caller: Caller): Cell[] {
  const isEnough = caller.holds.environment.length > 0 || isOneOfMany(caller);
  const tenants: Tenant[] = isEnough ? ['A'] : ['A', 'B'];
  return tenants.flatMap((tenant) =>
    cases.flatMap((what): Cell[] => {
      const names = matrix.names[tenant];
      if ((what.isOfEnvironment && tenant === 'B') || what.isFor?.(caller, names) === false) {
        return [];
      }
      const whose = what.about?.(names, caller) ?? names.mia.email;
      const thing: Thing = what.isOfEnvironment ? {} : { tenant, whose, in: [tenant] };
      return [{ what, names, others: names, thing, expected: what.verdict(caller, thing) }];
    }),
  );
}

/** What comes of the cells, in their order. */
export async function send(
  matrix: Matrix,
  caller: Caller,
  cells: Omit<Cell, 'expected' | 'thing'>[],
  isFused: boolean,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let start = 0; start < cells.length; start += MUTATIONS_AT_ONCE) {
    const some = cells.slice(start, start + MUTATIONS_AT_ONCE);
    const variables: Record<string, object> = {};
    const fields = some.map(({ what, names, others }, index) => {
      const mutation = mutationOf(what);
      number += 1;
      const { shared } = matrix;
      const input = what.input({ names, others, shared, caller, fresh: `fresh${number}` });
      variables[`i${index}`] =
        isFused && isVersioned(mutation) ? { ...input, expectedVersion: 987_654 } : input;
      return `a${index}: ${mutation}(input: $i${index}) { __typename ... on Error { code message } }`;
    });
    const inputs = some.map(({ what }, index) => `$i${index}: ${inputOf(mutationOf(what))}!`);
    const { data, errors } = await matrix.ask(
      `mutation (${inputs.join(', ')}) { ${fields.join('\n')} }`,
      caller,
      variables,
    );
    if (errors) {
      throw new Error(`${caller.name}: ${JSON.stringify(errors.slice(0, 3))}`);
    }
    outcomes.push(...some.map((_, index) => data?.[`a${index}`] as Outcome));
  }
  return outcomes;
}

/** A digest of every table, without when keys and accounts were last used. */
export async function digest(matrix: Matrix): Promise<Record<string, string>> {
  const tables = await matrix.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`,
  );
  const digests: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await matrix.query<{ digest: string }>(
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(line, '' ORDER BY line)), '') AS digest
       FROM (SELECT (to_jsonb(t) - 'last_used_at')::text AS line FROM "${name}" AS t) AS lines`,
    );
    digests[name] = row?.digest ?? '';
  }
  return digests;
}

/** The mutation that a case is of. */
export function mutationOf({ name }: Case): string {
  return name.split(',')[0] ?? '';
}

/** The type of its input. */
export function inputOf(mutation: string): string {
  return `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
}

function isVersioned(mutation: string): boolean {
  const type = schema.getType(inputOf(mutation));
  return isInputObjectType(type) && 'expectedVersion' in type.getFields();
}
