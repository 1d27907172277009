/** Packets that are held for long: by whom, until when, and what that means for those that come after. */
import { check, equal } from './check.ts';
import { ends, functionsOf, WHY } from './expect.ts';
import { address, ip, Running, run, tool, wire, withNamespaces } from './network.ts';
import { staysOf } from './paths.ts';
import type { Scenario } from './scenario.ts';
import { type Output, summaryOf, trace } from './trace.ts';

const PEERS = tool('peers');
const [A, B] = ['held-a', 'held-b'];
const NET = 78;

const withCable = (use: () => Promise<void>) =>
  withNamespaces([A, B], async () => {
    wire({ netns: A, device: 'ha', host: 1 }, { netns: B, device: 'hb', host: 2 }, { net: NET });
    await use();
  });

const send = (port: number, count: number) =>
  run(A, PEERS, 'udp-send', address(NET, 2), String(port), String(count), '100');

/** Resolves once so many packets have ended; rejects when none does for a minute. */
async function untilEnded(count: number, output: Output): Promise<void> {
  const ended = () => [...output.packets.values()].filter(({ frees }) => frees.length > 0).length;
  while (ended() < count) await output.line(({ kind }) => kind === 'free');
}

/** What the kernel's log has that it should not. */
const complaints = (): string[] =>
  run('', 'dmesg')
    .split('\n')
    .filter((line) => /BUG|WARNING|Oops|refcount|unregister_netdevice/.test(line));

const EACH = 5;

async function deletedNamespace(): Promise<void> {
  const before = complaints();
  await withCable(async () => {
    const holder = await Running.start(B, PEERS, 'udp-hold', '7120');
    const { packets, stderr } = await trace({
      args: [...WHY, 'udp and (dst port 7120 or dst port 7121)'],
      async traffic(_running, output) {
        send(7120, EACH);
        run(A, 'tc', 'qdisc', 'add', 'dev', 'ha', 'root', 'netem', 'delay', '250s');
        send(7121, EACH);
        // b's goes when its last process has
        ip('', `netns del ${A}`, `netns del ${B}`);
        await holder.stop();
        await untilEnded(2 * EACH, output);
      },
    });
    equal(packets.size, 2 * EACH, 'packets');
    for (const packet of packets.values()) {
      const isQueued = functionsOf(packet).at(-1) !== '__udp_enqueue_schedule_skb';
      equal(staysOf(packet), isQueued ? [A] : [A, B], 'namespaces');
      if (isQueued)
        ends(packet, {
          verdict: 'dropped',
          reason: 'NOT_SPECIFIED',
          location: /^(__rtnl_unlock|rtnl_kfree_skbs|netdev_run_todo)$/,
          rule: 'queue.emptied',
          tone: 'problem',
          title: /waited in the queue on ha in held-a when that was emptied/,
        });
      else
        ends(packet, {
          verdict: 'dropped',
          reason: 'NOT_SPECIFIED',
          location: /^(udp_destruct_common|udp_destruct_sock|inet_sock_destruct)$/,
          rule: 'socket.closed',
          tone: 'notice',
          // the namespace has lost its name by then: its last process tells it, if it was looked at meanwhile
          title:
            /socket on 10\.78\.0\.2:7120 in (held-b|peers\(\d+\)) was closed before its program read this/,
        });
    }
    check(Number.isNaN(summaryOf(stderr).longLived), 'nothing is left followed', stderr);
  });
  equal(complaints(), before, 'complaints of the kernel');
}

const TABLE = 64;
const HELD = 300;
const LONG_MS = 11_000;

async function fullTable(): Promise<void> {
  await withCable(async () => {
    const first = await Running.start(B, PEERS, 'udp-hold', '7122');
    const second = await Running.start(B, PEERS, 'udp-hold', '7123');
    const { packets, stderr } = await trace({
      args: ['--keep', '--tracked', String(TABLE), 'udp and (dst port 7122 or dst port 7123)'],
      async traffic(_running, output) {
        send(7122, HELD);
        // those that were not followed end as well, and their addresses are others' then
        await first.stop();
        await untilEnded(TABLE, output);
        send(7123, HELD);
        // time itself is what is looked at
        await new Promise((resolve) => setTimeout(resolve, LONG_MS));
      },
    });
    await second.stop();
    equal(packets.size, 2 * TABLE, 'packets that are followed');
    for (const packet of packets.values())
      equal(functionsOf(packet)[0], 'ip_send_skb', 'no path begins halfway');
    equal(
      summaryOf(stderr),
      { ...summaryOf(stderr), lost: 0, packets: 2 * TABLE, refused: 2 * (HELD - TABLE), longLived: TABLE },
      'what the summary says',
    );
  });
}

export const held: readonly Scenario[] = [
  {
    name: 'packets in a queue and in a socket of a namespace that is deleted all end, and it is said why',
    run: deletedNamespace,
  },
  {
    name: 'a full tracking table follows no packet halfway, and counts each that it does not follow, and old ones',
    run: fullTable,
  },
];
