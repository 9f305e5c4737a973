import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { later, type Run, runOf, type Write } from '../../src/execution/run.ts';
import { append, type Growing, grown } from '../../src/execution/text.ts';

const NO_VALUES = { sources: {}, coerced: {} };

/** Writes what `values` are, or come to be, in their order. */
const inOrder =
  (values: unknown[], write: Write = (value) => String(value)): Write =>
  (_nothing, run) => {
    const text: Growing = { pieces: undefined, last: '(' };
    for (const value of values) {
      append(text, later(value, write, run));
    }
    text.last += ')';
    return grown(text);
  };

const run = (write: Write) => runOf(write, undefined, NO_VALUES);

it('gives what is there at once', async () => {
  const take = await run(inOrder([1, 2, 3]));
  expect(take()).toBe('(123)');
});

it('keeps a place for what comes later, whenever it comes', async () => {
  const first = Promise.withResolvers<unknown>();
  const last = Promise.withResolvers<unknown>();
  const asked = run(inOrder([first.promise, 2, last.promise]));
  last.resolve(3);
  await setImmediate();
  first.resolve(1);
  expect((await asked)()).toBe('(123)');
});

it('waits for what comes within what came', async () => {
  const inner = Promise.withResolvers<unknown>();
  const within: Write = (value, at) =>
    value === 'more' ? inOrder(['a', inner.promise, 'c'])(undefined, at) : String(value);
  const asked = run(inOrder([Promise.resolve('more'), Promise.resolve('z')], within));
  await setImmediate();
  inner.resolve('b');
  expect((await asked)()).toBe('((abc)z)');
});

it('gives its text once, and keeps nothing of it', async () => {
  const take = await run(inOrder([Promise.resolve(1), 2]));
  expect([take(), take()]).toEqual(['(12)', '']);
});

it('rejects as the first part that fails, at once or later', async () => {
  const failing: Write = () => {
    throw new Error('not to be written');
  };
  await expect(run(failing)).rejects.toThrow('not to be written');
  await expect(run(inOrder([Promise.resolve(1)], failing))).rejects.toThrow('not to be written');
  const never = new Promise(() => {});
  const refused = Promise.reject(new Error('did not come'));
  await expect(run(inOrder([never, refused]))).rejects.toThrow('did not come');
});

// Vitest fails on what nobody waits for.
it('leaves nothing that nobody waits for', async () => {
  const late = Promise.withResolvers<unknown>();
  const more = Promise.withResolvers<unknown>();
  const within: Write = (value, at: Run) =>
    value === 'more' ? inOrder([more.promise])(undefined, at) : String(value);
  const refused = Promise.reject(new Error('did not come'));
  await expect(run(inOrder([refused, late.promise], within))).rejects.toThrow('did not come');
  late.resolve('more');
  await setImmediate();
  more.reject(new Error('did not come either'));
  await setImmediate();
});
