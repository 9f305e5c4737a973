/** Whether an operation of Gatehouse becomes dearer as tenants become more, or larger. */

import type { StartContender } from './comparison.ts';
import { measure, type Pace, ratio } from './measure.ts';
import { ask, GATEHOUSE, type Question } from './operations.ts';
import type { Load, RunningContender } from './processes.ts';
import { questionsOf, type Range } from './samples.ts';
import { shapesOf } from './shape.ts';

/** What a step costs per request, as a multiple of the step it is compared with, and the rows it reads. */
export type Step = {
  operation: 'b' | 'c';
  /** What grows, from what to what. */
  step: string;
  /** Time per request at 16 connections. */
  time: number;
  /** CPU of the server process per request. */
  cpu: number;
  /** Rows read for each object in the answer, before and after. */
  rowsReadPerObject: [number, number];
};

/** The databases of the three worlds, with a running Gatehouse on each. */
export type Grounds = Record<'many' | 'few' | 'odd', { url: string; gatehouse: RunningContender }>;

type Place = { ground: keyof Grounds; questions: Question[] };

const ASKED = 1024;
const EXPLAINED = 3;
const PAGE = 10;

const OF_10: Range = { from: 0, count: 50 };
const OF_1000: Range = { from: 50, count: 50 };
const OF_50000: Range = { from: 100, count: 1 };

/** Measures every step, with pages of ten members wherever the sizes of tenants are compared. */
export async function measureGrowth(
  load: Load,
  grounds: Grounds,
  { start, pace }: { start: StartContender; pace: Pace },
): Promise<Step[]> {
  const places = Object.fromEntries(
    (['b', 'c'] as const).flatMap((operation): [string, Place][] => {
      const of = (range: Range, others = range) =>
        questionsOf(operation, range, ASKED, { first: PAGE, others });
      return [
        [`${operation} few`, { ground: 'few', questions: of({ from: 0, count: 100 }) }],
        [`${operation} many`, { ground: 'many', questions: of({ from: 0, count: 1000 }) }],
        [`${operation} 10`, { ground: 'odd', questions: of(OF_10) }],
        [`${operation} 1000`, { ground: 'odd', questions: of(OF_1000) }],
        [`${operation} 50000`, { ground: 'odd', questions: of(OF_50000, OF_1000) }],
      ];
    }),
  );
  for (const { ground, questions } of Object.values(places)) {
    await checkPages(grounds[ground].gatehouse, questions.slice(0, EXPLAINED));
  }
  const shapes = new Map<string, number>();
  for (const [ground, { url }] of Object.entries(grounds)) {
    const here = Object.entries(places).filter(([, place]) => place.ground === ground);
    const questions = Object.fromEntries(
      here.map(([name, place]) => [name, place.questions.slice(0, EXPLAINED)]),
    );
    const found = await shapesOf(url, (through) => start(GATEHOUSE, through), questions);
    for (const [name, { rowsReadPerObject }] of Object.entries(found)) {
      shapes.set(name, rowsReadPerObject);
    }
  }
  const turns = Object.entries(places).map(([name, { ground, questions }]) => ({
    name,
    contender: grounds[ground].gatehouse,
    questions,
  }));
  const measurements = await measure(load, turns, pace);
  const step = (operation: 'b' | 'c', name: string, from: string, to: string): Step => {
    const [before, after] = [`${operation} ${from}`, `${operation} ${to}`];
    return {
      operation,
      step: name,
      time: ratio(measurements, before, after, 'rate'),
      cpu: ratio(measurements, after, before, 'cpu'),
      rowsReadPerObject: [shapes.get(before) ?? Number.NaN, shapes.get(after) ?? Number.NaN],
    };
  };
  return (['b', 'c'] as const).flatMap((operation) => [
    step(operation, '100 → 1,000 tenants', 'few', 'many'),
    step(operation, 'tenants of 10 → 1,000', '10', '1000'),
    step(
      operation,
      operation === 'b' ? 'tenant of 10 → 50,000' : 'tenants of 10 → 1,000, one of them 50,000',
      '10',
      '50000',
    ),
  ]);
}

/** Throws unless every answer is full: the same number of members wherever it is asked. */
async function checkPages(gatehouse: RunningContender, questions: Question[]): Promise<void> {
  for (const question of questions) {
    const answer = JSON.stringify(await ask(gatehouse, question));
    const members = answer.split('"status":').length - 1;
    const expected = PAGE * (typeof question.id === 'string' ? 1 : question.id.length);
    if (members !== expected) {
      throw new Error(`There are ${members} members, not ${expected}, in ${answer}`);
    }
  }
}
