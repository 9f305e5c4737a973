import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CsvRow, readCsv } from '../../src/cli/import/csv.ts';

const lineEndings = ['\n', '\r\n', '\r'] as const;

const cell = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc
    .array(fc.constantFrom('"', ',', '\n', '\r\n', 'é', '漢', '🙂', 'x', ' '), { maxLength: 6 })
    .map((parts) => parts.join('')),
);
const table = fc.integer({ min: 2, max: 4 }).chain((width) =>
  fc.array(fc.array(cell, { minLength: width, maxLength: width }), {
    minLength: 1,
    maxLength: 12,
  }),
);

test('whatever stands in quoted cells comes out again, however the bytes arrive', async () => {
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.constantFrom(...lineEndings),
      fc.boolean(),
      fc.integer({ min: 1, max: 40 }),
      async (rows, lineEnding, mark, chunkSize) => {
        const text = rows.map((row) => row.map(quote).join(',')).join(lineEnding);
        const found = await read(`${mark ? '\ufeff' : ''}${text}`, chunkSize);
        expect(found.map(({ cells }) => cells)).toEqual(rows);
      },
    ),
    { numRuns: 300 },
  );
});

test('every row knows the line it begins on', async () => {
  const text = 'a,b\r\n"1\n2",x\n\n\r\n"3\r\n\r\n4",y\rz,5';
  expect(await lines(text)).toEqual([
    [1, 'a'],
    [2, '1\n2'],
    [6, '3\r\n\r\n4'],
    [9, 'z'],
  ]);
});

test.each([
  ['a stray quote', 'x,5" disk'],
  ['text behind a closing quote', 'x,"5"disk'],
  ['a quote that is never closed', 'x,"5 disk'],
])('%s costs its row and nothing else', async (_, bad) => {
  for (const lineEnding of lineEndings) {
    const rows = ['h1,h2', 'a,1', bad, 'b,2', 'c,"3"', 'd,"4', '4"', 'e,5'];
    for (const chunkSize of [1, 2, 3, 1000]) {
      const found = await read(rows.join(lineEnding), chunkSize);
      expect(found.map(({ line, cells }) => [line, cells?.[0]])).toEqual([
        [1, 'h1'],
        [2, 'a'],
        [3, undefined],
        [4, 'b'],
        [5, 'c'],
        [6, 'd'],
        [8, 'e'],
      ]);
      expect(found[2]?.problem).toMatch(/quote/i);
    }
  }
});

test('a quote that is never closed is given up in a long file too', async () => {
  const many = Array.from({ length: 50_000 }, (_, at) => `row ${at},x`);
  const found = await read(['h1,h2', '"bad,x', ...many].join('\n'), 65_536);
  expect(found.length).toBe(many.length + 2);
  expect(found.filter(({ problem }) => problem !== undefined).map(({ line }) => line)).toEqual([2]);
  expect(found.at(-1)).toEqual({ line: many.length + 2, cells: ['row 49999', 'x'] });
});

test('an empty file has no rows', async () => {
  expect(await read('', 10)).toEqual([]);
  expect(await read('\ufeff\r\n\n', 1)).toEqual([]);
});

async function read(text: string, chunkSize: number): Promise<CsvRow[]> {
  async function* chunks() {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += chunkSize) {
      yield await Promise.resolve(bytes.subarray(at, at + chunkSize));
    }
  }
  const rows: CsvRow[] = [];
  for await (const row of readCsv(chunks())) {
    rows.push(row);
  }
  return rows;
}

async function lines(text: string) {
  return (await read(text, 1000)).map(({ line, cells }) => [line, cells?.[0]]);
}

function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
