/** `--tcp`: connections made, accepted, closed and refused, with whose they are and how much went over them. */
import { check, equal, only } from './check.ts';
import { netnsOf, Running, run, tool, wire, withNamespaces } from './network.ts';
import type { Scenario } from './scenario.ts';
import { type SharedTrace, trace } from './shared.ts';
import { type Part, together } from './together.ts';
import type { Line } from './trace.ts';

const SENT = 1234;
const ANSWERED = 3210;
const OPEN = 7201;
const CLOSED = 7299;

interface Versioned {
  readonly version: 4 | 6;
  readonly client: string;
  readonly server: string;
}

const VERSIONS: readonly Versioned[] = [
  { version: 4, client: '10.41.0.1', server: '10.41.0.2' },
  { version: 6, client: 'fd00:41::1', server: 'fd00:41::2' },
];

interface Made extends SharedTrace {
  readonly serverPid: number;
  readonly clientNetns: number;
  readonly serverNetns: number;
}

/** Sends, reads the answer to its last byte, and closes; then asks where nobody listens. */
const exchange = (server: string): string =>
  [
    `exec 3<>/dev/tcp/${server}/${OPEN}`,
    `printf %${SENT}s x >&3`,
    `read -r -N ${ANSWERED} -u 3 answer`,
    'exec 3>&-',
    `exec 4<>/dev/tcp/${server}/${CLOSED} || true`,
  ].join('; ');

async function make(): Promise<Made> {
  let made: Made | undefined;
  await withNamespaces(['client', 'server'], async () => {
    wire({ netns: 'client', device: 'c', host: 1 }, { netns: 'server', device: 's', host: 2 }, { net: 41 });
    const server = await Running.start('server', tool('udpblast'), 'serve', `tcp:${OPEN}:${ANSWERED}`);
    try {
      const traced = await trace({
        args: ['--tcp'],
        async traffic(output) {
          const closed = [4, 6].map((version) =>
            output.line(
              ({ event, sport, l3_version }) => event === 'close' && sport === OPEN && l3_version === version,
            ),
          );
          for (const { server: at } of VERSIONS) run('client', 'bash', '-c', exchange(at));
          await Promise.all(closed);
        },
      });
      made = {
        ...traced,
        serverPid: server.pid,
        clientNetns: netnsOf('client'),
        serverNetns: netnsOf('server'),
      };
    } finally {
      await server.stop();
    }
  });
  if (made === undefined) throw new Error('no trace');
  return made;
}

const event = (made: Made, what: string, fits: (line: Line) => boolean): Line =>
  only(made.lines, (line) => line.event === what && fits(line), `${what} event`);

const parts = ({ version, client, server }: Versioned): readonly Part<Made>[] => [
  {
    name: `--tcp tells both ends of an IPv${version} connection, with process, namespace, time and bytes`,
    check(made) {
      const isClient = (line: Line) => line.dport === OPEN && line.l3_version === version;
      const isServer = (line: Line) => line.sport === OPEN && line.l3_version === version;
      const connect = event(made, 'connect', isClient);
      const accept = event(made, 'accept', isServer);
      const ends = [event(made, 'close', isClient), event(made, 'close', isServer)] as const;
      const port = connect.sport;
      for (const line of [connect, ends[0]]) {
        equal([line.saddr, line.sport, line.daddr], [client, port, server], "addresses of the client's side");
        equal([line.netns_name, line.netns, line.comm], ['client', made.clientNetns, 'bash'], 'whose it is');
        equal(line.pid, connect.pid, 'its process');
      }
      for (const line of [accept, ends[1]]) {
        equal([line.saddr, line.daddr, line.dport], [server, client, port], "addresses of the server's side");
        equal(
          [line.netns_name, line.netns, line.comm, line.pid],
          ['server', made.serverNetns, 'udpblast', made.serverPid],
          'whose it is',
        );
      }
      for (const line of [connect, accept, ...ends])
        check(Number(line.duration_ns) > 0, 'it took some time', line);
      for (const [open, close] of [
        [connect, ends[0]],
        [accept, ends[1]],
      ] as const)
        check(
          Number(close.duration_ns) > Number(open.duration_ns),
          'it lasted longer than it took to be made',
          close,
        );
      equal([ends[0].bytes_sent, ends[0].bytes_received], [SENT, ANSWERED], "the client's bytes");
      equal([ends[1].bytes_sent, ends[1].bytes_received], [ANSWERED, SENT], "the server's bytes");
      equal([connect.old_state, connect.new_state], ['SYN_SENT', 'ESTABLISHED'], 'states of connect');
    },
  },
  {
    name: `--tcp tells an IPv${version} connection that was refused, and only once`,
    check(made) {
      const fail = event(made, 'fail', (line) => line.l3_version === version);
      equal(
        [fail.saddr, fail.daddr, fail.dport, fail.comm, fail.netns_name],
        [client, server, CLOSED, 'bash', 'client'],
        'what was refused to whom',
      );
      equal([fail.old_state, fail.new_state], ['SYN_SENT', 'CLOSE'], 'states');
      check(Number(fail.duration_ns) > 0 && Number(fail.pid) > 0, 'time and process', fail);
    },
  },
];

export const connections: readonly Scenario[] = together(make, [
  ...VERSIONS.flatMap(parts),
  {
    name: '--tcp tells nothing else of these connections',
    check(made) {
      const events = made.lines.filter(
        (line) => line.sport === OPEN || line.dport === OPEN || line.dport === CLOSED,
      );
      equal(events.length, 10, 'events: five for each version');
      check(
        made.lines.every(({ kind }) => kind === 'socket'),
        'only connections are told',
      );
    },
  },
]);
