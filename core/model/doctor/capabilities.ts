/** What the kernel allows, as the agent found by trying (native/src/capabilities.cc). */
import type { Capabilities } from '../../messages/source.ts';
import { isHeld } from './mask.ts';
import type { Finding, Rule } from './types.ts';

interface Needed {
  readonly capability: keyof Capabilities;
  readonly title: string;
  readonly effect: string;
  readonly advice: string;
  /** Without these nothing can be said of it: it is refused, too, whatever else is true. */
  readonly behind?: readonly (keyof Capabilities)[];
}

const NOTHING = 'Nothing can be traced.';

/** Without any of these there is no capture; see core/model/capabilities.ts. */
const NEEDED: readonly Needed[] = [
  {
    capability: 'root', title: 'Privileges', effect: NOTHING,
    advice: 'Run with sudo, or give CAP_SYS_ADMIN, which has both, and CAP_SYSLOG; the lab (--source lab) needs none.',
  },
  {
    capability: 'btf', title: 'BTF, the kernel’s types', effect: NOTHING,
    advice: 'Boot a kernel built with CONFIG_DEBUG_INFO_BTF; those of the distributions are.',
  },
  {
    capability: 'bpf', title: 'BPF programs', effect: NOTHING, behind: ['root'],
    advice: 'The host or the container forbids them: run on the real host, with the capabilities, or look at the lab.',
  },
  {
    capability: 'ringBuffer', title: 'Ring buffer', effect: 'Nothing can be recorded.', behind: ['root', 'bpf'],
    advice: 'Boot Linux 5.17 or later; where that runs, see which security module or BPF policy refuses this map.',
  },
  {
    capability: 'fentry', title: 'Typed probes (fentry, fexit)',
    effect: 'Nothing can be traced: ends, clones and decisions are told by these.', behind: ['root', 'bpf', 'btf'],
    advice: 'Boot a kernel from 5.17 on with BTF and CONFIG_FUNCTION_TRACER.',
  },
  {
    capability: 'lockdown', title: 'Lockdown',
    effect: 'Nothing can be traced: BPF may not read the kernel’s memory.',
    advice: 'Boot with lockdown=integrity, or without Secure Boot.',
  },
  {
    capability: 'tracefs', title: 'List of functions (tracefs)', effect: NOTHING,
    advice: 'Mount it: mount -t tracefs tracefs /sys/kernel/tracing; into a container, bring the host’s.',
  },
  {
    capability: 'symbols', title: 'Addresses of the kernel (kallsyms)', effect: NOTHING,
    advice: 'Run as root with CAP_SYSLOG, and set sysctl kernel.kptr_restrict to 0 or 1.',
  },
]; // biome-ignore format: a table

export const isMissing = (capabilities: Capabilities, names: readonly (keyof Capabilities)[]): boolean =>
  names.some((name) => capabilities[name]?.ok === false);

export const neededCapabilities: Rule = ({ capabilities }) =>
  NEEDED.flatMap(({ capability, title, effect, advice, behind = [] }): readonly Finding[] => {
    const { ok, detail } = capabilities[capability] ?? {};
    if (ok === undefined || detail === undefined) return [];
    if (ok) return [{ id: capability, title, state: 'ok', found: detail, effect: '', advice: '' }];
    return isMissing(capabilities, behind)
      ? []
      : [{ id: capability, title, state: 'missing', found: detail, effect, advice }];
  });

/** kprobe.multi, or single kprobes in its place; one of them must be there. */
export const probeBackend: Rule = ({ capabilities, privileges }) => {
  const { kprobe, kprobeMulti } = capabilities;
  const isBehind =
    isMissing(capabilities, ['root', 'bpf', 'symbols']) || !isHeld(privileges, 'CAP_SYS_ADMIN');
  if (!kprobe.ok && !kprobeMulti.ok && isBehind) return [];
  const title = 'Probes on many functions';
  if (kprobeMulti.ok)
    return [{ id: 'kprobeMulti', title, state: 'ok', found: `kprobe.multi: ${kprobeMulti.detail}`, effect: '', advice: '' }]; // biome-ignore format: short
  if (kprobe.ok)
    return [
      {
        id: 'kprobeMulti',
        title,
        state: 'limited',
        found: `No kprobe.multi: ${kprobeMulti.detail}`,
        effect:
          'Nothing is hidden, but every function takes a kprobe of its own: all functions take long to attach, and each hit costs the host more.',
        advice: 'Stay with waypoints, or boot a kernel from 5.18 on with CONFIG_FPROBE (Debian’s 6.12 has it, its 6.1 not).',
      },
    ]; // biome-ignore format: text
  return [
    {
      id: 'kprobeMulti',
      title,
      state: 'missing',
      found: kprobe.detail,
      effect: 'No kernel function can be probed.',
      advice: 'Boot a kernel with CONFIG_KPROBES.',
    },
  ];
};

/** Types of modules: without them only what the kernel itself has is known. */
export const moduleTypes: Rule = ({ capabilities }) => {
  const { modules } = capabilities;
  if (modules === undefined || isMissing(capabilities, ['btf'])) return [];
  const title = 'BTF of modules';
  return modules.ok
    ? [{ id: 'modules', title, state: 'ok', found: modules.detail, effect: '', advice: '' }]
    : [
        {
          id: 'modules',
          title,
          state: 'limited',
          found: modules.detail,
          effect:
            'Functions of modules (bridge, nf_tables, veth …) cannot be probed; paths have no hop there.',
          advice: 'Boot a kernel built with CONFIG_DEBUG_INFO_BTF_MODULES.',
        },
      ];
};
