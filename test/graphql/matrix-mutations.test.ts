import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { statementsOf } from '../support/statements.ts';
import { answerRules, walkAnswers } from './matrix/answers.ts';
import { isOneOfMany, isStrangerToB } from './matrix/callers.ts';
import { forEachAtOnce } from './matrix/crowd.ts';
import {
  cellsOf,
  digest,
  mutationOf,
  send,
  walkAllowed,
  walkDenied,
  walkEnding,
} from './matrix/mutate.ts';
import { cases } from './matrix/mutation-rules.ts';
import type { Names } from './matrix/names.ts';
import { ANSWERS, givenTo, mutationInputs, objectTypes } from './matrix/schema-walk.ts';
import type { Case } from './matrix/verdict.ts';
import { createMatrix, type MatrixWorld } from './matrix/world.ts';

/** Of those who have nothing to do with B. */
const STRANGERS = ['owner', 'newcomer to A', 'key of A with everything'];

let matrix: MatrixWorld;
let before: Record<string, string>;

beforeAll(async () => {
  matrix = await createMatrix();
  before = await digest(matrix);
});

afterAll(() => matrix?.close());

/** Names something in B that its caller may know of by its id. */
const isOfStrangers = ({ what, names }: { what: Case; names: Names }) =>
  names.tenant === 'B' && what.isFor === undefined && what.isByToken === undefined;

it('has a rule for every mutation and every field of its input, and none for what is gone', () => {
  const { names, shared, callers } = matrix;
  const caller = callers.find(({ name }) => name === 'owner') ?? matrix.master;
  const given = cases.flatMap((what) =>
    givenTo(
      mutationOf(what),
      what.input({ names: names.A, others: names.A, shared, caller, fresh: 'fresh' }),
    ),
  );
  const all = mutationInputs();
  // Versions are given to what is allowed, to stop it.
  const ruled = new Set([...given, ...all.filter((name) => name.endsWith('.expectedVersion'))]);
  expect([...ruled].sort()).toEqual(all);
  expect([...new Set(cases.map(mutationOf))].sort()).toEqual(
    Object.keys(schema.getMutationType()?.getFields() ?? {}).sort(),
  );
});

it('denies 9,702 cells with the code of the table, and changes nothing', async () => {
  const { denied, wrong } = await walkDenied(matrix);
  expect(wrong).toEqual([]);
  expect(denied).toBe(9702);
  expect(await digest(matrix)).toEqual(before);
});

describe('those who have nothing to do with B', () => {
  it('get the same refusals for what is there in B and for what is not there', async () => {
    const { names, nobody, callers } = matrix;
    const strangers = callers.filter((one) => isStrangerToB(one) && !isOneOfMany(one));
    const wrong: string[] = [];
    let compared = 0;
    await forEachAtOnce(strangers, async (caller) => {
      const asked = cellsOf(matrix, caller).filter(isOfStrangers);
      const named = (there: typeof nobody) =>
        asked.map(({ what }) => ({ what, names: there, others: there }));
      const theirs = await send(matrix, caller, named(names.B), false);
      const nothings = await send(matrix, caller, named(nobody), false);
      for (const [index, { what }] of asked.entries()) {
        compared += 1;
        if (JSON.stringify(theirs[index]) !== JSON.stringify(nothings[index])) {
          wrong.push(
            `${caller.name}: ${what.name}: ${JSON.stringify([theirs[index], nothings[index]])}`,
          );
        }
      }
    });
    expect(wrong).toEqual([]);
    expect(compared).toBe(1650);
    expect(await digest(matrix)).toEqual(before);
  });

  it.each(STRANGERS)('by the same statements: %s', async (name) => {
    const { names, nobody } = matrix;
    const caller = matrix.callers.find((one) => one.name === name) ?? matrix.master;
    const wrong: string[] = [];
    const countOf = async (what: Case, there: Names, others: Names) =>
      (await statementsOf(() => send(matrix, caller, [{ what, names: there, others }], false)))
        .length;
    for (const { what, ...cell } of cellsOf(matrix, caller)) {
      if (isOfStrangers({ what, ...cell })) {
        const counts = [await countOf(what, names.B, names.B), await countOf(what, nobody, nobody)];
        if (counts[0] !== counts[1]) {
          wrong.push(`${what.name}: ${counts}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each(['owner', 'key of A with everything'])(
    'get no other refusals, by no other statements, when they name in A what is B’s: %s',
    async (name) => {
      const { names, nobody, shared } = matrix;
      const { A, B } = names;
      const caller = matrix.callers.find((one) => one.name === name) ?? matrix.master;
      const wrong: string[] = [];
      const mixed = cellsOf(matrix, caller).filter(({ what, names: { tenant } }) => {
        const input = (others: Names) =>
          JSON.stringify(what.input({ names: A, others, shared, caller, fresh: 'fresh' }));
        return tenant === 'A' && input(A) !== input(B);
      });
      for (const { what } of mixed) {
        const answerTo = async (others: Names) => {
          let outcome: unknown;
          const statements = await statementsOf(async () => {
            [outcome] = await send(matrix, caller, [{ what, names: A, others }], false);
          });
          return JSON.stringify({ outcome, statements: statements.length });
        };
        const answers = [await answerTo(B), await answerTo(nobody)];
        if (answers[0] !== answers[1]) {
          wrong.push(`${what.name}: ${answers.join(' and ')}`);
        }
      }
      expect(wrong).toEqual([]);
      expect(mixed.length).toBe(18);
      expect(await digest(matrix)).toEqual(before);
    },
  );
});

it('refuses in 192 cells what ends by it', async () => {
  const { denied, wrong } = await walkEnding(matrix);
  expect(wrong).toEqual([]);
  expect(denied).toBe(192);
  const { guests } = matrix.names.A;
  const { data } = await matrix.ask(
    'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Invitation { status membership { status statusReason } } } }',
    matrix.master,
    { ids: [guests.ofGone.inv, guests.ofMember.inv, guests.ofKey.inv, guests.ofManager.inv] },
  );
  const statusReason = expect.stringMatching(/inviter/);
  expect(data?.nodes).toEqual(
    Array(4).fill({ status: 'REVOKED', membership: { status: 'REMOVED', statusReason } }),
  );
});

it('lets 726 cells through', async () => {
  const { allowed, wrong } = await walkAllowed(matrix);
  expect(wrong).toEqual([]);
  expect(allowed).toBe(726);
});

it('has a rule for every field of what mutations answer, and none for what is gone', () => {
  const fields = objectTypes()
    .filter(({ name }) => ANSWERS.test(name))
    .flatMap((type) => Object.keys(type.getFields()));
  expect(Object.keys(answerRules).sort()).toEqual([...new Set(fields)].sort());
});

it('answers in 969 cells with what may be seen of it', async () => {
  const { cells, wrong, types } = await walkAnswers(matrix);
  expect(wrong).toEqual([]);
  const payloads = Object.keys(schema.getTypeMap()).filter((name) => name.endsWith('Payload'));
  // The permission of the matrix is in use.
  expect(payloads.filter((name) => !types.has(name))).toEqual(['PermissionDeletePayload']);
  expect(cells).toBe(969);
});
