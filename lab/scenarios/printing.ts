/** What the flags print: lines as docs/cli.md has them, how many, at what time; and what is told instead of tracing. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { check, equal, inOrder } from './check.ts';
import { nft, run, shell } from './network.ts';
import { BPFTOOL, CLI } from './place.ts';
import { BRIDGE, BRIDGED, withBridge } from './rules.ts';
import type { Scenario } from './scenario.ts';
import { STEP_LINE } from './steps.ts';
import { inNamespace, netnsInode, trace } from './trace.ts';

const HEADER = /^time +NETWORK_NS +CPU +INTERFACE +DEST_MAC +IP_LEN +PKT_INFO +TRACE_INFO$/;
/** Columns are as wide as the original's, and wider where a value is. */
const LINE =
  /^\[(?<time>[\d:.]+) +\]\[(?<netns>\d[\d ]{9})\] (?<cpu>\d) {6}(?<device>.{18}) (?<mac>.{12}) (?<length>\d+) +(?<info>\S+) +(?<skb>[0-9a-f]{16})\.(?<type>\d):(?<what>\S.*)$/;
const FRAME = /^ {4}\S+\+0x[0-9a-f]+( \[\w+\])?$/;

interface Printed {
  readonly time: string;
  readonly netns: string;
  readonly cpu: string;
  readonly device: string;
  readonly mac: string;
  readonly length: string;
  readonly info: string;
  readonly what: string;
}

function parsed(line: string): Printed {
  const groups = LINE.exec(line)?.groups;
  check(groups !== undefined, 'a line as docs/cli.md has it', line);
  const column = (name: string) => (groups[name] ?? '').trim();
  return {
    time: column('time'),
    netns: column('netns'),
    cpu: column('cpu'),
    device: column('device'),
    mac: column('mac'),
    length: column('length'),
    info: column('info'),
    what: column('what'),
  };
}

/** The heading, then lines. */
function linesOf(text: readonly string[]): readonly Printed[] {
  const [header, ...lines] = text;
  check(HEADER.test(header ?? ''), 'the heading', header);
  return lines.map(parsed);
}

/** Each second of the clock from one time to another, as it is printed. */
function clocks(fromMs: number, toMs: number): readonly string[] {
  const seconds: string[] = [];
  for (let at = Math.floor(fromMs / 1000); at * 1000 <= toMs; at += 1)
    seconds.push(new Date(at * 1000).toTimeString().slice(0, 8));
  return seconds;
}

const UDP = 'U:10.1.0.2:PORT->10.1.0.3:9998';

const wallClock: Scenario = {
  name: "-T prints the time of day, and every kind of packet in the original's line",
  async run() {
    let [from, to] = [0, 0];
    const { text } = await trace({
      args: [
        '-T',
        '--route',
        '(host 10.1.0.3 and not arp) or (host fd00:1::3 and (icmp6[0] = 128 or icmp6[0] = 129))',
      ],
      classic: true,
      traffic: () => {
        from = Date.now();
        shell(
          'web',
          'exec 2> /dev/null',
          'echo x > /dev/udp/10.1.0.3/9998',
          '(exec 3<> /dev/tcp/10.1.0.3/9997) || true',
          'ping -q -c1 -W5 10.1.0.3',
          'ping -q -c1 -W5 fd00:1::3',
        );
        to = Date.now();
      },
    });
    const lines = linesOf(text);
    const possible = clocks(from, to);
    for (const { time } of lines) check(possible.includes(time), `a time of ${possible.join(', ')}`, time);
    const infos = lines.map(({ info, ...line }) => ({
      ...line,
      info: info.replace(/:\d{5}(?=->|$)/, ':PORT'),
    }));
    equal(
      [...new Set(infos.map(({ info }) => info))].sort(),
      [
        'I:10.1.0.3->10.1.0.2',
        'I_reply:10.1.0.3->10.1.0.2',
        'I_reply:fd00:1::3->fd00:1::2',
        'I_request:10.1.0.2->10.1.0.3',
        'I_request:fd00:1::2->fd00:1::3',
        'T_ACK,RST:10.1.0.3:9997->10.1.0.2:PORT',
        'T_SYN:10.1.0.2:PORT->10.1.0.3:9997',
        UDP,
      ],
      'packets',
    );
    const datagram = infos.filter(({ info }) => info === UDP);
    inOrder(
      datagram.map(({ device, what }) => `${device} ${what}`),
      ['eth0 __dev_queue_xmit', 'vweb br_handle_frame', 'vdb __dev_queue_xmit', 'eth0 ip_rcv'],
      'path of the datagram',
    );
    const drop = datagram.at(-1);
    const mac = inNamespace('db', 'cat', '/sys/class/net/eth0/address').trim().replaceAll(':', '');
    equal(
      [drop?.netns, drop?.device, drop?.mac, drop?.length],
      [String(netnsInode('db')), 'eth0', mac, '30'],
      'where it ends',
    );
    check(/^kfree_skb\(NO_SOCKET\) __udp4_lib_rcv\+0x[0-9a-f]+$/.test(drop?.what ?? ''), 'how it ends', drop);
  },
};

