import { setImmediate } from 'node:timers/promises';
import { array, assert, asyncProperty, constantFrom, scheduler, uniqueArray } from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTurns } from '../../src/db/turns.ts';

const giveUp = () => new Error('gave up');

/** Work that lasts until it is told to end, and notes in `begun` that it began. */
function slowly(name: string, begun: string[]) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return {
    work: () => {
      begun.push(name);
      return promise;
    },
    end: () => resolve(name),
    fail: () => reject(new Error(name)),
  };
}

it('lets one after the other, in the order in which they came', async () => {
  const inTurn = createTurns();
  const begun: string[] = [];
  const all = ['a', 'b', 'c'].map((name) => slowly(name, begun));
  const done = all.map(({ work }) => inTurn(['x'], work, giveUp));
  for (const [index, { end }] of all.entries()) {
    await setImmediate();
    expect(begun).toEqual(['a', 'b', 'c'].slice(0, index + 1));
    end();
  }
  expect(await Promise.all(done)).toEqual(['a', 'b', 'c']);
});

it('keeps nobody waiting who shares no name, or has none', async () => {
  const inTurn = createTurns();
  const begun: string[] = [];
  const all = ['a', 'b', 'c', 'd'].map((name) => slowly(name, begun));
  const names = [['x'], ['y'], [], []];
  const done = all.map(({ work }, index) => inTurn(names[index] ?? [], work, giveUp));
  await setImmediate();
  expect(begun.sort()).toEqual(['a', 'b', 'c', 'd']);
  for (const { end } of all) {
    end();
  }
  await Promise.all(done);
});

it('takes a name that is given twice once', async () => {
  expect(await createTurns()(['x', 'x'], () => Promise.resolve(1), giveUp)).toBe(1);
});

it('frees the turn of work that throws, at once or later', async () => {
  const inTurn = createTurns();
  const broken = slowly('broken', []);
  const first = inTurn(['x', 'y'], broken.work, giveUp);
  const second = inTurn(
    ['y', 'z'],
    () => {
      throw new Error('at once');
    },
    giveUp,
  );
  const third = inTurn(['x', 'y', 'z'], () => Promise.resolve('done'), giveUp);
  broken.fail();
  await expect(first).rejects.toThrow('broken');
  await expect(second).rejects.toThrow('at once');
  expect(await third).toBe('done');
});

it('lets all of them through, whatever they name, and never two with the same name', async () => {
  const names = uniqueArray(constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });
  await assert(
    asyncProperty(array(names, { minLength: 2, maxLength: 12 }), scheduler(), async (all, s) => {
      const inTurn = createTurns();
      const inside = new Set<string>();
      const begun: number[] = [];
      const done = all.map((mine, index) =>
        inTurn(
          mine,
          async () => {
            begun.push(index);
            for (const name of mine) {
              expect(inside.has(name)).toBe(false);
              inside.add(name);
            }
            await s.schedule(Promise.resolve());
            for (const name of mine) {
              inside.delete(name);
            }
            if (index % 3 === 2) {
              throw new Error('frees its turns, too');
            }
          },
          giveUp,
        ),
      );
      await s.waitFor(Promise.allSettled(done));
      expect(begun.length).toBe(all.length);
      // Whoever names the same waits in the order in which they came.
      for (const [index, mine] of all.entries()) {
        const same = all.findIndex((other) => [...other].sort().join() === [...mine].sort().join());
        if (mine.length > 0) {
          expect(begun.indexOf(same)).toBeLessThanOrEqual(begun.indexOf(index));
        }
      }
    }),
  );
});

describe('patience', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('ends after a while, and the line stays as it was', async () => {
    const inTurn = createTurns(3000);
    const begun: string[] = [];
    const [one, two, three, four] = ['one', 'two', 'three', 'four'].map((name) =>
      slowly(name, begun),
    );
    const first = inTurn(['x'], one?.work ?? fail, giveUp);
    const second = inTurn(['x'], two?.work ?? fail, giveUp);
    const refused = expect(second).rejects.toThrow('gave up');
    await vi.advanceTimersByTimeAsync(1);
    const third = inTurn(['x'], three?.work ?? fail, giveUp);
    await vi.advanceTimersByTimeAsync(2999);
    await refused;
    const fourth = inTurn(['x'], four?.work ?? fail, giveUp);
    await setImmediate();
    expect(begun).toEqual(['one']);
    one?.end();
    await first;
    await setImmediate();
    expect(begun).toEqual(['one', 'three']);
    three?.end();
    four?.end();
    expect(await Promise.all([third, fourth])).toEqual(['three', 'four']);
    expect(begun).toEqual(['one', 'three', 'four']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is the same for many names as for one, and what was taken meanwhile is free again', async () => {
    const inTurn = createTurns(3000);
    const begun: string[] = [];
    const a = slowly('a', begun);
    const b = slowly('b', begun);
    const holders = [inTurn(['a'], a.work, giveUp), inTurn(['b'], b.work, giveUp)];
    const both = inTurn(['b', 'a'], fail, giveUp);
    const refused = expect(both).rejects.toThrow('gave up');
    await vi.advanceTimersByTimeAsync(2000);
    a.end();
    await vi.advanceTimersByTimeAsync(1000);
    await refused;
    expect(await inTurn(['a'], () => Promise.resolve('free'), giveUp)).toBe('free');
    b.end();
    await Promise.all(holders);
  });

  it('is not for the work itself', async () => {
    const inTurn = createTurns();
    const long = slowly('long', []);
    const done = inTurn(['x'], long.work, giveUp);
    await vi.advanceTimersByTimeAsync(60_000);
    long.end();
    expect(await done).toBe('long');
  });
});

function fail(): Promise<string> {
  throw new Error('This must not run.');
}
