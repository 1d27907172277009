/** What another tool's capture does not say, and a record has no way to leave out. */
import type { Ip, L4 } from './hop.ts';

/** Offset of an address in its function. */
export const OFFSET_UNTOLD = 0xffff_ffff;
/** skb->pkt_type; a priority of 0 is not told then, either. */
export const PKT_TYPE_UNTOLD = 0xff;

/** There are addresses, and nothing else of the IP header: it was not read. */
export const isHeaderUntold = ({ length, id, ttl }: Ip): boolean => length === 0 && id === 0 && ttl === 0;

/** There are ports, and maybe flags, and nothing else of the TCP header. */
export const isTcpUntold = ({ tcpSeq, tcpAck, tcpWindow }: L4): boolean =>
  tcpSeq === 0 && tcpAck === 0 && tcpWindow === 0;
