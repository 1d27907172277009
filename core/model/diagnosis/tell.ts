/** Facts as evidence: what an answer means, in a line or a few. */
import type { Fact, FactQuery } from '../../messages/facts.ts';
import { readNftChain } from '../facts.ts';
import type { NameBook } from '../names.ts';
import { settingText } from './scene.ts';

/** Rules of a chain that are told; the fact has all. */
const RULES_MAX = 8;

/** The lines to show; none when the answer says nothing. */
export function tellFact(fact: Fact, names: NameBook): readonly string[] {
  const { query, answer } = fact;
  if (!answer.ok) return [`${factSubject(query)} could not be read: ${answer.reason}`];
  const { lines } = answer;
  const [first = ''] = lines;
  switch (query.kind) {
    case 'sysctl':
      return [`${settingText(query.name)} is ${first}${meaning(query.name, first)}`];
    case 'route':
      return [`route to ${query.to}: ${first.replace(/^unreachable: (.*)$/, 'unreachable ($1)').trim()}`];
    case 'rules':
      // the three that every host has say nothing
      return lines
        .filter((line) => !/^(0|32766|32767):\s+from all lookup (local|main|default)$/.test(line))
        .slice(0, RULES_MAX)
        .map((line) => `policy rule ${line.replace(/\s+/g, ' ')}`);
    case 'neighbour':
      return [lines.length === 0 ? `${query.address} is not in the neighbour table` : `neighbour ${first}`];
    case 'listeners': {
      const place = names.namespaces.get(query.netns)?.name ?? '';
      const inside = place === '' || query.netns === 0 ? '' : ` in ${place}`;
      if (lines.length === 0) return [`nobody listens on ${query.protocol} ${query.port}${inside}`];
      return lines
        .slice(0, RULES_MAX)
        .map((line) => `a socket is bound to ${listenerText(line, query.port)}`);
    }
    case 'nftRule':
      return tellChain(query, lines);
    case 'iptables':
      return lines.slice(0, RULES_MAX).map((line) => line.replace(/^:(\S+) (\S+).*/, 'policy of $1: $2'));
    case 'conntrack':
      return [`${first} connections are tracked, of ${lines[1] ?? '?'} that may be`];
    case 'qdisc':
      return lines.filter((line) => /^qdisc |dropped/.test(line)).map((line) => line.trim());
    case 'interface':
      return lines
        .filter((line, i) => i === 0 || /prog\/xdp|link\/ether/.test(line))
        .map((line) => line.trim().replace(/ (promiscuity|group|mode) .*/, ''));
    case 'counters':
      return lines.map((line) => `counter ${line.replace(' ', ' is ')}`);
    case 'xfrmPolicies':
      return lines.length === 0
        ? ['there are no IPsec policies']
        : lines.slice(0, RULES_MAX).map((line) => line.trim());
    case 'addresses':
    case 'bridgePort':
    case 'filters':
      return lines.slice(0, RULES_MAX).map((line) => line.trim().replace(/\s+/g, ' '));
  }
}

/** What a query asks for: `the sockets on udp 9998`. */
export function factSubject(query: FactQuery): string {
  switch (query.kind) {
    case 'sysctl':
      return settingText(query.name);
    case 'route':
      return `the route to ${query.to}`;
    case 'nftRule':
      return `chain ${query.chain} of table ${query.table}`;
    case 'iptables':
      return `chain ${query.chain} of table ${query.table}`;
    case 'neighbour':
      return `neighbour ${query.address}`;
    case 'listeners':
      return `the sockets on ${query.protocol} ${query.port}`;
    case 'qdisc':
      return `the queueing discipline of ${query.device}`;
    case 'filters':
      return `tc's filters at ${query.device}, ${query.direction}`;
    case 'interface':
      return `interface ${query.device}`;
    case 'bridgePort':
      return `bridge port ${query.device}`;
    case 'rules':
      return 'the policy rules';
    case 'addresses':
      return 'the addresses';
    case 'conntrack':
      return 'the number of tracked connections';
    case 'xfrmPolicies':
      return 'the IPsec policies';
    case 'counters':
      return `counter${query.names.length === 1 ? '' : 's'} ${query.names.join(', ')}`;
  }
}

const RP_FILTER = new Map([
  ['0', 'off'],
  ['1', 'strict'],
  ['2', 'loose'],
]);

function meaning(name: string, value: string): string {
  const word = name.endsWith('/rp_filter') ? RP_FILTER.get(value) : undefined;
  if (word !== undefined) return ` (${word})`;
  return /forward|disable_ipv6|echo_ignore|accept_local|route_localnet/.test(name)
    ? value === '0'
      ? ' (off)'
      : ' (on)'
    : '';
}

/** `127.0.0.1:9998 (python3)` of a line of ss. */
function listenerText(line: string, port: number): string {
  const address = new RegExp(`(\\S+:${port})(?:\\s|$)`).exec(line)?.[1] ?? line.trim();
  const program = /users:\(\("([^"]*)",pid=(\d+)/.exec(line);
  return program === null ? address : `${address} (${program[1]}, pid ${program[2]})`;
}

function tellChain(query: Extract<FactQuery, { kind: 'nftRule' }>, lines: readonly string[]): string[] {
  const chain = readNftChain(lines);
  if (chain === undefined) return [];
  if (query.handle !== 0) {
    const rule = chain.rules.find(({ handle }) => handle === query.handle);
    return [
      rule === undefined
        ? `rule ${query.handle} is not there any more`
        : `rule ${query.handle}: ${rule.text}`,
    ];
  }
  const rules = chain.rules.slice(0, RULES_MAX).map(({ handle, text }) => `rule ${handle}: ${text}`);
  return [...(chain.policy === undefined ? [] : [`policy of ${query.chain}: ${chain.policy}`]), ...rules];
}
