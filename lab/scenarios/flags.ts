/** Which packets each flag chooses: of all that is sent while it traces these, all of them, and no other. */
import { check, equal, only } from './check.ts';
import { functionsOf, said } from './expect.ts';
import {
  address,
  address6,
  ip,
  mac,
  netnsOf,
  Running,
  shell,
  tool,
  wire,
  withNamespaces,
} from './network.ts';
import { originals, staysOf } from './paths.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import { inNamespace, type Packet } from './trace.ts';

const [CLIENT, SERVER] = ['g-client', 'g-server'];
const NET = 151;
const PORT = 7401;
const OTHER_PORT = 7402;
const CLOSED = 7403;
/** Of no protocol that the kernel knows. */
const NUMBER = '99';
const VERSIONS = [4, 6] as const;
/** Addresses of the server. */
const HOSTS = [2, 3] as const;

/** One packet of the traffic. */
interface Sent {
  readonly protocol: string;
  readonly from: string;
  readonly to: string;
  /** Of the service, whichever end that is. */
  readonly port?: number;
  readonly type?: number;
  readonly id?: number;
}

const at = (version: 4 | 6, host: number) => (version === 4 ? address(NET, host) : address6(NET, host));
const idOf = (host: number) => 4240 + host;
const request = (protocol: string, version: 4 | 6, host: number, more: Partial<Sent> = {}): Sent => ({
  protocol,
  from: at(version, 1),
  to: at(version, host),
  ...more,
});
const answer = (sent: Sent, more: Partial<Sent> = {}): Sent => ({
  ...sent,
  from: sent.to,
  to: sent.from,
  ...more,
});
const refused = (sent: Sent): readonly Sent[] => [
  sent,
  { protocol: 'icmp', from: sent.to, to: sent.from, type: 3 },
];
const echoed = (protocol: string, version: 4 | 6, host: number, types: readonly [number, number]) => {
  const sent = request(protocol, version, host, { type: types[0], id: idOf(host) });
  return [sent, answer(sent, { type: types[1] })];
};
const SERVICES = [...HOSTS.map((host) => ({ host, port: PORT })), { host: 2, port: OTHER_PORT }];

const ALL: readonly Sent[] = [
  ...HOSTS.flatMap((host) => [...echoed('icmp', 4, host, [8, 0]), ...echoed('icmp6', 6, host, [128, 129])]),
  ...VERSIONS.flatMap((version) =>
    SERVICES.flatMap(({ host, port }) => {
      const syn = request('tcp', version, host, { port });
      return [request('udp', version, host, { port }), syn, answer(syn)];
    }),
  ),
  ...refused(request('udp', 4, 2, { port: CLOSED })),
  ...refused(request('sctp', 4, 2, { port: PORT })),
  ...refused(request(NUMBER, 4, 2)),
  request('arp', 4, 2),
  answer(request('arp', 4, 2)),
];

/** Nobody listens for TCP: each connection is a SYN and an RST. */
function send(): void {
  const odd = (protocol: string) =>
    `${tool('packet')} udp,proto=${protocol},from=${at(4, 1)}:4000,to=${at(4, 2)}:${PORT},id=7`;
  shell(
    CLIENT,
    'exec 2> /dev/null',
    `ip neigh del ${at(4, 2)} dev c`,
    ...VERSIONS.flatMap((version) =>
      SERVICES.flatMap(({ host, port }) => [
        `echo x > /dev/udp/${at(version, host)}/${port}`,
        `(exec 3<> /dev/tcp/${at(version, host)}/${port}) || true`,
      ]),
    ),
    `echo x > /dev/udp/${at(4, 2)}/${CLOSED}`,
    odd('132'),
    odd(NUMBER),
    ...VERSIONS.flatMap((version) =>
      HOSTS.map((host) => `${tool('peers')} echo ${at(version, host)} ${idOf(host)}`),
    ),
  );
}

const withServer = (use: () => Promise<void>): Promise<void> =>
  withNamespaces([CLIENT, SERVER], async () => {
    wire({ netns: CLIENT, device: 'c', host: 1 }, { netns: SERVER, device: 's', host: 2 }, { net: NET });
    ip(SERVER, `addr add ${at(4, 3)}/24 dev s`, `addr add ${at(6, 3)}/64 dev s nodad`);
    ip(CLIENT, ...VERSIONS.map((version) => `neigh add ${at(version, 3)} lladdr ${mac(NET, 2)} dev c`));
    await Running.start(SERVER, tool('udpblast'), 'serve', `udp:${PORT}`, `udp:${OTHER_PORT}`);
    await use();
  });

