/**
 * The line format of the BCC skbtracer (its event_printer), so that its users' eyes and scripts go on working:
 * `[time][NETWORK_NS] CPU INTERFACE DEST_MAC IP_LEN PKT_INFO TRACE_INFO`.
 */
import type { Ns } from '../base/units.ts';
import { formatClock } from './format.ts';
import type { Hop, PacketState } from './hop.ts';
import type { NameBook } from './names.ts';

export interface ClassicOptions {
  /** `clock`: HH:MM:SS (the original's default, and -T); `seconds`: since the first event, with µs (-t). */
  readonly time: 'clock' | 'seconds';
  readonly baseUnixMs: number;
  /** Time of the first event printed. */
  readonly firstNs: Ns;
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
  const { state } = hop;
  const time =
    options.time === 'seconds'
      ? ((hop.timeNs - options.firstNs) / 1e9).toFixed(6)
      : formatClock(hop.timeNs, options.baseUnixMs);
  const where =
    hop.kind === 'hop'
      ? names.functionName(hop.func)
      : `kfree_skb(${names.reasonName(hop.reason)}) ${names.locationName(hop.location)}`;
  return columns(
    `[${`${time} `.padEnd(8)}]`,
    '',
    `[${String(hop.netns).padEnd(10)}]`,
    String(hop.cpu),
    state.device ?? names.interfaceName(hop.netns, hop.ifindex),
    (state.eth?.dst ?? '').replaceAll(':', ''),
    String(state.ip?.length ?? state.meta?.len ?? 0),
    packetInfo(state),
    `${hop.skb}.${state.meta?.pktType ?? 0}:${where}`,
  );
}

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
function packetInfo({ ip, l4, meta, eth }: PacketState): string {
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
