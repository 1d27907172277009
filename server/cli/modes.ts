/** Which events are printed, and what the kernel must record for it; docs/cli.md has the table. */
import type { StackChoice } from '../../core/messages/source.ts';
import { usageError } from './usage.ts';

export interface Shown {
  /** Packets at probed functions; with `--json` also their ends, their lineage and every decision. */
  readonly hops: boolean;
  /** Packets that the kernel dropped. */
  readonly drops: boolean;
  /** What netfilter decided: hooks, tables, conntrack, NAT. */
  readonly netfilter: boolean;
  /** TCP connections: made, accepted, closed, failed. */
  readonly tcp: boolean;
  /** How each packet ended, and why. */
  readonly why: boolean;
  /** Each packet's whole life, as a tree. */
  readonly story: boolean;
  /** Drops as a table. */
  readonly top: boolean;
  /** What packets did as a whole, as a table. */
  readonly stats: boolean;
}

export const SHOWS_NOTHING: Shown = {
  hops: false,
  drops: false,
  netfilter: false,
  tcp: false,
  why: false,
  story: false,
  top: false,
  stats: false,
};

/** The flags that say what is printed. */
export const MODE_FLAGS = [
  'route',
  'iptable',
  'dropstack',
  'drops',
  'stats',
  'callstack',
  'tcp',
  'why',
  'cb',
] as const;

/** The same, as given. */
export interface ModeFlags {
  readonly route?: boolean | undefined;
  readonly iptable?: boolean | undefined;
  readonly dropstack?: boolean | undefined;
  readonly drops?: boolean | undefined;
  readonly stats?: boolean | undefined;
  readonly callstack?: boolean | undefined;
  readonly tcp?: boolean | undefined;
  readonly why?: boolean | undefined;
  readonly cb?: boolean | undefined;
  /** `--format tree`. */
  readonly isTree: boolean;
}

/** Flags for a table, and what is shown then. */
const TABLES = [
  ['drops', 'top'],
  ['stats', 'stats'],
] as const;

/**
 * What the flags ask for: `--route`, `--iptable`, `--tcp` and `--why` add to each other, `--dropstack` stands alone,
 * none is `--route`. Throws a CliError where they contradict each other.
 */
export function parseModes(flags: ModeFlags): { readonly shows: Shown; readonly stacks: StackChoice } {
  if (flags.isTree) {
    const other = MODE_FLAGS.find((flag) => flags[flag] === true);
    if (other !== undefined)
      throw usageError(`--format tree tells each packet whole, with why it ended: leave --${other} out`);
    return { shows: { ...SHOWS_NOTHING, story: true }, stacks: 'none' };
  }
  for (const [table, show] of TABLES) {
    if (flags[table] !== true) continue;
    const other = MODE_FLAGS.find((flag) => flag !== table && flags[flag] === true);
    if (other !== undefined)
      throw usageError(`--${table} is a table, and nothing else: leave --${other} out`);
    return { shows: { ...SHOWS_NOTHING, [show]: true }, stacks: 'none' };
  }
  if (flags.dropstack === true) {
    if (flags.callstack === true)
      throw usageError(
        '--dropstack prints drops only, --callstack a stack on every event: give one (--callstack has drops, too)',
      );
    const other = (['route', 'iptable', 'tcp', 'why'] as const).find((flag) => flags[flag] === true);
    if (other !== undefined) throw usageError(`--dropstack prints drops only: leave --${other} out`);
    return { shows: { ...SHOWS_NOTHING, drops: true }, stacks: 'drops' };
  }
  const isOther = flags.iptable === true || flags.tcp === true || flags.why === true;
  const hops = flags.route === true || !isOther;
  const shows = {
    hops,
    drops: hops,
    netfilter: flags.iptable === true,
    tcp: flags.tcp === true,
    why: flags.why === true,
    story: false,
    top: false,
    stats: false,
  };
  for (const flag of ['callstack', 'cb'] as const)
    if (flags[flag] === true && !hops)
      throw usageError(
        `--${flag} is about packets at functions, which ${flags.iptable === true ? '--iptable' : flags.tcp === true ? '--tcp' : '--why'} alone does not print: add --route`,
      );
  return { shows, stacks: flags.callstack === true ? 'all' : 'none' };
}

/** Only connections are printed: no packet needs to be traced. */
export const isTcpOnly = ({ tcp, ...others }: Shown): boolean =>
  tcp && !Object.values(others).some((isShown) => isShown);

/**
 * Refuses, with `--tcp` alone, what chooses or follows packets: it would be passed over without a word.
 * `given` are such flags, as the user wrote them.
 */
export function refusePacketFlags(shows: Shown, given: readonly string[]): void {
  const [first] = given;
  if (first !== undefined && isTcpOnly(shows))
    throw usageError(
      `--tcp alone prints connections, not packets, and ${first} is about packets: add --route, or leave it out (-H, -P, -N and -p choose connections)`,
    );
}
