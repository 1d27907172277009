/**
 * Many packets over few skb addresses: four flows at once, two in each direction. What is seen of them is a few hops
 * of what one of the two namespaces has of each (`-N` without `--keep`), so that 200,000 packets take two minutes
 * under emulation, with every skb address used again and again all the same.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { check, equal } from './check.ts';
import { address, Running, tool, wire, withNamespaces } from './network.ts';
import type { Scenario } from './scenario.ts';
import { type Line, summaryOf, trace } from './trace.ts';

const BLAST = tool('udpblast');
const [A, B] = ['flow-a', 'flow-b'];
const NET = 79;
/** Of a flow: each has an IP id of its own. */
const EACH = 50_000;
const FLOWS = [
  { from: A, to: B, host: 2, port: 7201 },
  { from: A, to: B, host: 2, port: 7202 },
  { from: B, to: A, host: 1, port: 7203 },
  { from: B, to: A, host: 1, port: 7204 },
];
/** Three on the way in, three on the way out. */
const HOPS = [
  'ip_rcv', 'ip_local_deliver', 'udp_queue_rcv_one_skb', 'ip_local_out', 'ip_output', 'dev_hard_start_xmit',
]; // biome-ignore format: a list

/** What is kept of all lines: which datagram each packet id is. */
class Identities {
  records = 0;
  readonly #datagrams = new Map<number, number>();
  readonly #packets = new Map<number, number>();
  readonly #sports = new Map<number, number>();
  readonly #addresses = new Set<string>();

  get packets(): number {
    return this.#datagrams.size;
  }

  get addresses(): number {
    return this.#addresses.size;
  }

  take(line: Line): void {
    this.records += 1;
    if (line.kind !== 'hop' && line.kind !== 'drop') return;
    this.#addresses.add(line.skb);
    const { ip_id: id, sport, dport } = line;
    if (typeof id === 'number' && typeof dport === 'number' && typeof sport === 'number')
      this.#note(line.packet, dport * 65_536 + id, sport, dport);
  }

  #note(packet: number, datagram: number, sport: number, dport: number): void {
    const known = this.#datagrams.get(packet) ?? datagram;
    check(known === datagram, `packet ${packet} is one datagram (port and IP id)`, [known, datagram]);
    this.#datagrams.set(packet, datagram);
    const before = this.#packets.get(datagram) ?? packet;
    check(before === packet, `a datagram is one packet`, { datagram, packets: [before, packet] });
    this.#packets.set(datagram, packet);
    const port = this.#sports.get(dport) ?? sport;
    check(port === sport, `port ${dport} is sent to from one port`, [port, sport]);
    this.#sports.set(dport, port);
  }
}

async function parallelFlows(): Promise<void> {
  await withNamespaces([A, B], async () => {
    wire({ netns: A, device: 'fa', host: 1 }, { netns: B, device: 'fb', host: 2 }, { net: NET });
    for (const { to, port } of FLOWS) await Running.start(to, BLAST, 'sink', String(port));
    const identities = new Identities();
    let mixed: unknown;
    const { stderr, exitCode } = await trace({
      args: ['-N', B, '--func', HOPS.join(), 'udp portrange 7201-7204'],
      async traffic() {
        await Promise.all(
          FLOWS.map(
            ({ from, host, port }) =>
            promisify(execFile)('ip', [
              'netns', 'exec', from, BLAST, 'send', address(NET, host), String(port), String(EACH), '0',
            ]), // biome-ignore format: an argument list
          ),
        );
      },
      onLine(line) {
        try {
          identities.take(line);
        } catch (error) {
          mixed ??= error;
        }
      },
    });
    equal(exitCode, 0, 'exit status');
    if (mixed !== undefined) throw mixed;
    const summary = summaryOf(stderr);
    equal(identities.records + summary.lost, summary.events, 'records printed and lost add up to those made');
    check(Number.isNaN(summary.refused), 'the tracking table is large enough', stderr);
    check(
      summary.lost > 0 || identities.packets === EACH * FLOWS.length,
      'without loss all are seen',
      stderr,
    );
    check(identities.packets > 1000, 'enough is seen', stderr);
    check(identities.addresses < identities.packets / 5, 'addresses are used again', {
      addresses: identities.addresses,
      packets: identities.packets,
    });
    console.log(
      `  # ${identities.packets} packets told, ${identities.addresses} addresses, ${stderr.split('\n')[0] ?? ''}`,
    );
  });
}

export const flows: readonly Scenario[] = [
  {
    name: `no path mixes two of ${EACH * FLOWS.length} datagrams of four flows at once, and all losses are counted`,
    run: parallelFlows,
  },
];