const WORDS = new Map<unknown, string>([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [58, 'icmp6'],
  [132, 'sctp'],
]);
const lastSaid = (packet: Packet, field: string) => said(packet, field).at(-1);

function protocolOf(packet: Packet): string {
  if (lastSaid(packet, 'arp_op') !== undefined) return 'arp';
  const number = lastSaid(packet, 'l4_proto');
  return WORDS.get(number) ?? String(number);
}

function asSent(packet: Packet): Sent {
  const [type, id] = ['icmp_type', 'icmp_id'].map((field) => lastSaid(packet, field));
  const ports = ['sport', 'dport'].map((field) => Number(lastSaid(packet, field)));
  const port = ports.find((one) => one >= PORT && one <= CLOSED);
  return {
    protocol: protocolOf(packet),
    from: String(lastSaid(packet, 'saddr')),
    to: String(lastSaid(packet, 'daddr')),
    ...(port !== undefined && { port }),
    ...(type !== undefined && { type: Number(type) }),
    ...(type !== undefined && type !== 3 && { id: Number(id) }),
  };
}

/** Messages of netlink and of other sockets are skbs, too. */
const isPacket = (packet: Packet) =>
  packet.hops.every(({ ifindex }) => ifindex !== undefined) || lastSaid(packet, 'saddr') !== undefined;

const asText = ({ protocol, from, to, port, type, id }: Sent): string =>
  [protocol, from, to, port ?? '-', type ?? '-', id ?? '-'].join(' ');

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly chosen: (sent: Sent) => boolean;
  /** Packets of other networks may have it: neighbours are asked for at any time. */
  readonly protocol?: string;
}

const isAt = (address: string) => (sent: Sent) => [sent.from, sent.to].includes(address);

const CASES: readonly Case[] = [
  {
    name: '--proto any sees every protocol',
    args: ['--proto', 'any'],
    chosen: () => true,
    protocol: 'any',
  },
  ...['tcp', 'udp', 'icmp', 'icmp6', 'sctp', 'arp', NUMBER].map((word) => ({
    name: `--proto ${word} sees that protocol only`,
    args: ['--proto', word],
    chosen: ({ protocol }: Sent) => protocol === word,
    protocol: word,
  })),
  ...VERSIONS.map((version) => ({
    name: `-H takes an IPv${version} address and sees what is from it or to it, of all protocols`,
    args: ['-H', at(version, 3)],
    chosen: isAt(at(version, 3)),
  })),
  {
    name: '-P sees TCP and UDP from and to the port, and nothing else that has ports',
    args: ['-P', String(PORT)],
    chosen: ({ protocol, port }) => port === PORT && ['tcp', 'udp'].includes(protocol),
  },
  {
    name: '--icmpid sees the echoes of that id, of ICMP and ICMPv6',
    args: ['--icmpid', String(idOf(2))],
    chosen: ({ id }) => id === idOf(2),
  },
  {
    name: '-H, -P and --proto must all hold',
    args: ['-H', at(4, 2), '-P', String(PORT), '--proto', 'tcp'],
    chosen: (sent) => isAt(at(4, 2))(sent) && sent.port === PORT && sent.protocol === 'tcp',
  },
];

const byTable: readonly Scenario[] = CASES.map(({ name, args, chosen, protocol }) => ({
  name,
  run: () =>
    withServer(async () => {
      const { packets } = await trace({ args, traffic: send });
      const isOurs = (packet: Packet) =>
        packet.hops.some(({ netns_name }) => netns_name === CLIENT || netns_name === SERVER);
      const seen = originals(packets.values());
      equal(
        seen
          .filter(isOurs)
          .map((packet) => asText(asSent(packet)))
          .sort(),
        ALL.filter(chosen).map(asText).sort(),
        'packets',
      );
      for (const packet of seen)
        check(
          isOurs(packet) || protocolOf(packet) === protocol || (protocol === 'any' && isPacket(packet)),
          'nothing else matches',
          packet,
        );
      for (const packet of seen.filter(isOurs)) {
        const sender = [at(4, 1), at(6, 1)].includes(asSent(packet).from) ? CLIENT : SERVER;
        equal(staysOf(packet)[0], sender, 'where it is first seen');
      }
    }),
}));

