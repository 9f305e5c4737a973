/** Looks everything up by every argument as every caller: what the table says is found, and nothing else. */
import { type Caller, isOneOfMany, type Tenant } from './callers.ts';
import { forEachAtOnce } from './crowd.ts';
import { type Lookup, lists, lookups } from './lookups.ts';
import type { Names } from './names.ts';
import { all, open } from './rule.ts';
import type { Matrix } from './world.ts';

export type LookupFindings = { cells: number; wrong: string[] };

/** How many are asked in one document. */
const LOOKUPS_AT_ONCE = 60;

/** All lookups, those by cursors too. `cursors` are one of each list, by the tenant. */
export async function allLookups(matrix: Matrix): Promise<Lookup[]> {
  const paged: Lookup[] = [];
  for (const [name, { way, rule, cursorsOf = name }] of Object.entries(lists)) {
    const cursorOf = async (names: Names) => {
      const { data } = await matrix.ask(
        `{ list: ${lists[cursorsOf]?.way(names, '(first: 1) { edges { cursor } }')} }`,
        matrix.master,
      );
      return /"cursor":"([^"]+)"/.exec(JSON.stringify(data))?.[1] ?? '';
    };
    const cursors: Record<Tenant, string> = {
      A: await cursorOf(matrix.names.A),
      B: await cursorOf(matrix.names.B),
    };
    for (const argument of ['after', 'before']) {
      paged.push({
        ask: (names, { tenant = 'B' }) =>
          way(names, `(${argument}: "${cursors[tenant]}") { pageInfo { hasNextPage } }`),
        rule: all(rule, open),
      });
    }
  }
  return [...lookups, ...paged];
}

/** What the callers find in both organizations (in A, where B is the same to many), against the rules. Stops after `most` that are wrong. */
export async function walkLookups(
  matrix: Matrix,
  callers: Caller[] = matrix.callers,
  most = Number.POSITIVE_INFINITY,
): Promise<LookupFindings> {
  const findings: LookupFindings = { cells: 0, wrong: [] };
  const everything = await allLookups(matrix);
  await forEachAtOnce(
    callers,
    async (caller) => {
      const tenants: Tenant[] = isOneOfMany(caller) ? ['A'] : ['A', 'B'];
      for (const tenant of tenants) {
        const names = matrix.names[tenant];
        const thing = { tenant, whose: names.ada.email, in: [tenant] };
        const asked = everything.map(({ ask }) => ask(names, names));
        const answers = await answersTo(matrix, caller, asked);
        for (const [index, { rule }] of everything.entries()) {
          findings.cells += 1;
          const found = isFound(answers[index]);
          if (found !== rule(caller, thing)) {
            findings.wrong.push(
              `${caller.name}: ${asked[index]} ${found ? 'finds' : 'does not find'}`,
            );
          }
        }
      }
    },
    () => findings.wrong.length >= most,
  );
  return findings;
}

/** The answers to selections of the root, each as if it were asked alone. */
export async function answersTo(
  matrix: Matrix,
  caller: Caller,
  asked: string[],
): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (let start = 0; start < asked.length; start += LOOKUPS_AT_ONCE) {
    const some = asked.slice(start, start + LOOKUPS_AT_ONCE);
    const document = some.map((selection, index) => `a${index}: ${selection}`).join('\n');
    const { data, errors = [] } = await matrix.ask(`{ ${document} }`, caller);
    const unexpected = errors.find(({ extensions }) => extensions?.code !== 'INVALID_INPUT');
    if (unexpected) {
      throw new Error(`${caller.name}: ${JSON.stringify(unexpected)}`);
    }
    answers.push(
      ...some.map((_, index) => {
        const own = errors.filter(({ path }) => path?.[0] === `a${index}`);
        return own.length === 0
          ? data?.[`a${index}`]
          : own.map(({ message, extensions }) => ({ message, extensions }));
      }),
    );
  }
  return answers;
}

/** Whether there is something at the end of the answer: no null, no empty list. */
function isFound(answer: unknown): boolean {
  if (Array.isArray(answer)) {
    return answer.length > 0 && answer.some((item) => item !== null);
  }
  if (typeof answer !== 'object' || answer === null) {
    return answer !== null && answer !== undefined;
  }
  const [only] = Object.values(answer);
  return isFound(only);
}
