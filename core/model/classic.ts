/**
 * The line format of the BCC skbtracer (its event_printer), so that its users' eyes and scripts go on working:
 * `[time][NETWORK_NS] CPU INTERFACE DEST_MAC IP_LEN PKT_INFO TRACE_INFO`.
 */
import type { Ns } from '../base/units.ts';
import { decisionFunction, decisionKind } from './deciders.ts';
import { outcomeOf, verdictWord } from './decisions.ts';
import { formatClock, formatDuration } from './format.ts';
import type { Decision, Hop, PacketState } from './hop.ts';
import { hookName } from './kernel-names.ts';
import type { NameBook } from './names.ts';
import { type Paint, PLAIN } from './paint.ts';
import { isHeaderUntold, PKT_TYPE_UNTOLD } from './untold.ts';

export interface ClassicOptions {
  /** `clock`: HH:MM:SS (the original's default, and -T); `seconds`: since the first event, with µs (-t). */
  readonly time: 'clock' | 'seconds';
  readonly baseUnixMs: number;
  /** Time of the first event printed. */
  readonly firstNs: Ns;
  /** For a terminal; columns stay where they are. */
  readonly paint?: Paint;
}

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMP6 = 58;
/** Bits from high to low, the original's order. */
const TCP_FLAGS = [
  [128, 'CWR'],
  [64, 'ECE'],
  [32, 'URG'],
  [16, 'ACK'],
  [8, 'PSH'],
  [4, 'RST'],
  [2, 'SYN'],
  [1, 'FIN'],
] as const;

export const CLASSIC_HEADER = columns(
  'time'.padEnd(10),
  ' ',
  'NETWORK_NS'.padEnd(12),
  'CPU',
  'INTERFACE',
  'DEST_MAC',
  'IP_LEN',
  'PKT_INFO',
  'TRACE_INFO',
);

/** One hop as a line, without a line end. A drop's function is `kfree_skb(REASON) where`. */
export function classicLine(hop: Hop, names: NameBook, options: ClassicOptions): string {
  const where =
    hop.kind === 'hop'
      ? names.functionName(hop.func)
      : (options.paint ?? PLAIN).bad(
          `kfree_skb(${names.reasonName(hop.reason)}) ${names.locationName(hop.location)}`,
        );
  return placedLine(hop, hop, names, options, where);
}

/**
 * One step of netfilter as a line: `<skb>.<pkt_type>:<pf>.<table>.<HOOK>.<VERDICT> <function> <time spent>`, pf as a
 * number. Where no table decided, what did stands in its place: `hook`, `conntrack`, `nat`. The packet is as its last
 * hop had it, blank when there was none.
 */
export function decisionLine(
  decision: Decision,
  last: Hop | undefined,
  names: NameBook,
  options: ClassicOptions,
): string {
  const { pf, hook, rule } = decision;
  const table = rule?.table || decisionKind(decision);
  const chain = rule?.chain ? ` chain ${rule.chain}` : '';
  const handle = rule?.handle ? ` handle ${rule.handle}` : '';
  const word = verdictWord(decision);
  const isRefused = outcomeOf(decision) === 'refuse';
  const verdict = `${pf}.${table}.${hookName(pf, hook)}.${isRefused ? (options.paint ?? PLAIN).bad(word) : word}`;
  const spent = decision.durationNs === 0 ? '' : ` ${formatDuration(decision.durationNs)}`;
  const where = `${verdict} ${decisionFunction(decision)}${chain}${handle}${spent}`;
  return placedLine(decision, last, names, options, where);
}

/** `[time ]` of a line. */
export function lineTime(timeNs: Ns, options: ClassicOptions): string {
  const time =
    options.time === 'seconds'
      ? ((timeNs - options.firstNs) / 1e9).toFixed(6)
      : formatClock(timeNs, options.baseUnixMs);
  return `[${`${time} `.padEnd(8)}]`;
}

/** An event at `at`, of a packet that is as `packet` says. */
function placedLine(
  at: { readonly timeNs: Ns; readonly cpu: number; readonly netns: Hop['netns']; readonly skb: Hop['skb'] },
  packet: Hop | undefined,
  names: NameBook,
  options: ClassicOptions,
  where: string,
): string {
  const state = packet?.state ?? {};
  return columns(
    (options.paint ?? PLAIN).faint(lineTime(at.timeNs, options)),
    '',
    `[${String(at.netns).padEnd(10)}]`,
    String(at.cpu),
    state.device ?? (packet ? names.interfaceName(packet.netns, packet.ifindex) : ''),
    (state.eth?.dst ?? '').replaceAll(':', ''),
    lengthText(state),
    packet ? packetInfo(state) : '',
    `${at.skb}.${pktTypeText(state)}:${where}`,
  );
}

/** Of the IP header, where that was read. */
const lengthText = ({ ip, meta }: PacketState): string =>
  String((ip !== undefined && !isHeaderUntold(ip) ? ip.length : undefined) ?? meta?.len ?? 0);

const pktTypeText = ({ meta }: PacketState): string =>
  meta?.pktType === PKT_TYPE_UNTOLD ? '?' : String(meta?.pktType ?? 0);

function columns(
  time: string,
  gap: string,
  netns: string,
  cpu: string,
  device: string,
  mac: string,
  length: string,
  packet: string,
  trace: string,
): string {
  return `${time}${gap}${netns} ${cpu.padEnd(6)} ${device.padEnd(18)} ${mac.padEnd(12)} ${length.padEnd(6)} ${packet.padEnd(40)} ${trace}`;
}

/** `T_ACK,PSH:10.1.0.2:40000->10.1.0.3:80`, `U:…`, `I_request:…`, else `<protocol>:source->destination`. */
export function packetInfo({ ip, l4, meta, eth }: PacketState): string {
  if (ip === undefined) return `0x${(meta?.protocol || eth?.type || 0).toString(16).padStart(4, '0')}`;
  const ends = `${ip.saddr}->${ip.daddr}`;
  if (ip.version === 0) return `A_${l4?.arpOp === 2 ? 'reply' : 'request'}:${ends}`;
  const withPorts = `${ip.saddr}:${l4?.sport ?? 0}->${ip.daddr}:${l4?.dport ?? 0}`;
  switch (ip.protocol) {
    case TCP: {
      const bits = l4?.tcpFlags ?? 0;
      const flags = TCP_FLAGS.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
      return `T_${flags.join(',')}:${withPorts}`;
    }
    case UDP:
      return `U:${withPorts}`;
    case ICMP:
    case ICMP6: {
      const type = l4?.icmpType ?? -1;
      const isRequest = ip.protocol === ICMP ? type === 8 : type === 128;
      const isReply = ip.protocol === ICMP ? type === 0 : type === 129;
      return `${isRequest ? 'I_request' : isReply ? 'I_reply' : 'I'}:${ends}`;
    }
    default:
      return `${ip.protocol}:${ends}`;
  }
}
