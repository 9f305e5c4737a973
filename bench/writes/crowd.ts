/** Whether readers of other organizations notice a crowd of writers on one. */
import { median } from '../measure.ts';
import type { Scribe } from './agree.ts';
import { askName, type Pace, slicesOf, type WriteLoad } from './comparison.ts';
import type { Slice } from './load.ts';
import { readsOf } from './operations.ts';

/** The times of reads while there are writers, as multiples of those of the same reads while there are none. */
export type Noticed = { name: string; p50: number; p99: number };

const WRITERS = 50;
const READERS = { connections: 16, perSecond: 100 };

/** Lets readers ask with and without writers in turns, one contender after the other, round after round. */
export async function measureCrowd(
  load: WriteLoad,
  scribes: Scribe[],
  pace: Pace,
): Promise<Noticed[]> {
  const rounds = new Map(scribes.map((scribe): [Scribe, Noticed[]] => [scribe, []]));
  for (const { contender } of scribes) {
    const name = `${contender.name} read`;
    await load.order({ keep: name, asks: readsOf(contender) });
    await slicesOf(load, { send: [{ name, ...READERS }], seconds: 1 });
  }
  for (let round = 0; round < pace.rounds; round += 1) {
    for (const [scribe, noticed] of rounds) {
      const reads = { name: `${scribe.contender.name} read`, ...READERS };
      const writes = { name: askName(scribe, 'membershipCreate', 'one'), connections: WRITERS };
      const alone = () => slicesOf(load, { send: [reads], seconds: pace.seconds });
      const crowded = () => slicesOf(load, { send: [reads, writes], seconds: pace.seconds });
      const inOrder = round % 2 === 0;
      const first = await (inOrder ? alone() : crowded());
      const second = await (inOrder ? crowded() : alone());
      const [[quiet], [busy]] = inOrder ? [first, second] : [second, first];
      noticed.push({ name: scribe.contender.name, ...ratios(busy, quiet) });
    }
  }
  return [...rounds].map(([{ contender }, noticed]) => ({
    name: contender.name,
    p50: median(noticed.map(({ p50 }) => p50)),
    p99: median(noticed.map(({ p99 }) => p99)),
  }));
}

function ratios(busy: Slice | undefined, quiet: Slice | undefined) {
  const ratio = (what: 'p50' | 'p99') => (busy?.[what] ?? Number.NaN) / (quiet?.[what] ?? 0);
  return { p50: ratio('p50'), p99: ratio('p99') };
}
