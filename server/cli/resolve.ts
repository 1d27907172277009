/** What the user named, as the kernel's numbers: once the source has said what there is. */
import { statSync } from 'node:fs';
import type { CaptureFilter, NetnsInfo } from '../../core/messages/source.ts';
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

/** The capture filter of the options. */
export function resolveFilter(options: TraceOptions, namespaces: readonly NetnsInfo[]): CaptureFilter {
  const isThisHost = options.source === 'host';
  if (options.pid !== undefined && isThisHost && netnsOfPid(options.pid) === undefined)
    throw usageError(`there is no process ${options.pid}`);
  return {
    expression: options.expression,
    inner: '',
    keep: options.keep,
    ...(options.netns !== undefined && { netns: resolveNetns(options.netns, namespaces, isThisHost) }),
    ...(options.interface !== undefined && { interface: options.interface }),
    ...(options.mark !== undefined && { mark: options.mark }),
    ...(options.pid !== undefined && { pid: options.pid }),
  };
}