const ofProcess: Scenario = {
  name: '-p tells what the process sends as owned by it, what it only handles as current, and no other packet',
  run: () =>
    withServer(async () => {
      const wanted = idOf(2);
      const pings = 5;
      const process = await Running.start(
        CLIENT,
        'bash',
        '-c',
        `echo ready; read -r line; exec ${tool('peers')} echo ${at(4, 2)} ${wanted} ${pings}`,
      );
      const { packets } = await trace({
        args: ['-p', String(process.pid), 'icmp'],
        async traffic() {
          shell(CLIENT, `${tool('peers')} echo ${at(4, 3)} ${idOf(3)}`);
          process.tell('go');
          await process.ended();
        },
      });
      const seen = originals(packets.values());
      for (const packet of seen) equal(said(packet, 'icmp_id'), [wanted], 'echo ids');
      const ofType = (type: number) => seen.filter((packet) => lastSaid(packet, 'icmp_type') === type);
      const [requests, replies] = [ofType(8), ofType(0)];
      equal(requests.length, pings, 'requests');
      for (const { hops } of requests)
        equal(
          hops.find(({ netns_name }) => netns_name === CLIENT)?.pid_match,
          'owner',
          'how a request matched',
        );
      // made by the kernel while the request is handed over, mostly in the sender's own context; what another task handled is
      // first seen when it is read, and is its socket's by then
      check(replies.length > 0, 'replies are handled while it runs', seen);
      for (const { hops } of replies) {
        const [first] = hops;
        const isRead = first?.netns_name !== SERVER && first?.pid_match === 'owner';
        for (const hop of hops) {
          equal(hop.pid_match, isRead ? 'owner' : 'current', 'how a reply matched');
          equal(hop.pid, process.pid, 'the running task');
        }
      }
    }),
};

const ofPid: Scenario = {
  name: '-N takes the pid of a process in a namespace without a name, and sees only what is in that',
  run: () =>
    withNamespaces([CLIENT], async () => {
      const process = await Running.start(
        CLIENT,
        'unshare',
        '-n',
        'bash',
        '-euc',
        'ip link set lo up; echo ready; read -r line; ping -q -c1 -W5 127.0.0.1 > /dev/null',
      );
      const { packets } = await trace({
        args: ['-N', String(process.pid), 'icmp'],
        async traffic() {
          ip(CLIENT, 'link set lo up');
          shell(CLIENT, 'ping -q -c1 -W5 127.0.0.1');
          inNamespace('web', 'ping', '-q', '-c1', '-W5', '10.1.0.3');
          process.tell('go');
          await process.ended();
        },
      });
      const seen = originals(packets.values());
      equal(
        seen.map((packet) => lastSaid(packet, 'icmp_type')),
        [8, 0],
        'a request and its reply',
      );
      const places = new Set(seen.flatMap(({ hops }) => hops.map(({ netns }) => netns)));
      equal(places.size, 1, 'namespaces');
      check(!places.has(netnsOf(CLIENT)), 'it is another namespace than the one with a name', [...places]);
    }),
};

/** A connection that DNAT leads to another port of another address. */
async function synThroughNat(...flags: readonly string[]): Promise<Packet> {
  const { packets } = await trace({
    args: [...flags, '-P', '8080', 'tcp[tcpflags] = tcp-syn'],
    traffic: () => {
      inNamespace('outside', 'bash', '-c', 'exec 3<> /dev/tcp/192.0.2.1/8080');
    },
  });
  return only(originals(packets.values()), () => true, 'SYN');
}

const throughNat: Scenario = {
  name: '--keep follows a packet whose port NAT has changed; without it the packet is seen up to there',
  async run() {
    const followed = await synThroughNat('--keep');
    const matched = await synThroughNat();
    const change = followed.hops.findIndex(({ changed }) => changed?.includes('l4.dport') === true);
    equal(staysOf(followed), ['outside', 'host', 'db'], 'namespaces with --keep');
    equal(said(followed, 'dport'), [8080, 80], 'ports with --keep');
    equal(staysOf(matched), ['outside', 'host'], 'namespaces without');
    equal(said(matched, 'dport'), [8080], 'ports without');
    // whether the neighbour is known by then differs from one connection to the next
    const functions = (packet: Packet, end?: number) =>
      functionsOf(packet)
        .slice(0, end)
        .filter((name) => !name.startsWith('neigh_'));
    equal(functions(matched), functions(followed, change), 'hops without: those before the change');
  },
};

export const flags: readonly Scenario[] = [...byTable, ofProcess, ofPid, throughNat];
