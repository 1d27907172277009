/**
 * Programs of tc and XDP among the functions that a packet passes: two for each name, the entry under the program's own
 * name and the exit, with `+exit` behind it. No kernel function and no program is called so, and no module like theirs.
 */
import type { FunctionInfo } from '../messages/source.ts';

type Named = Pick<FunctionInfo, 'name' | 'module'>;

const KINDS: ReadonlyMap<string, string> = new Map([
  ['bpf_tc', 'tc'],
  ['bpf_xdp', 'XDP'],
]);
const EXIT = '+exit';

/** `tc` or `XDP`; undefined for a function of the kernel, or of a module. */
export const programKind = (module: string): string | undefined => KINDS.get(module);

export const isProgram = ({ module }: Pick<FunctionInfo, 'module'>): boolean => KINDS.has(module);

/** It is where a program is left, not where it is entered. */
export const isProgramExit = (one: Named): boolean => isProgram(one) && one.name.endsWith(EXIT);

/** Names that a function is asked for by: a program's exit also by the program's own. */
export const askedNames = (one: Named): readonly string[] =>
  isProgramExit(one) ? [one.name, one.name.slice(0, -EXIT.length)] : [one.name];

/** What happens there, in a sentence; undefined for what is no program. */
export function explainProgram(one: Named): string | undefined {
  const kind = programKind(one.module);
  if (kind === undefined) return undefined;
  return isProgramExit(one)
    ? `The ${kind} program has returned: what it changed of the packet stands here.`
    : `An eBPF program that is attached to ${kind} is entered with the packet.`;
}
