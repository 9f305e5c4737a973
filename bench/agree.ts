/** Before anything is timed: all contenders say the same, and none says anything to strangers. */
import { isDeepStrictEqual } from 'node:util';
import { ask, type Contender, type Question, requestOf, send } from './operations.ts';
import { has, PEERS } from './peers/peers.ts';

/**
 * Throws with the two answers unless all contenders that have the operation give the same data for every question, as
 * far as they say it, and there is data. The first contender says everything.
 */
export async function checkAgreement(
  contenders: Contender[],
  questions: Question[],
): Promise<void> {
  for (const question of questions) {
    const able = contenders.filter(({ name }) => has(name, question.operation));
    const answers = await Promise.all(able.map((contender) => ask(contender, question)));
    const [first, ...others] = answers;
    if (JSON.stringify(first).length < 200) {
      throw new Error(`There is next to nothing in ${JSON.stringify(first)}.`);
    }
    for (const [at, other] of others.entries()) {
      const name = able[at + 1]?.name ?? '';
      if (!isDeepStrictEqual(PEERS[name]?.said(first) ?? first, other)) {
        throw new Error(
          [
            `For (${question.operation}) ${question.id},`,
            `${able[0]?.name} says ${JSON.stringify(first)},`,
            `${name} says ${JSON.stringify(other)}.`,
          ].join('\n'),
        );
      }
    }
  }
}

/** Throws unless every contender that asks who calls refuses a caller with a key that does not exist. */
export async function checkRefusal(contenders: Contender[], questions: Question[]): Promise<void> {
  for (const contender of contenders.filter(({ name }) => PEERS[name]?.authorizes ?? true)) {
    const stranger = { ...contender, key: `${contender.key.slice(0, -1)}_` };
    for (const question of questions.filter(({ operation }) => has(contender.name, operation))) {
      const response = await send(requestOf(stranger, question));
      const text = await response.text();
      if (response.ok) {
        throw new Error(`${contender.name} answers strangers: ${text.slice(0, 200)}`);
      }
    }
  }
}
