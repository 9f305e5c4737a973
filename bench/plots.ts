/** The results as pictures, beside README.md. */
import { writeFile } from 'node:fs/promises';
import type { Curve, Point } from './growth.ts';
import { FIRST_NAMES } from './questions.ts';
import { NAMES, type Results, twoDigits } from './report.ts';
import { type Mark, picture, rect, text } from './svg.ts';

/** Where they stand. */
const FILES = {
  throughput: 'throughput.svg',
  tenants: 'growth-tenants.svg',
  members: 'growth-members.svg',
};

/** No operation may become dearer than this, per object. */
const GOAL = 1.5;

/** Writes the bars, and the curves if there are any. */
export async function writePlots({ shareOfFloor, growth }: Results): Promise<void> {
  const write = (file: string, svg: string) => writeFile(new URL(file, import.meta.url), svg);
  await write(FILES.throughput, barsOf(shareOfFloor));
  if (growth !== undefined) {
    const of = (grows: Curve['grows']) => growth.filter((curve) => curve.grows === grows);
    await write(FILES.tenants, curvesOf(of('tenants'), 'memberships in all tenants'));
    await write(FILES.members, curvesOf(of('members'), 'members of the one tenant'));
  }
}

const BARS = { label: 230, width: 380, line: 22, gap: 14, top: 40 };

/** Requests per second as a share of the best floor's: one group of bars for each operation. */
export function barsOf(shares: Results['shareOfFloor']): string {
  const { label, width, line, gap, top } = BARS;
  const groups = FIRST_NAMES.map((operation) => ({ operation, bars: shares[operation] ?? {} }));
  const largest = Math.max(1, ...groups.flatMap(({ bars }) => Object.values(bars)));
  const x = (share: number) => label + (share / largest) * width;
  const marks: Mark[] = [];
  let y = top;
  for (const { operation, bars } of groups) {
    marks.push(text(0, y + 15, `(${operation})`, { weight: 'bold' }));
    for (const [name, share] of Object.entries(bars)) {
      marks.push(text(label - 8, y + 15, NAMES[name] ?? name, { anchor: 'end' }));
      marks.push(
        rect(label, y + 3, x(share) - label, line - 6, name === 'gatehouse' ? 'first' : 'other'),
      );
      marks.push(text(x(share) + 6, y + 15, twoDigits(share)));
      y += line;
    }
    y += gap;
  }
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    marks.unshift({
      line: [x(share), top - 6, x(share), y - gap + 6],
      kind: share === 1 ? 'goal' : 'grid',
    });
    marks.push(text(x(share), y + 8, twoDigits(share), { anchor: 'middle' }));
  }
  const title = 'Requests per second, as a share of the best floor’s (more is better)';
  marks.push(text(0, 18, title, { weight: 'bold' }));
  return picture(label + width + 60, y + 20, title, marks);
}

const PANEL = { columns: 4, width: 190, height: 130, left: 40, top: 76, right: 18, bottom: 56 };

/** What an object costs, as a multiple of what it costs at the smallest size: one panel for each operation. */
export function curvesOf(curves: Curve[], sizes: string): string {
  const { columns, width, height, left, top, right, bottom } = PANEL;
  const step = { x: left + width + right, y: height + bottom };
  const marks = curves.flatMap((curve, at) =>
    panel(curve, left + (at % columns) * step.x, top + Math.floor(at / columns) * step.y),
  );
  const rows = Math.ceil(curves.length / columns);
  const title = `Cost per returned object by ${sizes}, relative to the smallest (less is better)`;
  const total = { width: columns * step.x, height: top + rows * step.y };
  marks.push(
    text(0, 18, title, { weight: 'bold' }),
    { line: [0, 36, 24, 36], kind: 'first' },
    text(30, 40, 'time'),
    { line: [80, 36, 104, 36], kind: 'second' },
    text(110, 40, 'server CPU'),
    { line: [200, 36, 224, 36], kind: 'goal' },
    text(230, 40, `goal: at most ${GOAL}`),
    text(
      0,
      total.height - 6,
      `across: ${sizes}, logarithmic; up: times the cost at the smallest size`,
    ),
  );
  return picture(total.width, total.height, title, marks);
}

function panel({ operation, points }: Curve, left: number, top: number): Mark[] {
  const { width, height } = PANEL;
  const logs = points.map(({ size }) => Math.log10(size));
  const [low = 0, high = 1] = [logs[0], logs.at(-1)];
  const highest = Math.max(2, ...points.flatMap(({ time, cpu }) => [time, cpu])) * 1.05;
  const x = (size: number) => left + ((Math.log10(size) - low) / (high - low || 1)) * width;
  const y = (cost: number) => top + height - (cost / highest) * height;
  const every = Math.max(0.5, 10 ** Math.floor(Math.log10(highest)) / (highest >= 4 ? 1 : 2));
  const steps = Array.from({ length: Math.floor(highest / every) + 1 }, (_, at) => at * every);
  const curve = (key: keyof Point, kind: 'first' | 'second'): Mark[] => [
    { path: points.map((point): [number, number] => [x(point.size), y(point[key])]), kind },
    ...points.map((point): Mark => ({ dot: [x(point.size), y(point[key])], kind })),
  ];
  const powers = Array.from({ length: 7 }, (_, at) => at + 1).filter(
    (power) => power >= low - 0.01 && power <= high + 0.01,
  );
  return [
    text(left, top - 8, `(${operation})`, { weight: 'bold' }),
    ...steps.flatMap((cost): Mark[] => [
      { line: [left, y(cost), left + width, y(cost)], kind: 'grid' },
      text(left - 6, y(cost) + 4, String(cost), { anchor: 'end' }),
    ]),
    ...powers.map((power) =>
      text(x(10 ** power), top + height + 16, `10${'⁰¹²³⁴⁵⁶⁷'[power]}`, { anchor: 'middle' }),
    ),
    { line: [left, y(GOAL), left + width, y(GOAL)], kind: 'goal' },
    ...curve('cpu', 'second'),
    ...curve('time', 'first'),
  ];
}
