/** What is known of kernel versions: docs/plan.md, lab/scenarios, and the kernel's own commits. */
import { isMissing } from './capabilities.ts';
import { isHeld } from './mask.ts';
import type { Finding, Rule } from './types.ts';

/** `6.12.117+deb12-amd64` as [6, 12]; undefined when it does not begin like that. */
export function kernelVersion(release: string): readonly [major: number, minor: number] | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}

const OLDEST = [5, 17] as const;
const TESTED = ['6.1', '6.12'];

type Version = readonly [number, number];
const isBefore = (a: Version, b: Version): boolean => a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);

export const version: Rule = ({ kernel }) => {
  const found = kernelVersion(kernel);
  if (found === undefined) return [];
  const title = 'Kernel version';
  if (isBefore(found, OLDEST))
    return [
      {
        id: 'version',
        title,
        state: 'missing',
        found: `Linux ${kernel} is older than ${OLDEST.join('.')}.`,
        effect: 'Drops have no reason there, and what is needed to trace is not all there.',
        advice: 'Boot 5.17 or later; on Ubuntu 22.04 its HWE kernel.',
      },
    ];
  const isTested = TESTED.includes(found.join('.'));
  return [
    {
      id: 'version',
      title,
      state: 'ok',
      found: isTested
        ? `Linux ${kernel}: the tests run on ${found.join('.')}.`
        : `Linux ${kernel}: tests run on ${TESTED.join(' and ')} only, so functions may be named otherwise here.`,
      effect: '',
      advice: '',
    },
  ];
};

export const dropReasons: Rule = ({ reasons, capabilities }) => {
  if (reasons === undefined || isMissing(capabilities, ['btf'])) return [];
  const title = 'Drop reasons';
  return reasons > 0
    ? [{ id: 'reasons', title, state: 'ok', found: `${reasons} reasons have a name.`, effect: '', advice: '' }]
    : [
        {
          id: 'reasons',
          title,
          state: 'limited',
          found: 'The kernel names no reason of a drop.',
          effect: 'A drop has its function and stack, but not the kernel’s own reason.',
          advice: 'Boot Linux 5.17 or later, with BTF.',
        },
      ];
}; // biome-ignore format: short

/**
 * Programs that a capture has beside the probes, by what they tell; any of a row is enough. `always`: every kernel
 * has the function, so that it was refused or inlined; otherwise a module has it that may not be loaded.
 */
const TOLD: readonly {
  readonly id: string;
  readonly title: string;
  readonly programs: readonly string[];
  readonly always: boolean;
  readonly found: string;
  readonly effect: string;
}[] = [
  {
    id: 'lookups', title: 'Socket lookups', always: true,
    programs: ['skbt_listener_tcp4', 'skbt_listener_udp4'],
    found: 'Typed programs on the lookup functions are refused.',
    effect: 'That no socket listens is told by the drop’s reason, not by the lookup’s own result.',
  },
  {
    id: 'source', title: 'Source validation (rp_filter)', always: true,
    programs: ['skbt_source'],
    found: 'No typed program on fib_validate_source.',
    effect: 'A martian source is told by the drop’s reason and the route’s error, not by the check itself.',
  },
  {
    id: 'hooks', title: 'Netfilter hooks', always: true,
    programs: ['skbt_hook_end'],
    found: 'No typed program on nf_hook_slow.',
    effect: 'Verdicts of netfilter hooks, and how long they took, are not told.',
  },
  {
    id: 'nftables', title: 'nftables', always: false,
    programs: ['skbt_nft_end'], found: 'nf_tables is not loaded.',
    effect: 'There are no rules of nftables now; of those that come while a capture runs, no verdict is told.',
  },
  {
    id: 'iptables', title: 'Legacy iptables', always: false,
    programs: ['skbt_ipt_end', 'skbt_ip6t_end'], found: 'ip_tables and ip6_tables are not loaded.',
    effect: 'There are no legacy tables now; of those that come while a capture runs, no verdict is told.',
  },
  {
    id: 'conntrack', title: 'Connection tracking', always: false,
    programs: ['skbt_conntrack_end'], found: 'nf_conntrack is not loaded.',
    effect: 'No connection is tracked now; what conntrack decides once it is loaded is not told.',
  },
]; // biome-ignore format: a table

/** The first kernel whose x86 takes typed programs on functions of more than six arguments (473e3150e30a). */
const LONG_ARGUMENTS: Version = [6, 6];

export const programs: Rule = ({ programs: planned, kernel, architecture, capabilities, privileges }) => {
  if (planned === undefined || isMissing(capabilities, ['root', 'bpf', 'btf', 'fentry'])) return [];
  const isShort = isBefore(kernelVersion(kernel) ?? LONG_ARGUMENTS, LONG_ARGUMENTS);
  // without it no module is reached, loaded or not
  const told = TOLD.filter(({ always }) => always || isHeld(privileges, 'CAP_SYS_ADMIN'));
  return told.map(({ id, title, programs: any, always, found, effect }): Finding => {
    const how = planned.find(({ name }) => any.includes(name))?.kind;
    if (how !== undefined)
      return {
        id, title, state: 'ok', effect: '', advice: '',
        found: how === 'kprobe.session' ? 'Told by a program on their calls.' : 'Told by typed programs.',
      };
    if (!always)
      return { id, title, state: 'limited', found, effect, advice: 'If it is loaded later, start the capture anew.' };
    const isRefused = (id === 'lookups' || id === 'source') && isShort && architecture === 'x64';
    return {
      id, title, state: 'limited',
      found: isRefused ? `${found} Before Linux 6.6 functions of more than six arguments take none.` : found,
      effect,
      advice: isRefused ? 'Boot Linux 6.6 or later, where that matters.' : 'None on this kernel: the function was inlined or renamed.',
    };
  }); // biome-ignore format: short
};
