/** What the kernel allows, as the agent found by trying (native/src/capabilities.cc). */
import type { Capabilities } from '../../messages/source.ts';
import type { Finding, Rule } from './types.ts';

interface Needed {
  readonly capability: keyof Capabilities;
  readonly title: string;
  readonly effect: string;
  readonly advice: string;
}

const NOTHING = 'Nothing can be traced.';

/** Without any of these there is no capture; see core/model/capabilities.ts. */
const NEEDED: readonly Needed[] = [
  {
    capability: 'root', title: 'Privileges', effect: NOTHING,
    advice: 'Run with sudo, or give CAP_BPF, CAP_PERFMON and CAP_SYS_RESOURCE; the lab (--source lab) needs none.',
  },
  {
    capability: 'btf', title: 'BTF, the kernel’s types', effect: NOTHING,
    advice: 'Boot a kernel built with CONFIG_DEBUG_INFO_BTF; those of the distributions are.',
  },
  {
    capability: 'bpf', title: 'BPF programs', effect: NOTHING,
    advice: 'The host or the container forbids them: run on the real host, with the capabilities, or look at the lab.',
  },
  {
    capability: 'ringBuffer', title: 'Ring buffer', effect: 'Nothing can be recorded.',
    advice: 'Boot Linux 5.17 or later.',
  },
  {
    capability: 'fentry', title: 'Typed probes (fentry, fexit)',
    effect: 'Nothing can be traced: ends, clones and decisions are told by these.',
    advice: 'Boot a kernel from 5.17 on with BTF and CONFIG_FUNCTION_TRACER.',
  },
  {
    capability: 'lockdown', title: 'Lockdown',
    effect: 'Nothing can be traced: BPF may not read the kernel’s memory.',
    advice: 'Boot with lockdown=integrity, or without Secure Boot.',
  },
]; // biome-ignore format: a table

export const neededCapabilities: Rule = ({ capabilities }) =>
  NEEDED.map(({ capability, title, effect, advice }): Finding => {
    const { ok, detail } = capabilities[capability];
    return ok
      ? { id: capability, title, state: 'ok', found: detail, effect: '', advice: '' }
      : { id: capability, title, state: 'missing', found: detail, effect, advice };
  });

/** kprobe.multi, or single kprobes in its place; one of them must be there. */
export const probeBackend: Rule = ({ capabilities: { kprobe, kprobeMulti } }) => {
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