const sinceFirst: Scenario = {
  name: '-t prints seconds since the first event, with microseconds',
  async run() {
    let elapsed = 0;
    const { text } = await trace({
      args: ['-t', 'icmp and src host 10.1.0.2'],
      classic: true,
      traffic: () => {
        const begin = performance.now();
        inNamespace('web', 'ping', '-q', '-c2', '-i0.5', '-W5', '10.1.0.3');
        elapsed = (performance.now() - begin) / 1000;
      },
    });
    const lines = linesOf(text);
    for (const { time } of lines) check(/^\d+\.\d{6}$/.test(time), 'seconds with microseconds', time);
    equal(lines[0]?.time, '0.000000', 'time of the first event');
    const last = new Map<string, number>();
    for (const { time, cpu } of lines) {
      check(Number(time) >= (last.get(cpu) ?? 0) && Number(time) < elapsed, `within ${elapsed} s`, time);
      last.set(cpu, Number(time));
    }
    const [first = 0, second = 0, ...more] = lines
      .filter(({ what }) => what === 'icmp_rcv')
      .map(({ time }) => Number(time));
    equal(more.length, 0, 'requests beyond two');
    check(second - first > 0.4 && second - first < elapsed, 'half a second between two pings', [
      first,
      second,
    ]);
  },
};

const counted: Scenario = {
  name: '-c prints exactly so many events as lines, and a stack below one does not count',
  async run() {
    const { text, exitCode } = await trace({
      args: ['-c', '3', '--callstack', 'icmp'],
      classic: true,
      stop: 'itself',
      traffic: () => {
        inNamespace('web', 'ping', '-q', '-c1', '-W5', '10.1.0.3');
      },
    });
    equal(exitCode, 0, 'exit status');
    const frames = text.filter((line) => line.startsWith(' '));
    equal(linesOf(text.filter((line) => !frames.includes(line))).length, 3, 'events');
    check(frames.length > 3 && frames.every((frame) => FRAME.test(frame)), 'stacks', frames);
  },
};

const statistics: Scenario = {
  name: '--stats counts packets by how they ended, and prints none of them',
  async run() {
    const { text } = await trace({
      args: ['--stats', '--json', 'udp dst port 7000 or udp dst port 9999'],
      classic: true,
      traffic: () => {
        shell(
          'web',
          'for i in {1..20}; do echo x > /dev/udp/10.1.0.3/7000; done',
          'for i in {1..10}; do echo x > /dev/udp/10.1.0.3/9999; done',
        );
      },
    });
    equal(text.length, 1, 'lines');
    const told = JSON.parse(text[0] ?? '');
    equal(told.lost, 0, 'lost');
    equal(told.packets, 30, 'packets');
    const { delivered, dropped } = told.verdicts;
    equal(`${delivered} ${dropped}`, '20 10', 'delivered and dropped');
    const reasons = told.drops.map((one: { count: number; reason: string }) => `${one.count} ${one.reason}`);
    equal(reasons.join(), '10 NETFILTER_DROP', 'drops');
    equal(told.functions.udp_rcv, 20, 'packets at udp_rcv');
    equal(told.lives.count, 30, 'packets that have ended');
  },
};

const dropsOnly: Scenario = {
  name: '--dropstack prints no packet that is consumed, and below the drop its stack',
  async run() {
    const { text } = await trace({
      args: ['--dropstack', 'udp dst port 7000 or udp dst port 9999'],
      classic: true,
      traffic: () => {
        shell('web', 'echo x > /dev/udp/10.1.0.3/7000', 'echo x > /dev/udp/10.1.0.3/9999');
      },
    });
    const [line, ...more] = linesOf(text.slice(0, 2));
    equal(more.length, 0, 'lines beyond one');
    check(/^U:10\.1\.0\.2:\d+->10\.1\.0\.3:9999$/.test(line?.info ?? ''), 'the packet', line);
    check(
      /^kfree_skb\(NETFILTER_DROP\) (nft_do_chain|nf_hook_slow)\+0x/.test(line?.what ?? ''),
      'the drop',
      line,
    );
    const frames = text.slice(2);
    check(frames.length > 5 && frames.every((frame) => FRAME.test(frame)), 'the stack', frames);
  },
};

