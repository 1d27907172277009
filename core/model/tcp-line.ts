/** TCP connections as lines, in the columns that tcptracer has: who, between which ends, for how long, how much. */
import { type ClassicOptions, lineTime } from './classic.ts';
import { endpointText, formatBytes, formatDuration } from './format.ts';
import type { SocketEvent } from './hop.ts';
import { socketEventName } from './kernel-names.ts';
import type { NameBook } from './names.ts';

export const TCP_HEADER = columns(
  'time'.padEnd(10),
  'EVENT',
  'PID/COMM',
  'CONTAINER',
  'NETNS',
  'SADDR:SPORT->DADDR:DPORT',
  'DURATION SENT/RECEIVED',
);

/** One event as a line, without a line end; `-` stands for what is not known. */
export function tcpLine(event: SocketEvent, names: NameBook, options: ClassicOptions): string {
  const { owner } = event;
  const group = names.cgroup(owner.cgroup);
  const source = endpointText(event.saddr, event.sport);
  const destination = endpointText(event.daddr, event.dport);
  const took = event.durationNs > 0 ? formatDuration(event.durationNs) : '-';
  const isClosed = event.sent > 0 || event.received > 0 || socketEventName(event.event) === 'close';
  return columns(
    lineTime(event.timeNs, options),
    socketEventName(event.event),
    owner.pid === 0 ? '-' : `${owner.pid}/${owner.comm}`,
    group?.kind === 'container' ? group.name : '-',
    event.netns === 0 ? '-' : names.netnsName(event.netns),
    `${source}->${destination}`,
    isClosed ? `${took} ${formatBytes(event.sent)}/${formatBytes(event.received)}` : took,
  );
}

function columns(
  time: string,
  event: string,
  process: string,
  container: string,
  netns: string,
  ends: string,
  rest: string,
): string {
  return `${time} ${event.padEnd(8)} ${process.padEnd(22)} ${container.padEnd(16)} ${netns.padEnd(16)} ${ends.padEnd(46)} ${rest}`;
}
