/** The agent's capabilities(7), one by one, and what is not told without each. */
import { isMissing } from './capabilities.ts';
import { BITS, isHeld, type Privilege } from './mask.ts';
import type { DoctorFacts, Finding, Rule } from './types.ts';

/**
 * Without CAP_SYS_ADMIN a process gets no BTF of modules (BPF_BTF_GET_NEXT_ID), which programs are fitted to, and on
 * Debian with kernel.perf_event_paranoid 3 no single kprobe.
 */
function withoutAdmin({ functions, capabilities: { kprobe, kprobeMulti } }: DoctorFacts): Finding {
  const isProbed = kprobe.ok || kprobeMulti.ok;
  const isBuiltIn = functions?.some(({ name, module }) => module === '' && name === 'nft_do_chain_inet');
  if (isProbed && isBuiltIn === true)
    return limited(
      'CAP_SYS_ADMIN',
      'What tc and XDP programs and modules decide, and what probes cost, is not told; the self-test cannot run.',
    );
  const effect = isProbed
    ? 'No capture starts: programs are not fitted to the types of nf_tables, which is a module here.'
    : 'No capture starts: without it this kernel refuses single kprobes, and it has no kprobe.multi.';
  return { ...limited('CAP_SYS_ADMIN', effect), state: 'missing' };
}

const limited = (name: Privilege, effect: string): Finding => ({
  id: name,
  title: name,
  state: 'limited',
  found: `The agent does not have ${name}.`,
  effect,
  advice: `Run as root, or give ${name} to this container or service.`,
});

/** Those without which nothing can be loaded are told by the agent's own trial; see capabilities.ts. */
export const privileges: Rule = (facts) => {
  const { privileges: mask, capabilities } = facts;
  // not root at all: what matters is said already
  if (mask === undefined || isMissing(capabilities, ['root'])) return [];
  const findings = [
    ...(isHeld(mask, 'CAP_SYS_ADMIN') ? [] : [withoutAdmin(facts)]),
    ...(isHeld(mask, 'CAP_NET_ADMIN')
      ? []
      : [
          limited(
            'CAP_NET_ADMIN',
            'The host’s firewall rules and IPsec policies are not told; the self-test cannot run.',
          ),
        ]),
    ...(isHeld(mask, 'CAP_NET_RAW')
      ? []
      : [limited('CAP_NET_RAW', 'Rules of legacy iptables are not told; the self-test cannot run.')]),
    ...(isHeld(mask, 'CAP_SYS_PTRACE')
      ? []
      : [
          limited(
            'CAP_SYS_PTRACE',
            'Namespaces that only processes with more privileges are in have no name, and what the host says there is not told.',
          ),
        ]),
    // hidden addresses say it themselves
    ...(isHeld(mask, 'CAP_SYSLOG') || isMissing(capabilities, ['symbols'])
      ? []
      : [
          limited(
            'CAP_SYSLOG',
            'The kernel may come to hide its addresses, without which nothing is traced.',
          ),
        ]),
  ];
  if (findings.length > 0) return findings;
  const found = `Has ${Object.keys(BITS).join(', ')}.`;
  return [{ id: 'privileges', title: 'Further privileges', state: 'ok', found, effect: '', advice: '' }];
};