const [OF_BRIDGE, OF_INET, OF_LEGACY, OF_NOBODY] = [6301, 6302, 6303, 6304];
const PASSED = '7.wall.FORWARD.ACCEPT nft_do_chain chain forward';
const STEPS: Readonly<Record<string, readonly string[]>> = {
  [`10.122.0.2:${OF_BRIDGE}`]: [
    '7.wall.FORWARD.DROP nft_do_chain chain forward handle N',
    '7.hook.FORWARD.DROP nf_hook_slow',
  ],
  [`10.122.0.2:${OF_INET}`]: [
    PASSED,
    '1.shop.INPUT.DROP nft_do_chain chain input handle N',
    '2.hook.INPUT.DROP nf_hook_slow',
  ],
  [`fd00:122::2:${OF_INET}`]: [
    PASSED,
    '10.filter.INPUT.ACCEPT ip6t_do_table',
    '1.shop.INPUT.DROP nft_do_chain chain input handle N',
    '10.hook.INPUT.DROP nf_hook_slow',
  ],
  [`fd00:122::2:${OF_LEGACY}`]: [
    PASSED,
    '10.filter.INPUT.DROP ip6t_do_table',
    '10.hook.INPUT.DROP nf_hook_slow',
  ],
  [`fd00:122::2:${OF_NOBODY}`]: [
    PASSED,
    '10.filter.INPUT.ACCEPT ip6t_do_table',
    '1.shop.INPUT.ACCEPT nft_do_chain chain input',
  ],
};

/** The step of a line, its handle as N when that is the listing's. */
function stepOf(line: string, handles: ReadonlyMap<string, string>): string {
  const { pf, table, hook, verdict, func, chain, handle, spent } = STEP_LINE.exec(line)?.groups ?? {};
  check(Number(spent) > 0, 'a line with its time', line);
  const named = handle === undefined ? '' : ` handle ${handle === handles.get(table ?? '') ? 'N' : handle}`;
  return `${pf}.${table}.${hook}.${verdict} ${func}${chain === undefined ? '' : ` chain ${chain}`}${named}`;
}

const families: Scenario = {
  name: '--iptable prints bridge, inet and ip6tables each with its family, and the packet also beside a DROP',
  run: () =>
    withBridge(async () => {
      nft(
        BRIDGE,
        `table bridge wall { chain forward { type filter hook forward priority 0; udp dport ${OF_BRIDGE} drop; }; }`,
      );
      nft(
        BRIDGED.to,
        `table inet shop { chain input { type filter hook input priority 10; udp dport ${OF_INET} drop; }; }`,
      );
      shell(
        BRIDGED.to,
        'modprobe ip6table_filter',
        `ip6tables-legacy -A INPUT -p udp --dport ${OF_LEGACY} -j DROP`,
        'ip addr add fd00:122::2/64 dev b0 nodad',
        'ip neigh add fd00:122::1 lladdr 02:00:00:00:7a:01 dev b0',
      );
      shell(BRIDGED.from, 'ip neigh replace fd00:122::2 lladdr 02:00:00:00:7a:02 dev a0');
      const { text } = await trace({
        args: ['--iptable', 'udp dst portrange 6301-6304'],
        classic: true,
        traffic: () => {
          shell(
            BRIDGED.from,
            ...Object.keys(STEPS).map((to) => `echo x > /dev/udp/${to.replace(/:(\d+)$/, '/$1')}`),
          );
        },
      });
      const handles = new Map(
        [[BRIDGE, 'wall'] as const, [BRIDGED.to, 'shop'] as const].map(([netns, table]) => [
          table,
          / drop # handle (\d+)/.exec(run(netns, 'nft', '-a', 'list', 'ruleset'))?.[1] ?? 'none',
        ]),
      );
      const found: Record<string, string[]> = Object.fromEntries(Object.keys(STEPS).map((to) => [to, []]));
      for (const line of text.slice(1)) {
        const step = stepOf(line, handles);
        const steps = found[parsed(line).info.replace(/^U:.*->/, '')];
        check(steps !== undefined, 'a packet that was sent', line);
        // a hook passes a packet, or hands a bridged one on, as its tables let it
        if (!/\.hook\.\w+\.(ACCEPT|STOLEN) /.test(step)) steps.push(step);
      }
      equal(found, STEPS, 'steps');
    }),
};

