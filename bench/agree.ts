/** Before anything is timed: all contenders say the same, and none says anything to strangers. */
import { isDeepStrictEqual } from 'node:util';
import type { Issuer } from './issuer.ts';
import { ask, type Contender, type Question, requestOf, send } from './operations.ts';
import { PEERS } from './peers/peers.ts';

/**
 * Throws with the two answers unless all contenders give the same data for every question, as far as they say it, and
 * there is data. The first contender says everything.
 */
export async function checkAgreement(asked: [Contender, Question[]][]): Promise<void> {
  const [first, ...others] = asked;
  if (first === undefined) {
    return;
  }
  for (const [at, question] of first[1].entries()) {
    const answer = await ask(first[0], question);
    if (JSON.stringify(answer).length < 200) {
      throw new Error(`There is next to nothing in ${JSON.stringify(answer)}.`);
    }
    for (const [contender, questions] of others) {
      const other = await ask(contender, questions[at] ?? question);
      if (!isDeepStrictEqual(PEERS[contender.name]?.said(answer) ?? answer, other)) {
        throw new Error(
          [
            `For (${question.operation}) ${question.id} ${question.search ?? ''},`,
            `${first[0].name} says ${JSON.stringify(answer)},`,
            `${contender.name} says ${JSON.stringify(other)}.`,
          ].join('\n'),
        );
      }
    }
  }
}

/**
 * Throws unless each of these contenders refuses every question without a token and with tokens that are not good, and
 * shows nothing to a person (the number of a user) who has no right to it.
 */
export async function checkRefusal(
  contenders: Contender[],
  questions: Question[],
  issuer: Issuer,
  stranger: number,
): Promise<void> {
  const bad = { none: '', ...(await issuer.badTokens(stranger)) };
  const good = await issuer.token(stranger);
  for (const contender of contenders) {
    for (const question of questions) {
      for (const [what, token] of Object.entries(bad)) {
        const { isRefused, text } = await refusal(contender, { ...question, token });
        if (!isRefused) {
          throw new Error(`${contender.name} takes a token that is ${what}: ${text}`);
        }
      }
      const { isRefused, text } = await refusal(contender, { ...question, token: good });
      const showsNothing = /^\{"data":\{"\w+":(null|\[(null,?)+\])\}\}$/.test(text);
      if (!isRefused && !showsNothing && !isAboutCaller(question)) {
        throw new Error(`${contender.name} shows (${question.operation}) to a stranger: ${text}`);
      }
    }
  }
}

/** Throws unless a peer that asks who calls refuses every question of a caller whom it does not know. */
export async function checkPeerRefusal(peer: Contender, questions: Question[]): Promise<void> {
  const stranger = { ...peer, key: `${peer.key.slice(0, -1)}_` };
  for (const question of questions) {
    const { isRefused, text } = await refusal(stranger, question);
    if (!isRefused) {
      throw new Error(`${peer.name} answers strangers: ${text}`);
    }
  }
}

// Whoever asks is shown their own memberships.
function isAboutCaller({ operation }: Question): boolean {
  return ['e', 'f', 'f2000'].includes(operation);
}

async function refusal(contender: Contender, question: Question) {
  const response = await send(requestOf(contender, question));
  return { isRefused: !response.ok, text: (await response.text()).slice(0, 500) };
}
