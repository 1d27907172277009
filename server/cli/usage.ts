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

export const HELP = `skbtracer follows every packet through the Linux kernel.

  skbtracer [trace] [flags] ['pcap expression']   print packets' paths here
  skbtracer serve [flags] [RECORDING]             the same in a browser (npm start), or a recording
  skbtracer record -o FILE [flags] ['expression']  keep it in a file, with all that explains it
  skbtracer replay FILE [print flags]             print a recording as its packets were
  skbtracer export FILE -o FILE [--format …]      what other tools read: jsonl, csv, pcapng, perfetto, otlp, parquet, html
  skbtracer import FILE… -o FILE                  a recording of what pwru, Retis or export to pcapng wrote
  skbtracer query FILE [--json|--csv] 'SQL'       ask it: packets, hops, drops, changes … (docs/sql.md)
  skbtracer expect FILE [flags] -- COMMAND        did its packets go as expected? (docs/expect.md)
  skbtracer functions [--json] [--price] [probe flags]  what can be probed here, or would be, and what it would cost
  skbtracer lab [--help] [flags] [-- COMMAND]     a command, or a shell, as root on a real kernel in a VM
  skbtracer completion bash|zsh|fish              a script for the shell, to complete all this
  skbtracer man                                   this as a manual page: skbtracer man | man -l -
  skbtracer doctor [--json] [--no-self-test]      what this kernel allows, what is missing, and a test with known packets

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
      --drops              drops as a table that goes on, by reason, function and namespace
      --stats              no events: how many packets ended how, how long they took, which functions they passed
      --callstack          with --route: a kernel stack at every event
      --cb                 with --route: the control block (skb->cb), where it changed
  -c, --catch-count N      stop after exactly N events
  -o, --output FILE        lines to a new file; --rotate SIZE[:N] puts it aside when it is full, and keeps N (5)
      --duration TIME      stop after so long: 500ms, 30s, 5m, 2h
  -T, --time               wall-clock time (the default)
  -t, --timestamp          seconds since the first event, with microseconds
      --format FORMAT      classic: the original's lines (the default); tree: each packet's story, once it has
                           ended, and why it ended so (implies --keep); json
      --json               one JSON object per event (docs/json-output.md)

Which functions are probed (what is given adds up; '!' before a value takes away; without --group only these):
      --group GROUP        default: the stack's waypoints; all: every function that takes an skb; none
      --stage STAGE        all of a stage: driver, xdp/tc, gro, qdisc, bridge, netfilter, ip, transport, socket, tunnel
      --module MODULE      all of a kernel module, also when it is loaded later; kernel: what is in no module
      --filter-func REGEX  those whose whole name matches (RE2)
      --func NAME          this one
      --filter-non-skb-funcs NAME,…  these, which take no skb: hops of the packet whose probed function they run in
      --probe-stack        and what is found on the stacks of drops, from then on
      --backend BACKEND    how probes are attached: auto, kprobe, kprobe-multi, fentry

How:
      --tail WHAT[,…]      decide at a packet's end if it is printed: drops always are, and slow:10ms (lived for
                           as long), new (on a path that none was on), 1/100 (by its headers); implies --keep
      --flow-rate N        follow at most N packets that a flow begins in a second; the rest is counted
      --tracked N          packets followed at once, 64 to 1048576 (65536, with --tail 8192)
      --stack-table N      different kernel stacks kept, a power of two, 16 to 65536 (16384)
      --ring-size BYTES    each of the kernel's ring buffers, a power of two (16M); K, M and G may follow
      --rings N            ring buffers, which CPUs share; at most 64 and one a CPU (one for every four CPUs)
      --source host|lab    this host, or the lab's sample network in a VM
      --kernel SERIES      kernel of the lab: 6.12, 6.1, or a path
      --ready-file PATH    touched when every probe is attached
      --debug              print what was understood, and stop
      --ebpf               print the programs and the probe plan, and stop
  -h, --help    -V, --version

record: all of the flags above; prints only what is asked for. -o, --output FILE: a new file, '-': standard output.
  --freeze drop[:REASON],slow:10ms,new,rst,retransmit,duplicate,hand: only the last seconds, once one of these happens
  (or SIGUSR1 comes): --last 30s,64M, and --after 1s of what follows.
replay: what is printed, as above, from FILE; '-': standard input.
export: -o FILE (a new one, or '-'), --format jsonl|csv|pcapng|perfetto|otlp|parquet|html (by the name otherwise;
  parquet: a folder, '-': a tar), --packet ID[,ID];
  pcapng has each packet once at each interface and at its drop, with --hops all at each function.
import: -o FILE (a new one, or '-'). What it reads is told by its content: pwru --output-json, events of Retis (JSON), pcapng of
  export; several files are one capture, in their order. replay, export, query, expect and serve read such files, too.
expect: what chooses packets and probes, as above, --settle TIME; or --recording FILE. --tap, --junit FILE.
serve: --source auto|host|lab, --kernel, --ready-file; HOST and PORT from the environment; --memory 128M of records.
  Sessions are kept as recordings in --recordings FOLDER (off: nowhere), as much as --recordings-size 2G,
  --recordings-age 168h and --recordings-number 1000 allow; the oldest give way. Save and exports of the session that runs have
  all of it that is there (where nothing is kept, what is in memory). --recordings-tables off: tables for SQL are made when it
  asks. --freeze WHAT[,…] as of record: the last of the session (--last 30s, and --after 1s of what follows) becomes a
  recording of its own, ten times at most; in the page, too.
lab: --kernel, --net (with the sample network), --traffic, --memory MB, --cpus N, --timeout SECONDS, --forward HOST:GUEST,
  --modules A,B, --counted, --keep FOLDER, --root FOLDER, --systemd, --prepare; skbtracer lab --help says more.
Exit status: 0 done, 1 it cannot be done here (why is said), 2 it was asked for wrongly.`;
