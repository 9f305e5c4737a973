/** Before anything is timed: all contenders say the same, and none says anything to strangers. */
import { isDeepStrictEqual } from 'node:util';
import { ask, type Contender, type Question, requestOf } from './operations.ts';

/** Throws with the two answers unless all contenders give the same data for every question, and there is data. */
export async function checkAgreement(
  contenders: Contender[],
  questions: Question[],
): Promise<void> {
  for (const question of questions) {
    const answers = await Promise.all(contenders.map((contender) => ask(contender, question)));
    const [first, ...others] = answers;
    if (JSON.stringify(first).length < 200) {
      throw new Error(`There is next to nothing in ${JSON.stringify(first)}.`);
    }
    for (const [at, other] of others.entries()) {
      if (!isDeepStrictEqual(first, other)) {
        throw new Error(
          [
            `For (${question.operation}) ${question.id},`,
            `${contenders[0]?.name} says ${JSON.stringify(first)},`,
            `${contenders[at + 1]?.name} says ${JSON.stringify(other)}.`,
          ].join('\n'),
        );
      }
    }
  }
}

/** Throws unless every contender refuses every question of a caller with a key that does not exist. */
export async function checkRefusal(contenders: Contender[], questions: Question[]): Promise<void> {
  for (const contender of contenders) {
    const stranger = { ...contender, key: `${contender.key.slice(0, -1)}_` };
    for (const question of questions) {
      const { url, headers, body } = requestOf(stranger, question);
      const response = await fetch(url, { method: 'POST', headers, body });
      const text = await response.text();
      if (response.ok) {
        throw new Error(`${contender.name} answers strangers: ${text.slice(0, 200)}`);
      }
    }
  }
}