/** What the command line prints instead of tracing. */
const told = (...args: readonly string[]): string =>
  execFileSync(CLI, ['trace', ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

const debug: Scenario = {
  name: '--debug prints what was understood as JSON, the filter as one pcap expression, and stops',
  run: async () => {
    const words = '--debug -H fd00:1::3 --proto tcp -P 80 -N db -p 1 -c 7 --keep -t --callstack';
    const { expression, netns, pid, count, keep, time, stacks, debug } = JSON.parse(
      told(...words.split(' '), 'tcp[13] = 2'),
    );
    equal(
      { expression, netns, pid, count, keep, time, stacks, debug },
      {
        expression: 'tcp and host fd00:1::3 and port 80 and tcp[13] = 2',
        netns: 'db',
        pid: 1,
        count: 7,
        keep: true,
        time: 'seconds',
        stacks: 'all',
        debug: true,
      },
      'what is told',
    );
  },
};

/** Those of the BCC skbtracer. */
const ORIGINAL = [
  'netif_rx', '__netif_receive_skb', 'tpacket_rcv', 'packet_rcv', 'napi_gro_receive', '__dev_queue_xmit',
  'br_handle_frame', 'br_handle_frame_finish', 'br_nf_pre_routing', 'br_nf_pre_routing_finish', 'br_pass_frame_up',
  'br_netif_receive_skb', 'br_forward', '__br_forward', 'deliver_clone', 'br_forward_finish', 'br_nf_forward_ip',
  'br_nf_forward_finish', 'br_nf_post_routing', 'br_nf_dev_queue_xmit', 'ip_rcv', 'ip_rcv_finish', 'ip_output',
  'ip_finish_output',
]; // biome-ignore format: a table
const TRACING = '/sys/kernel/tracing';
const firstWords = (file: string): ReadonlySet<string> =>
  new Set(readFileSync(`${TRACING}/${file}`, 'utf8').match(/^\S+/gm));

const plan: Scenario = {
  name: "--ebpf prints the probes that a trace then has, all of the original's functions among them, and stops",
  async run() {
    const [filter, compiled, programs, ...rest] = told('--ebpf', '-H', '10.1.0.3').trimEnd().split('\n');
    const [others, listed] = [
      rest.slice(0, rest.indexOf('functions:')),
      rest.slice(rest.indexOf('functions:') + 1),
    ];
    equal(filter, 'filter: host 10.1.0.3', 'the filter');
    check(/^compiled: .*"l2":[1-9]\d*,"l3":[1-9]/.test(compiled ?? ''), 'the compiled filter', compiled);
    const planned = listed.map((line) => {
      const name = /^ {2}\S+ +(\w+)(?: \[\w+\])?, skb is argument [1-5]$/.exec(line)?.[1];
      check(name !== undefined, 'a probe with its stage and argument', line);
      return name;
    });
    equal(/ on (\d+) functions /.exec(programs ?? '')?.[1], String(planned.length), 'how many');
    const traceable = firstWords('available_filter_functions');
    for (const name of ORIGINAL)
      check(
        planned.includes(name) || !traceable.has(name),
        `${name} is planned or cannot be traced`,
        planned,
      );
    const programNames = others.map((line) => {
      const name = /^ {2}(?:fentry|fexit|tracepoint|kprobe\.session) +[\w ]+: (\w+)$/.exec(line)?.[1];
      check(name !== undefined, 'a program with what it is attached to', line);
      return name;
    });
    check(programNames.includes('skbt_drop_body'), 'the program at drops is planned', programNames);
    let probed: ReadonlySet<string> = new Set();
    let loaded: ReadonlySet<string> = new Set();
    const { lines } = await trace({
      args: ['-H', '10.1.0.3'],
      traffic: () => {
        probed = firstWords('enabled_functions');
        const programs: { readonly name?: string }[] = JSON.parse(run('', BPFTOOL, '-j', 'prog', 'list'));
        loaded = new Set(programs.map(({ name }) => name ?? ''));
        inNamespace('web', 'ping', '-q', '-c1', '-W5', '10.1.0.3');
      },
    });
    equal(
      planned.filter((name) => !probed.has(name)),
      [],
      'planned and not probed',
    );
    equal(
      programNames.filter((name) => !loaded.has(name)),
      [],
      'planned and not loaded',
    );
    const seen = new Set(
      lines.flatMap(({ kind, func }) => (kind === 'hop' && func !== undefined ? [func] : [])),
    );
    check(seen.size > 10, 'functions are passed', [...seen]);
    equal(
      [...seen].filter((name) => !planned.includes(name)),
      [],
      'passed and not planned',
    );
  },
};

export const printing: readonly Scenario[] = [
  wallClock,
  sinceFirst,
  counted,
  statistics,
  dropsOnly,
  families,
  debug,
  plan,
];
