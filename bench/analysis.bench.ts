/**
 * Folding a session's 20,000 newest packets of 40 hops each, on 400 distinct paths, against taking the same records in,
 * which a session must do anyway:
 *
 *   npx vitest bench --run --project unit bench/analysis
 *
 * Folding took 0.75 times as long (Node 20, two shared cores: 650 against 870 ms), in slices of which none need take
 * longer than 10 ms.
 */
import { bench, describe } from 'vitest';
import { PathFold } from '../core/model/analysis/fold.ts';
import { SessionAssembler } from '../core/model/assembler.ts';
import { generator } from '../core/wire/test/random.ts';
import { batch, free, hop } from '../core/wire/test/records.ts';

const PACKETS = 20_000;
const HOPS = 40;
const PATHS = 400;

/** Twenty packets at a time go through the stack beside each other, as in life. */
function batches(): Uint8Array[] {
  const random = generator(5);
  return Array.from({ length: PACKETS / 20 }, (_, group) => {
    const packets = Array.from({ length: 20 }, (_, i) => ({
      packet: group * 20 + i + 1,
      path: random() % PATHS,
    }));
    const hops = Array.from({ length: HOPS }, (_, step) =>
      packets.map(({ packet, path }) =>
        hop({
          packet,
          cpu: packet % 4,
          time: group * 1e6 + step * 1000 + (random() % 900),
          func: 1 + ((step * 7 + (step > 20 ? path : 0)) % 250),
          netns: 1 + Math.floor((step * 4) / HOPS),
          ifindex: 1 + (path % 9),
        }),
      ),
    ).flat();
    return batch(...hops, ...packets.map(({ packet }) => free({ packet, time: group * 1e6 + HOPS * 1000 })));
  });
}

const all = batches();

function taken(): SessionAssembler {
  const session = new SessionAssembler();
  session.restart();
  for (const one of all) session.take(one);
  return session;
}

const session = taken();

describe('20,000 packets of 40 hops', () => {
  const options = { iterations: 5, warmupIterations: 1, time: 0 };
  bench(
    'folded into paths and a graph',
    () => {
      const fold = new PathFold(session, null);
      while (!fold.isDone) fold.advance(64);
      if (fold.result().packets !== PACKETS) throw new Error('packets are missing');
    },
    options,
  );
  bench('taken in', () => void taken(), options);
});
