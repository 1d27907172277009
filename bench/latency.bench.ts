/**
 * Measuring a million hops, 20,000 packets of 50 each, against folding the same into distinct paths, which the session
 * thread does in the same slices:
 *
 *   npx vitest bench --run --project unit bench/latency
 *
 * Measuring took 1.6 times as long (Node 20, two cores that others used as well: 2.7 against 1.7 s).
 */
import { bench, describe } from 'vitest';
import { PathFold } from '../core/model/analysis/fold.ts';
import { SessionAssembler } from '../core/model/assembler.ts';
import { LatencyFold } from '../core/model/latency/fold.ts';
import { PlaceTable } from '../core/model/latency/places.ts';
import { WAYPOINTS } from '../core/model/waypoints.ts';
import { generator } from '../core/wire/test/random.ts';
import { batch, free, hop } from '../core/wire/test/records.ts';

const PACKETS = 20_000;
const HOPS = 50;
const WAYS = 400;

const functions = WAYPOINTS.map(({ name }, i) => ({
  id: i + 1,
  name,
  module: '',
  argument: 1,
  isDefault: true,
}));

const ROUND = [
  'ip_rcv', 'nf_hook_slow', 'nft_do_chain_ipv4', 'ip_forward', 'ip_output', 'ip_finish_output', '__dev_queue_xmit',
  'fq_codel_enqueue', 'sch_direct_xmit', 'dev_hard_start_xmit', 'veth_xmit', 'enqueue_to_backlog', '__netif_receive_skb',
].map((name) => 1 + functions.findIndex((one) => one.name === name)); // biome-ignore format: a list

/** Packets go 400 ways through the default probes' functions; times are of 1 µs with a long tail. */
function recorded(): SessionAssembler {
  const random = generator(7);
  const session = new SessionAssembler({ budgetBytes: 256 << 20 });
  session.restart();
  for (let first = 1; first <= PACKETS; first += 100) {
    const records = Array.from({ length: 100 }, (_, i) => {
      const packet = first + i;
      const way = random() % WAYS;
      let time = packet * 1e5;
      const hops = Array.from({ length: HOPS }, (__, step) => {
        time += 500 + (random() % 1000) * (random() % 100 === 0 ? 100 : 1);
        return hop({
          packet,
          cpu: packet % 4,
          time,
          func:
            step % 5 === 4 ? 1 + ((way * 7 + step) % functions.length) : (ROUND[step % ROUND.length] ?? 1),
          netns: 1 + Math.floor((step * 4) / HOPS),
          ifindex: 2,
        });
      });
      return [...hops, free({ packet, time: time + 500 })];
    });
    session.take(batch(...records.flat()));
  }
  return session;
}

const session = recorded();
const table = new PlaceTable();
table.take(functions);

describe('a million hops', () => {
  const options = { iterations: 5, warmupIterations: 1, time: 0 };
  bench(
    'measured, with a heat map',
    () => {
      const fold = new LatencyFold(session, table, null, { kind: 'place', place: 'qdisc queue' });
      while (!fold.isDone) fold.advance(32);
      const { steps, heat } = fold.result();
      if (steps !== PACKETS * (HOPS - 1) || heat === undefined) throw new Error('hops are missing');
    },
    options,
  );
  bench(
    'folded into paths and a graph',
    () => {
      const fold = new PathFold(session, null);
      while (!fold.isDone) fold.advance(32);
      fold.result();
    },
    options,
  );
});
