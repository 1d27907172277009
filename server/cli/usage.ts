/** Ends the command line with one clear line on stderr and an exit status. */
export class CliError extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.name = 'CliError';
    this.status = status;
  }
}

/** The user asked for something that cannot be: exit status 2. */
export const usageError = (message: string): CliError => new CliError(message, 2);

/** It could be, but not here or not now: exit status 1. */
export const failure = (message: string): CliError => new CliError(message, 1);

/** The word of `known` that was probably meant, '' when none is near. */
export function nearest(word: string, known: readonly string[]): string {
  const scored = known.map((candidate) => ({ candidate, distance: editDistance(word, candidate) }));
  scored.sort((a, b) => a.distance - b.distance);
  const [best] = scored;
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3))
    ? best.candidate
    : '';
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

export const HELP = `skbtracer follows every packet through the Linux kernel.

  skbtracer [trace] [flags] ['pcap expression']   print packets' paths here
  skbtracer serve [flags]                         the same in a browser (npm start)
  skbtracer functions [--json]                    what can be probed on this kernel

Which packets (all that are given must hold; shown as one pcap expression by --debug):
  -H, --ipaddr ADDRESS     from or to this IPv4 or IPv6 address
      --proto PROTOCOL     tcp, udp, icmp, icmp6, sctp, arp, any, or a number
  -P, --port N             TCP or UDP port, source or destination
      --icmpid N           ICMP or ICMPv6 echo id
  -N, --netns X            network namespace: name (ip netns), inode number or pid
  -i, --interface NAME     on an interface of this name
      --mark VALUE[/MASK]  packet mark
  -p, --pid N              owned by, or handled for, this process
      --inner 'EXPRESSION' pcap expression for the packet inside a tunnel (VXLAN, GENEVE, GRE, IPIP)
      --keep               once matched, follow the packet for its whole life

What is printed (--route, --iptable, --tcp and --why add to each other):
      --route              packets at the stack's functions, and drops (the default)
      --iptable            every step of netfilter: table, hook, verdict, time spent
      --tcp                TCP connections: connect, accept, close, fail, with their process
      --why                how packets ended that did not get where they should: why, and what to do
      --dropstack          drops only, with reason and kernel stack
      --callstack          with --route: a kernel stack at every event
      --cb                 with --route: the control block (skb->cb), where it changed
  -c, --catch-count N      stop after exactly N events
  -T, --time               wall-clock time (the default)
  -t, --timestamp          seconds since the first event, with microseconds
      --json               one JSON object per event (docs/json-output.md)

How:
      --group default|all  probe the waypoints, or every function that takes an skb
      --flow-rate N        follow at most N packets that a flow begins in a second; the rest is counted
      --tracked N          packets followed at once, 64 to 1048576 (65536)
      --stack-table N      different kernel stacks kept, a power of two, 16 to 65536 (16384)
      --ring-size BYTES    kernel ring buffer, a power of two (16M); K, M and G may follow
      --source host|lab    this host, or the lab's sample network in a VM
      --kernel SERIES      kernel of the lab: 6.12, 6.1, or a path
      --ready-file PATH    touched when every probe is attached
      --debug              print what was understood, and stop
      --ebpf               print the programs and the probe plan, and stop
  -h, --help    -V, --version

serve: --source auto|host|lab, --kernel, --ready-file; HOST and PORT from the environment.
Exit status: 0 done, 1 it cannot be done here (why is said), 2 it was asked for wrongly.`;
