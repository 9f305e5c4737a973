import { expect, test } from 'vitest';
import { applyOrSplit } from '../../src/cli/import/failures.ts';
import { ImportStoppedError } from '../../src/cli/import/session.ts';
import { BusyError, InputError } from '../../src/domain/errors.ts';

type Row = { id: number; group: string };

const rows = Array.from({ length: 64 }, (_, id): Row => ({ id, group: `g${id % 4}` }));

/** Applies rows unless `fail` finds something; counts the calls. */
function importer(fail: (batch: Row[]) => unknown) {
  const calls: number[] = [];
  const apply = applyOrSplit(
    (batch: Row[]) => {
      calls.push(batch.length);
      const error = fail(batch);
      return error === undefined
        ? Promise.resolve(batch.map(({ id }) => `done ${id}`))
        : Promise.reject(error);
    },
    ({ group }) => group,
    ({ id }) => `refused ${id}`,
  );
  return { calls, apply };
}

test('one poisonous row is found in a few tries, and the results keep their order', async () => {
  const { apply, calls } = importer((batch) =>
    batch.some(({ id }) => id === 37) ? new Error('poison') : undefined,
  );
  expect(await apply(rows)).toEqual(
    rows.map(({ id }) => (id === 37 ? 'refused 37' : `done ${id}`)),
  );
  expect(calls.length).toBeLessThanOrEqual(13);
});

test('a busy organization is tried again', async () => {
  let left = 2;
  const { apply, calls } = importer(() => {
    left -= 1;
    return left >= 0 ? new BusyError(1) : undefined;
  });
  expect(await apply(rows)).toEqual(rows.map(({ id }) => `done ${id}`));
  expect(calls).toEqual([64, 64, 64]);
});

test('an organization that stays busy takes only its own rows with it', async () => {
  const { apply, calls } = importer((batch) =>
    batch.some(({ group }) => group === 'g2') ? new BusyError(1) : undefined,
  );
  expect(await apply(rows)).toEqual(
    rows.map(({ id, group }) => (group === 'g2' ? `refused ${id}` : `done ${id}`)),
  );
  expect(calls).toEqual([64, 64, 64, 64, 32, 32, 16, 16, 16, 16, 16]);
});

test('what the database refuses altogether stops the import', async () => {
  const readOnly = Object.assign(new Error('cannot execute INSERT in a read-only transaction'), {
    meta: { driverAdapterError: { cause: { originalCode: '25006' } } },
  });
  const { apply, calls } = importer(() => readOnly);
  await expect(apply(rows)).rejects.toThrow(ImportStoppedError);
  expect(calls).toEqual([64]);
});

test('when every row fails for unforeseen reasons, the import stops; refusals of the domain do not count', async () => {
  const many = [...rows, ...rows];
  const broken = importer(() => new Error('a bug'));
  await expect(broken.apply(many)).rejects.toThrow(ImportStoppedError);
  const refusing = importer(() => new InputError([]));
  expect(await refusing.apply(many)).toEqual(many.map(({ id }) => `refused ${id}`));
});
