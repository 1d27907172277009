/** `--flow-rate`: a flow that sends very much does not keep another from being followed. */
import { check, equal } from './check.ts';
import { Running, run, tool, wire, withNamespaces } from './network.ts';
import type { Scenario } from './scenario.ts';
import { type Line, trace } from './trace.ts';

const RATE = 10;
const ELEPHANT = { port: 7401, datagrams: 2000 };
const MOUSE = { port: 7402, datagrams: 20, perSecond: 8 };

async function both(): Promise<void> {
  const packets = new Map<number, Set<number>>([
    [ELEPHANT.port, new Set()],
    [MOUSE.port, new Set()],
  ]);
  const ended = new Set<number>();
  let stderr = '';
  await withNamespaces(['client', 'server'], async () => {
    wire({ netns: 'client', device: 'c', host: 1 }, { netns: 'server', device: 's', host: 2 }, { net: 42 });
    const server = await Running.start(
      'server',
      tool('udpblast'),
      'serve',
      `udp:${ELEPHANT.port}`,
      `udp:${MOUSE.port}`,
    );
    const send = (port: number, count: number, rate: number): string[] => [
      tool('udpblast'),
      'send',
      '10.42.0.2',
      ...[port, count, rate].map(String),
    ];
    try {
      ({ stderr } = await trace({
        args: ['--keep', '--flow-rate', String(RATE), '--ring-size', '512K', 'udp and dst host 10.42.0.2'],
        onLine(line: Line) {
          if (line.kind === 'free') ended.add(line.packet);
          if (typeof line.dport === 'number') packets.get(line.dport)?.add(line.packet);
        },
        traffic() {
          const elephant = `${send(ELEPHANT.port, ELEPHANT.datagrams, 0).join(' ')} & ${send(MOUSE.port, MOUSE.datagrams, MOUSE.perSecond).join(' ')}; wait`;
          run('client', 'bash', '-c', elephant);
        },
      }));
    } finally {
      await server.stop();
    }
  });
  const followed = packets.get(ELEPHANT.port)?.size ?? 0;
  const mouse = packets.get(MOUSE.port) ?? new Set();
  equal(mouse.size, MOUSE.datagrams, "the mouse's datagrams, all of them");
  for (const packet of mouse) check(ended.has(packet), 'each to its end', packet);
  const told = Number(
    /([\d,]+) packets were not followed: beyond --flow-rate/.exec(stderr)?.[1]?.replaceAll(',', ''),
  );
  check(
    followed >= RATE && followed < ELEPHANT.datagrams / 2,
    "the elephant's datagrams, some of them",
    followed,
  );
  // asked at every function that the datagram comes to: at least once for each that was not followed
  check(told >= ELEPHANT.datagrams - followed, 'what was not followed is counted and told', [
    told,
    followed,
    stderr,
  ]);
  check(/\b0 lost\b/.test(stderr), 'nothing is lost', stderr);
}

export const fairness: readonly Scenario[] = [
  {
    name: 'with --flow-rate a flow of thousands does not keep a slow one from being followed whole',
    run: both,
  },
];
