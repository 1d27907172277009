/**
 * Whose a packet is: the process of the socket that sent it, then of the one that took it in. Sockets opened before
 * the capture began count like all others, and the task that happens to run does not.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmdirSync } from 'node:fs';
import { check, equal, only } from './check.ts';
import { Running, run, tool, wire, withNamespaces } from './network.ts';
import type { Scenario } from './scenario.ts';
import { type SharedTrace, trace } from './shared.ts';
import { type Part, together } from './together.ts';
import type { Line, Packet } from './trace.ts';

const SERVER = '10.40.0.2';
const DATAGRAMS = 7301;
const STREAM = 7302;
const LATER = 7303;
const CONTAINED = 7304;
const SLICE = '/sys/fs/cgroup/system.slice';
const CONTAINER = randomBytes(32).toString('hex');

interface Made extends SharedTrace {
  readonly client: number;
  readonly server: number;
}

interface Owner {
  readonly pid?: number;
  readonly comm?: string;
  readonly uid?: number;
  readonly cgroup?: string;
  readonly container_id?: string;
  readonly runtime?: string;
}

const ownerOf = (hop: Line): Owner | undefined => hop.owner as Owner | undefined;
/** Owners in the order of the path: said when they change. */
const ownersOf = (packet: Packet): readonly Owner[] =>
  packet.hops.flatMap((hop) => {
    const owner = ownerOf(hop);
    return owner === undefined ? [] : [owner];
  });
const processes = (packet: Packet) =>
  ownersOf(packet)
    .map(({ pid, comm }) => `${comm} ${pid}`)
    .filter((one, i, all) => one !== all[i - 1]);

/** Holds a datagram socket and a connection, and sends over both when it is told to. */
const CLIENT = [
  `exec 3<>/dev/udp/${SERVER}/${DATAGRAMS} 4<>/dev/tcp/${SERVER}/${STREAM}`,
  'echo open',
  'read -r line',
  'echo datagram >&3',
  'echo data >&4',
  'echo sent',
  'exec sleep 600',
].join('; ');

const CONTAINED_IN = `echo $$ > ${SLICE}/docker-${CONTAINER}.scope/cgroup.procs; exec "$@"`;

async function make(): Promise<Made> {
  const running: Running[] = [];
  let made: Made | undefined;
  const folder = `${SLICE}/docker-${CONTAINER}.scope`;
  mkdirSync(folder, { recursive: true });
  try {
    await withNamespaces(['client', 'server'], async () => {
      wire({ netns: 'client', device: 'c', host: 1 }, { netns: 'server', device: 's', host: 2 }, { net: 40 });
      try {
        const server = await Running.start(
          'server',
          tool('udpblast'),
          'serve',
          `udp:${DATAGRAMS}`,
          `tcp:${STREAM}`,
        );
        const client = await Running.start('client', 'bash', '-c', CLIENT);
        running.push(client, server);
        const traced = await trace({
          args: ['--keep', 'udp or tcp'],
          async traffic(output) {
            const acknowledged = output.line(
              ({ kind, sport, tcp_flags_text }) =>
                kind === 'hop' && sport === STREAM && tcp_flags_text === 'ACK',
            );
            client.tell('go');
            await acknowledged;
            run('client', tool('udpblast'), 'send', SERVER, String(LATER), '1', '0');
            // in a namespace's shell /sys is another one, without control groups
            run(
              '',
              'bash',
              '-euc',
              CONTAINED_IN,
              'bash',
              'ip',
              'netns',
              'exec',
              'client',
              tool('udpblast'),
              'send',
              SERVER,
              String(CONTAINED),
              '1',
              '0',
            );
          },
        });
        made = { ...traced, client: client.pid, server: server.pid };
      } finally {
        for (const one of running) await one.stop();
      }
    });
  } finally {
    rmdirSync(folder);
  }
  if (made === undefined) throw new Error('no trace');
  return made;
}

const packetTo = ({ packets }: Made, port: number): Packet =>
  only(
    [...packets.values()],
    (packet) => packet.parent === 0 && packet.hops.some((hop) => hop.dport === port),
    `packet to port ${port}`,
  );

const parts: readonly Part<Made>[] = [
  {
    name: "a datagram is its sender's until the receiving socket takes it, both opened before the trace",
    check(made) {
      const packet = packetTo(made, DATAGRAMS);
      equal(processes(packet), [`bash ${made.client}`, `udpblast ${made.server}`], 'owners in order');
      equal(ownerOf(packet.hops[0] ?? noHop)?.pid, made.client, 'owner at the first hop');
      const taken = only(
        packet.hops,
        (hop) => ownerOf(hop)?.pid === made.server,
        'hop where the receiver is told',
      );
      equal(taken.netns_name, 'server', 'where it is taken in');
    },
  },
  {
    name: 'in softirq the running task is not told as the owner',
    check(made) {
      const packet = packetTo(made, DATAGRAMS);
      const taken = only(
        packet.hops,
        (hop) => ownerOf(hop)?.pid === made.server,
        'hop where the receiver is told',
      );
      // veth hands the frame over in the sender's own context
      check(taken.pid !== made.server, 'another task runs there than the owner', taken);
    },
  },
  {
    name: 'data and its acknowledgement are owned by both ends of a connection made before the trace',
    check(made) {
      const data = only(
        [...made.packets.values()],
        (packet) =>
          packet.hops[0]?.dport === STREAM && String(packet.hops[0]?.tcp_flags_text).includes('PSH'),
        'data segment',
      );
      equal(processes(data), [`bash ${made.client}`, `udpblast ${made.server}`], 'owners of the data');
      const ack = only(
        [...made.packets.values()],
        (packet) => packet.hops[0]?.sport === STREAM && packet.hops[0]?.tcp_flags_text === 'ACK',
        'acknowledgement',
      );
      equal(
        processes(ack),
        [`udpblast ${made.server}`, `bash ${made.client}`],
        'owners of the acknowledgement',
      );
    },
  },
  {
    name: "a packet that no socket wants stays its sender's to the drop",
    check(made) {
      const packet = packetTo(made, LATER);
      equal(
        ownersOf(packet).map(({ comm, uid }) => [comm, uid]),
        [['udpblast', 0]],
        'owners',
      );
      equal(
        packet.drops.map(({ reason }) => reason),
        ['NO_SOCKET'],
        'drops',
      );
    },
  },
  {
    name: 'the owner comes with its control group, and a container with id and runtime',
    check(made) {
      const [owner] = ownersOf(packetTo(made, CONTAINED));
      equal(
        [owner?.comm, owner?.cgroup, owner?.container_id, owner?.runtime],
        ['udpblast', `/system.slice/docker-${CONTAINER}.scope`, CONTAINER, 'docker'],
        'owner',
      );
      const [outside] = ownersOf(packetTo(made, LATER));
      equal(outside?.container_id, undefined, 'container of a process that is in none');
    },
  },
];

const noHop: Line = { kind: 'hop', time_ns: 0, cpu: 0, packet: 0, skb: '' };

export const owners: readonly Scenario[] = together(make, parts);
