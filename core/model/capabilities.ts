import type { Capabilities } from '../messages/source.ts';

/**
 * Why a kernel cannot be traced, in one line that says what to do; undefined when it can. Single kprobes stand in
 * for kprobe.multi, everything else is needed.
 */
export function refusal(capabilities: Capabilities): string | undefined {
  const { root, btf, bpf, ringBuffer, fentry, lockdown, tracefs, symbols, kprobe, kprobeMulti } =
    capabilities;
  const needed = [root, btf, lockdown, bpf, ringBuffer, fentry, tracefs, symbols];
  const missing = needed.find((one) => one?.ok === false);
  if (missing !== undefined) return missing.detail;
  return kprobe.ok || kprobeMulti.ok ? undefined : `no kernel function can be probed: ${kprobe.detail}`;
}
