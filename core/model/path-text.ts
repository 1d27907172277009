/** A numbered path in a line: the namespaces and interfaces in the order of the way, and where it ends. */
import { asFuncId, asNetnsInode } from '../base/units.ts';
import type { NameBook } from './names.ts';

export interface WayPart {
  readonly namespace: string;
  /** Each once, in the order of first visit. */
  readonly interfaces: readonly string[];
}

export interface Way {
  /** A namespace that is come back to is there again. */
  readonly parts: readonly WayPart[];
  /** The last function. */
  readonly end: string;
  /** Why it was dropped, '' when the path does not end so. */
  readonly reason: string;
}

/** Undefined when the number stands for no path that was told. */
export function wayOf(book: NameBook, path: number): Way | undefined {
  const parts: { readonly netns: number; readonly interfaces: Set<string> }[] = [];
  let end = '';
  let dropped = '';
  const isTold = book.paths.walk(path, (func, reason, netns, ifindex) => {
    let part = parts.at(-1);
    if (part?.netns !== netns) {
      part = { netns, interfaces: new Set() };
      parts.push(part);
    }
    const name = book.interfaceName(asNetnsInode(netns), ifindex);
    if (name !== '') part.interfaces.add(name);
    if (func !== 0) end = book.functionName(asFuncId(func));
    dropped = reason < 0 ? '' : book.reasonName(reason);
  });
  if (!isTold) return undefined;
  return {
    parts: parts.map(({ netns, interfaces }) => ({
      namespace: book.netnsName(asNetnsInode(netns)),
      interfaces: [...interfaces],
    })),
    end,
    reason: dropped,
  };
}

/** `web eth0 → host vweb br0 vdb → db eth0, dropped in nf_hook_slow: NETFILTER_DROP`. */
export function wayText({ parts, end, reason }: Way): string {
  const places = parts.map(({ namespace, interfaces }) => [namespace, ...interfaces].join(' ')).join(' → ');
  if (reason !== '') return `${places}, dropped${end === '' ? '' : ` in ${end}`}: ${reason}`;
  return end === '' ? places : `${places}, last in ${end}`;
}
