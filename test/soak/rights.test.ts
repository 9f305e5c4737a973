import { afterAll, beforeAll, expect, it } from 'vitest';
import { walkFields } from '../graphql/matrix/fields.ts';
import { walkLookups } from '../graphql/matrix/finds.ts';
import { walkDenied, walkEnding } from '../graphql/matrix/mutate.ts';
import { createMatrix, type Matrix, type MatrixWorld } from '../graphql/matrix/world.ts';
import { type Copies, copiesOf, startWithout } from './copies.ts';
import { removedRules } from './rules.ts';

/** Half of the time of a soak, for as many rules as it suffices for; 0: all of them. */
const SECONDS = Number(process.env.SOAK_SECONDS ?? 60) / 2;

/** Rules whose removal changes nothing that anybody could see: what they keep, another rule keeps too. */
const UNSEEN: Record<string, string> = {
  'the guard in src/graphql/viewer-can.ts': 'It is found among the rights that are one’s own.',
};

let matrix: MatrixWorld;
let copies: Copies;

beforeAll(async () => {
  matrix = await createMatrix();
  copies = await copiesOf(matrix);
});

afterAll(async () => {
  await copies?.close();
  await matrix?.close();
});

/** What callers are told of their permissions is not what these open. */
const isTold = (cell: string) => cell.includes('viewer { permissions');

/** Some of the cells that are not as the table says. */
async function noticed(of: Matrix): Promise<string[]> {
  const fields = await walkFields(of, of.callers, 1);
  const denied = fields.wrong.length > 0 ? fields : await walkDenied(of, of.callers, 1);
  const found = denied.wrong.length > 0 ? denied : await walkLookups(of);
  const { wrong } = found.wrong.length > 0 ? found : await walkEnding(of);
  return wrong.filter((cell) => !isTold(cell));
}

it('is noticed by the matrix when a rule is missing', { timeout: 7_200_000 }, async () => {
  const rules = removedRules();
  const order = rules.map((rule) => ({ rule, at: Math.random() })).sort((a, b) => a.at - b.at);
  const end = Date.now() + (SECONDS || 7200) * 1000;
  const unnoticed: string[] = [];
  let tried = 0;
  for (const { rule } of order) {
    if (Date.now() > end) {
      break;
    }
    const { gateway, close } = await startWithout(copies, rule);
    try {
      // Without some rules others find what they do not expect: that is noticed, too.
      const wrong = await noticed({ ...matrix, ...gateway }).catch((error: Error) => [
        error.message,
      ]);
      if ((wrong.length === 0) !== Object.hasOwn(UNSEEN, rule.name.replace(/:\d+$/, ''))) {
        unnoticed.push(rule.name);
      }
      tried += 1;
    } finally {
      await close();
    }
  }
  expect(unnoticed).toEqual([]);
  expect(tried).toBeGreaterThan(0);
});
