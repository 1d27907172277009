/** What the user named, as the kernel's numbers: once the source has said what there is. */
import { statSync } from 'node:fs';
import { BlockList, isIP, isIPv6 } from 'node:net';
import {
  type CaptureFilter,
  type CaptureSpec,
  DEFAULT_SPEC,
  type NetnsInfo,
} from '../../core/messages/source.ts';
import type { SocketEvent } from '../../core/model/hop.ts';
import { isTcpOnly } from './modes.ts';
import type { TraceOptions } from './options.ts';
import { usageError } from './usage.ts';

/** Inode of a namespace given by name, inode or (on this host) pid. Throws a CliError with status 2. */
export function resolveNetns(text: string, namespaces: readonly NetnsInfo[], isThisHost: boolean): number {
  const named = namespaces.find(({ name, origin }) => name === text && origin !== 'process');
  if (named !== undefined) return named.inode;
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (namespaces.some(({ inode }) => inode === number)) return number;
    const ofProcess = isThisHost ? netnsOfPid(number) : undefined;
    if (ofProcess !== undefined) return ofProcess;
  }
  const known = namespaces.filter(({ origin }) => origin !== 'process').map(({ name }) => name);
  throw usageError(
    `there is no network namespace '${text}' (name, inode or pid); there are ${known.slice(0, 12).join(', ')}${known.length > 12 ? ' …' : ''}`,
  );
}

function netnsOfPid(pid: number): number | undefined {
  try {
    return statSync(`/proc/${pid}/ns/net`).ino;
  } catch {
    return undefined;
  }
}

/**
 * Matches no packet: protocol 255 is reserved (IANA), and libpcap refuses an expression that it can see to be false.
 */
export const NO_PACKET = 'ip proto 255';

/** The capture that the options ask for. */
export function resolveSpec(options: TraceOptions, namespaces: readonly NetnsInfo[]): CaptureSpec {
  return {
    ...DEFAULT_SPEC,
    filter: resolveFilter(options, namespaces),
    probes: options.probes,
    backend: options.backend,
    stacks: options.stacks,
    controlBlock: options.controlBlock,
    tcpEvents: options.shows.tcp || options.record !== undefined,
    flowRate: options.flowRate,
    ...(options.tail !== undefined && { tail: options.tail }),
    ringBytes: options.ringBytes,
    rings: options.rings,
    trackedPackets: options.trackedPackets,
    stackTable: options.stackTable,
  };
}

/** The capture filter of the options. */
export function resolveFilter(options: TraceOptions, namespaces: readonly NetnsInfo[]): CaptureFilter {
  const isThisHost = options.source === 'host';
  if (options.pid !== undefined && isThisHost && netnsOfPid(options.pid) === undefined)
    throw usageError(`there is no process ${options.pid}`);
  return {
    expression: isTcpOnly(options.shows) ? NO_PACKET : options.expression,
    inner: options.inner,
    keep: options.keep,
    ...(options.netns !== undefined && { netns: resolveNetns(options.netns, namespaces, isThisHost) }),
    ...(options.interface !== undefined && { interface: options.interface }),
    ...(options.mark !== undefined && { mark: options.mark }),
    ...(options.pid !== undefined && { pid: options.pid }),
  };
}

/** Whether a TCP connection has this address and this port at either end ('' and undefined: any). */
export function connectionMatcher(
  host: string,
  port: number | undefined,
): (ends: Pick<SocketEvent, 'saddr' | 'daddr' | 'sport' | 'dport'>) => boolean {
  const hosts = new BlockList();
  if (host !== '' && isIP(host) === 0) throw usageError(`'${host}' is no IPv4 or IPv6 address`);
  if (host !== '') hosts.addAddress(host, isIPv6(host) ? 'ipv6' : 'ipv4');
  // an IPv4 address also matches as IPv6 sockets write it (::ffff:10.1.0.3)
  const has = (address: string) => hosts.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return ({ saddr, daddr, sport, dport }) =>
    (host === '' || has(saddr) || has(daddr)) && (port === undefined || sport === port || dport === port);
}
