/**
 * Facts about a host: which command answers a query, as the agent runs it and as a person can; how an answer is
 * found again and read.
 */
import type { NetnsInode } from '../base/units.ts';
import type { Fact, FactQuery } from '../messages/facts.ts';
import type { NameBook } from './names.ts';

/** The command that answers a query, inside its namespace: program and arguments. `families[at]` for nftables. */
export function factCommand(query: FactQuery, at = 0): readonly [string, ...string[]] {
  switch (query.kind) {
    case 'sysctl':
      return ['cat', `/proc/sys/${query.name}`];
    case 'route':
      return [
        'ip', 'route', 'get', query.to,
        ...(query.from === undefined ? [] : ['from', query.from]),
        ...(query.iif === undefined ? [] : ['iif', query.iif]),
        ...(query.mark === undefined ? [] : ['mark', String(query.mark)]),
      ]; // biome-ignore format: pairs
    case 'rules':
      return ['ip', `-${query.family}`, 'rule', 'show'];
    case 'neighbour':
      return [
        'ip', '-s', 'neigh', 'show', 'to', query.address,
        ...(query.device === undefined ? [] : ['dev', query.device]),
      ]; // biome-ignore format: pairs
    case 'listeners':
      return [
        'ss', '-H', '-a', '-n', '-p', query.protocol === 'tcp' ? '-t' : '-u',
        ...(query.protocol === 'tcp' ? ['state', 'listening'] : []),
        'sport', '=', `:${query.port}`,
      ]; // biome-ignore format: pairs
    case 'qdisc':
      return ['tc', '-s', 'qdisc', 'show', 'dev', query.device];
    case 'filters':
      return ['tc', '-s', 'filter', 'show', 'dev', query.device, query.direction];
    case 'interface':
      return ['ip', '-s', '-d', 'link', 'show', 'dev', query.device];
    case 'addresses':
      return ['ip', '-brief', 'address', 'show'];
    case 'bridgePort':
      return ['bridge', '-d', 'link', 'show', 'dev', query.device];
    case 'nftRule':
      return ['nft', '-a', 'list', 'chain', query.families[at] ?? 'inet', query.table, query.chain];
    case 'iptables':
      return [query.family === '6' ? 'ip6tables-legacy-save' : 'iptables-legacy-save'];
    case 'conntrack':
      return [
        'cat',
        '/proc/sys/net/netfilter/nf_conntrack_count',
        '/proc/sys/net/netfilter/nf_conntrack_max',
      ];
    case 'xfrmPolicies':
      return ['ip', 'xfrm', 'policy', 'show'];
    case 'counters':
      return ['cat', '/proc/net/snmp', '/proc/net/snmp6', '/proc/net/netstat', '/proc/net/xfrm_stat'];
  }
}

/** The same query has the same key, whoever made it. */
export const factKey = (query: FactQuery): string =>
  JSON.stringify(Object.entries(query).sort(([a], [b]) => (a < b ? -1 : 1)));

/** A command as a person types it in a shell, entering the namespace first where it has a name. */
export function shellText(args: readonly string[], netns: NetnsInode, names: NameBook): string {
  return [...enterNamespace(netns, names), ...args].map(quoted).join(' ');
}

function enterNamespace(netns: NetnsInode, names: NameBook): readonly string[] {
  const known = names.namespaces.get(netns);
  if (known?.origin === 'named') return ['ip', 'netns', 'exec', known.name];
  const pid = known?.origin === 'process' ? /\((\d+)\)$/.exec(known.name)?.[1] : undefined;
  return pid === undefined ? [] : ['nsenter', `--net=/proc/${pid}/ns/net`];
}

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** Facts by query. Of two answers to one query the newer counts. */
export class FactBook {
  readonly #facts = new Map<string, Fact>();

  constructor(facts: readonly Fact[]) {
    for (const fact of facts) {
      const key = factKey(fact.query);
      const known = this.#facts.get(key);
      if (known === undefined || known.readAtUnixMs <= fact.readAtUnixMs) this.#facts.set(key, fact);
    }
  }

  get(query: FactQuery): Fact | undefined {
    return this.#facts.get(factKey(query));
  }

  /** The lines of the answer; undefined when it was not asked for or could not be read. */
  lines(query: FactQuery): readonly string[] | undefined {
    const answer = this.get(query)?.answer;
    return answer?.ok === true ? answer.lines : undefined;
  }
}

export interface ListedRule {
  readonly handle: number;
  /** Without the handle. */
  readonly text: string;
}

/** Rules and policy of a chain as `nft -a list chain` prints it; undefined when it is no such listing. */
export function readNftChain(
  lines: readonly string[],
): { readonly policy: string | undefined; readonly rules: readonly ListedRule[] } | undefined {
  if (!lines.some((line) => /^\s*chain /.test(line))) return undefined;
  const rules = lines.flatMap((line): ListedRule[] => {
    const match = /^\s*(?!chain |table |type )(\S.*?)\s*# handle (\d+)\s*$/.exec(line);
    return match === null ? [] : [{ handle: Number(match[2]), text: match[1] ?? '' }];
  });
  const policy = lines.map((line) => /\bpolicy (\w+);/.exec(line)?.[1]).find((one) => one !== undefined);
  return { policy, rules };
}
