/** `--iptable`: every table that a forwarded SYN passes, in the order of the hooks, with the time spent. */
import { check, equal } from './check.ts';
import { Running, shell, tool, wire, withNamespaces } from './network.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import { type Line, netnsInode } from './trace.ts';

const [INSIDE, OUTSIDE, NFT, LEGACY] = ['s-in', 's-out', 's-nft', 's-leg'];
const GATES = [
  { netns: NFT, n: 1, variant: 'nft', port: 9101 },
  { netns: LEGACY, n: 2, variant: 'legacy', port: 9102 },
] as const;

/** Table and hook of each step of a packet that is forwarded and masqueraded, as iptables(8) orders them. */
const STEPS: unknown[][] = [
  ['mangle', 'PREROUTING'],
  ['nat', 'PREROUTING'],
  ['mangle', 'FORWARD'],
  ['filter', 'FORWARD'],
  ['mangle', 'POSTROUTING'],
  ['nat', 'POSTROUTING'],
];

const rules = (n: number, variant: string): string => `
  ${variant === 'legacy' ? 'modprobe -a iptable_mangle iptable_nat iptable_filter' : ''}
  iptables-${variant}-restore <<END
*mangle
-A PREROUTING -p tcp -j MARK --set-mark ${n}
-A FORWARD -p tcp -j ACCEPT
-A POSTROUTING -p tcp -j ACCEPT
COMMIT
*nat
-A PREROUTING -p udp -j ACCEPT
-A POSTROUTING -o o${n} -j MASQUERADE
COMMIT
*filter
-A FORWARD -p tcp -j ACCEPT
COMMIT
END`;

const withGates = (use: () => Promise<void>): Promise<void> =>
  withNamespaces([INSIDE, OUTSIDE, NFT, LEGACY], async () => {
    for (const { netns, n, variant } of GATES) {
      wire(
        { netns: INSIDE, device: `i${n}`, host: 2 },
        { netns, device: `i${n}`, host: 1 },
        { net: 130 + n },
      );
      wire(
        { netns: OUTSIDE, device: `o${n}`, host: 2 },
        { netns, device: `o${n}`, host: 1 },
        { net: 140 + n },
      );
      shell(netns, 'echo 1 > /proc/sys/net/ipv4/ip_forward', rules(n, variant));
      shell(INSIDE, `ip route add 10.${140 + n}.0.0/24 via 10.${130 + n}.0.1`);
    }
    const server = await Running.start(
      OUTSIDE,
      tool('udpblast'),
      'serve',
      ...GATES.map(({ port }) => `tcp:${port}`),
    );
    try {
      await use();
    } finally {
      await server.stop();
    }
  });

const connect = () => {
  shell(
    INSIDE,
    ...GATES.flatMap(({ n, port }) => [`exec 3<>/dev/tcp/10.${140 + n}.0.2/${port}`, 'exec 3>&-']),
  );
};
const SYNS = `tcp dst portrange ${GATES[0].port}-${GATES[1].port} and tcp[tcpflags] = tcp-syn`;
/** `--iptable`'s TRACE_INFO. */
export const STEP_LINE =
  / (?<skb>[0-9a-f]{16})\.(?<type>\d+):(?<pf>\d+)\.(?<table>\w+)\.(?<hook>\w+)\.(?<verdict>\w+) (?<func>\w+)(?: chain (?<chain>\w+)(?: handle (?<handle>\d+))?)? (?<spent>[\d.]+) (?<unit>ns|µs|ms)$/u;

function inJson(steps: readonly Line[], variant: string): void {
  const tables = steps.filter((one) => one.decision === 'table');
  equal<unknown>(
    tables.map(({ table, hook }) => [table, hook]),
    STEPS,
    `${variant}: tables in order`,
  );
  for (const one of tables) {
    const func = variant === 'nft' ? 'nft_do_chain' : 'ipt_do_table';
    equal(
      [one.verdict, one.func, one.family],
      ['ACCEPT', func, 'ip'],
      `${variant}: ${one.table} ${one.hook}`,
    );
    equal(one.chain, variant === 'nft' ? one.hook : undefined, `${variant}: chain`);
  }
  for (const one of steps) check(Number(one.spent_ns) > 0, `${variant}: time spent`, one);
  equal(
    steps.filter((one) => one.decision === 'conntrack').map(({ state }) => state),
    ['NEW'],
    `${variant}: conntrack`,
  );
  equal(
    steps.filter((one) => one.decision === 'nat').map(({ rewrites }) => rewrites),
    ['source'],
    `${variant}: NAT`,
  );
}

function inLines(lines: readonly string[], variant: string): void {
  const steps = lines.map((line) => {
    const groups = STEP_LINE.exec(line)?.groups;
    check(groups !== undefined, `${variant}: a line as docs/cli.md has it`, line);
    return groups;
  });
  const tables = steps.filter(({ table = '' }) => ['mangle', 'nat', 'filter'].includes(table));
  equal<unknown>(
    tables
      .filter(({ func }) => func === (variant === 'nft' ? 'nft_do_chain' : 'ipt_do_table'))
      .map(({ table, hook }) => [table, hook]),
    STEPS,
    `${variant}: tables in order, in lines`,
  );
  for (const { spent, verdict, pf } of steps) {
    check(Number(spent) > 0, `${variant}: time spent, in lines`, steps);
    equal([verdict, pf], ['ACCEPT', '2'], `${variant}: verdict and family, in lines`);
  }
}

export const steps: readonly Scenario[] = [
  {
    name: '--iptable lists the tables of a forwarded SYN in the order of the hooks, with the time spent',
    run: () =>
      withGates(async () => {
        const { lines } = await trace({ args: ['--keep', '--iptable', SYNS], traffic: connect });
        for (const { netns, variant } of GATES)
          inJson(
            lines.filter((line) => line.netns_name === netns),
            variant,
          );
        check(
          lines.every((line) => line.kind === 'decision'),
          'nothing but decisions',
          lines.find((line) => line.kind !== 'decision'),
        );
        const classic = await trace({ args: ['--keep', '--iptable', SYNS], traffic: connect, classic: true });
        for (const { netns, variant } of GATES)
          inLines(
            classic.text.filter((line) => line.includes(`[${netnsInode(netns)}`)),
            variant,
          );
      }),
  },
];
