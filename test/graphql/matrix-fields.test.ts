import { afterAll, beforeAll, expect, it } from 'vitest';
import { fieldRules } from './matrix/field-rules.ts';
import { type Findings, walkFields } from './matrix/fields.ts';
import { ANSWERS, objectTypes } from './matrix/schema-walk.ts';
import { createMatrix, type MatrixWorld } from './matrix/world.ts';

/** Constants, fields of organizations on events that are of none, and what events of the type do not tell. */
const EMPTY =
  /^(?:Anonymous|System)\.name$|^(?:Environment|Identity|Permission|User)[A-Z]\w+\.(?:organization|organizationId|sequence)$|^RoleDeleted\.changes$/;

let matrix: MatrixWorld;
let findings: Findings;

beforeAll(async () => {
  matrix = await createMatrix();
  findings = await walkFields(matrix);
});

afterAll(() => matrix?.close());

const ruled = Object.entries(fieldRules).flatMap(([type, fields]) =>
  Object.keys(fields).map((field) => `${type}.${field}`),
);

it('has a rule for every field, and none for what is gone', () => {
  // The objects of answers are those of the others.
  const fields = objectTypes()
    .filter(({ name }) => !ANSWERS.test(name))
    .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
  expect(ruled.sort()).toEqual(fields.sort());
});

it('meets every field with something in it', () => {
  expect(ruled.filter((field) => !findings.shown.has(field) && !EMPTY.test(field))).toEqual([]);
});

it('shows in 103,953 cells what the table says, and nothing else', () => {
  expect(findings.wrong).toEqual([]);
  expect({ callers: matrix.callers.length, cells: findings.cells }).toEqual({
    callers: 83,
    cells: 103_953,
  });
});
