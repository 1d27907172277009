/** Kernel stacks: of drops only, of every hop, and what a table that is too small could not take. */
import { check, equal, inOrder, only } from './check.ts';
import type { Scenario } from './scenario.ts';
import { inNamespace, type Line, trace } from './trace.ts';

/** nftables in db drops them. */
const send = (count: number): void => {
  inNamespace('web', 'bash', '-c', `for i in {1..${count}}; do echo x > /dev/udp/10.1.0.3/9999; done`);
};
/** Of so many one is received in the call that sends it; a busy machine leaves some to ksoftirqd. */
const DATAGRAMS = 8;
const framesOf = (line: Line): string[] => (Array.isArray(line.stack) ? line.stack.map(String) : []);
const notTaken = (stderr: string): number =>
  Number(/([\d,]+) stacks? (?:was|were) not taken/.exec(stderr)?.[1]?.replaceAll(',', '') ?? 0);
const functionOf = (frame: string): string => frame.replace(/[.+].*$/, '');

export const stacks: readonly Scenario[] = [
  {
    name: '--dropstack prints the drop only, with its stack from the rule to the sender, and no frame of ours',
    async run() {
      const { lines } = await trace({
        args: ['--dropstack', 'udp port 9999'],
        traffic: () => send(DATAGRAMS),
      });
      equal(
        lines.map(({ kind, reason }) => `${kind} ${reason}`),
        Array(DATAGRAMS).fill('drop NETFILTER_DROP'),
        'what is printed',
      );
      const drop = lines.find((line) => framesOf(line).some((frame) => functionOf(frame) === 'udp_sendmsg'));
      check(drop !== undefined, 'one that was received as it was sent', lines.map(framesOf));
      const frames = framesOf(drop);
      // or behind it: releases of one series differ in who gives the packet back
      const isInChain = String(drop.location).startsWith('nft_do_chain');
      inOrder(
        frames.map(functionOf),
        [...(isInChain ? ['nft_do_chain', 'nft_do_chain_inet'] : []), 'nf_hook_slow', 'ip_local_deliver', 'process_backlog', '__dev_queue_xmit', 'udp_sendmsg'],
        'frames, innermost first',
      ); // biome-ignore format: a path
      const chain = frames.find((frame) => frame.startsWith('nft_do_chain+'));
      check(
        !isInChain || /^nft_do_chain\+0x[0-9a-f]+ \[nf_tables\]$/.test(chain ?? ''),
        'offset and module of the chain',
        chain,
      );
      check(
        !frames.some((frame) => /skbt_|bpf_trampoline|bpf_trace_run/.test(frame)),
        'frames of the tracer',
        frames,
      );
      const functions = frames.map(functionOf);
      check(!functions.some((one, i) => one === functions[i - 1]), 'no function twice in a row', functions);
    },
  },
  {
    name: '--callstack gives every hop its stack and caller, but for those counted as not taken',
    async run() {
      const { lines, stderr } = await trace({
        args: ['--callstack', '--keep', 'udp port 9999'],
        traffic: () => send(1),
      });
      const hops = lines.filter(({ kind }) => kind === 'hop' || kind === 'drop');
      check(hops.length > 20, 'hops', hops.length);
      // the kernel's table has one place for each hash: of two stacks that want the same, the later is refused
      const bare = hops.filter((hop) => framesOf(hop).length === 0);
      equal(bare.length, notTaken(stderr), 'hops without a stack');
      check(bare.length <= 2, 'there is room for all, but for a collision', bare.length);
      const received = only(
        hops,
        ({ func, netns_name }) => func === 'ip_rcv' && netns_name === 'db',
        'ip_rcv in db',
      );
      equal(functionOf(String(received.caller)), '__netif_receive_skb_one_core', 'caller of ip_rcv');
    },
  },
  {
    name: 'a stack table that is too small counts exactly the hops that have no stack',
    async run() {
      const { lines, stderr } = await trace({
        args: ['--callstack', '--stack-table', '16', '--keep', 'udp port 9999'],
        traffic: () => send(1),
      });
      const bare = lines.filter(
        (line) => (line.kind === 'hop' || line.kind === 'drop') && framesOf(line).length === 0,
      );
      check(bare.length > 0, 'sixteen are not enough', lines.length);
      equal(
        /([\d,]+) stacks were not taken/.exec(stderr)?.[1],
        String(bare.length),
        'stacks not taken, as told',
      );
    },
  },
];
