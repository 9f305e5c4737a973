import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statementsOf } from '../support/statements.ts';
import { isOneOfMany, isStrangerToB } from './matrix/callers.ts';
import { forEachAtOnce } from './matrix/crowd.ts';
import { allLookups, answersTo, walkLookups } from './matrix/finds.ts';
import type { Lookup } from './matrix/lookups.ts';
import { givenIn, queryArguments } from './matrix/schema-walk.ts';
import { createMatrix, type MatrixWorld } from './matrix/world.ts';

/** Of those who have nothing to do with B. */
const STRANGERS = ['owner', 'newcomer to A', 'key of A with everything'];

let matrix: MatrixWorld;
let lookups: Lookup[];

beforeAll(async () => {
  matrix = await createMatrix();
  lookups = await allLookups(matrix);
});

afterAll(() => matrix?.close());

it('has a lookup for every query and argument', () => {
  const { A } = matrix.names;
  const given = new Set(lookups.flatMap(({ ask }) => givenIn(`{ ${ask(A, A)} }`)));
  expect(queryArguments().filter((coordinate) => !given.has(coordinate))).toEqual([]);
});

it('finds in 18,632 cells what the table says, and nothing else', async () => {
  const { cells, wrong } = await walkLookups(matrix);
  expect(wrong).toEqual([]);
  expect(cells).toBe(18_632);
});

/** Selections that differ in what they name: of B and of nothing; within A, what is B's and what is nothing's. */
function pairs(): [theirs: string, nothings: string][] {
  const { nobody, names } = matrix;
  const { A, B } = names;
  return lookups.flatMap(({ ask, isByToken }): [string, string][] => {
    if (isByToken) {
      return [];
    }
    const isMixed = ask(A, B) !== ask(A, A) && ask(A, B) !== ask(B, B);
    const mixed: [string, string] = [ask(A, B), ask(A, nobody)];
    return [[ask(B, B), ask(nobody, nobody)], ...(isMixed ? [mixed] : [])];
  });
}

describe('those who have nothing to do with B', () => {
  it('get the same answers for what is there in B and for what is not there', async () => {
    const strangers = matrix.callers.filter(
      (caller) => isStrangerToB(caller) && !isOneOfMany(caller),
    );
    const asked = pairs();
    const wrong: string[] = [];
    await forEachAtOnce(strangers, async (caller) => {
      const theirs = await answersTo(
        matrix,
        caller,
        asked.map(([there]) => there),
      );
      const nothings = await answersTo(
        matrix,
        caller,
        asked.map(([, absent]) => absent),
      );
      for (const [index, [ask]] of asked.entries()) {
        if (JSON.stringify(theirs[index]) !== JSON.stringify(nothings[index])) {
          wrong.push(`${caller.name}: ${ask}`);
        }
      }
    });
    expect(wrong).toEqual([]);
    expect(strangers.length * asked.length).toBe(3762);
  });

  it.each(STRANGERS)('by the same statements: %s', async (name) => {
    const caller = matrix.callers.find((one) => one.name === name) ?? matrix.master;
    const wrong: string[] = [];
    for (const [theirs, nothings] of pairs()) {
      const [there, absent] = [
        await statementsOf(() => matrix.ask(`{ ${theirs} }`, caller)),
        await statementsOf(() => matrix.ask(`{ ${nothings} }`, caller)),
      ];
      if (there.length !== absent.length || (there.length === 0 && caller.credential !== null)) {
        wrong.push(`${theirs}: ${there.length} and ${absent.length}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
