/** Addresses and ports that become other ones: by NAT where it was there, by whatever else otherwise. */

import { DECISION_KIND, L4_KIND } from '../../wire/layout.gen.ts';
import { tableText } from '../decisions.ts';
import { endpointText } from '../format.ts';
import type { Hop } from '../hop.ts';
import type { Scene } from './scene.ts';

/** What a field holds before its header is written. */
const UNWRITTEN: ReadonlySet<string | number> = new Set([0, '', '0.0.0.0', '::']);
const FIELDS: ReadonlySet<string> = new Set(['ip.saddr', 'ip.daddr', 'l4.sport', 'l4.dport']);
/** With one of these the headers seen are other ones: a tunnel or IPsec, nothing was rewritten. */
const OTHER_HEADER: ReadonlySet<string> = new Set(['inner.tunnel', 'ip.protocol', 'ip.version', 'l4.kind']);

interface Rewrite {
  readonly of: 'source' | 'destination';
  readonly before: string;
  readonly after: string;
}

/** What a hop sees rewritten since the hop before. */
export function rewritesAt(hop: Hop | undefined): readonly Rewrite[] {
  if (hop === undefined || hop.state.ip === undefined) return [];
  const changes = hop.changes.filter(({ field, before }) => FIELDS.has(field) && !UNWRITTEN.has(before));
  if (changes.length === 0 || hop.changes.some(({ field }) => OTHER_HEADER.has(field))) return [];
  const old = new Map(changes.map(({ field, before }) => [field, before]));
  const { ip, l4 } = hop.state;
  const hasPorts = l4?.kind === L4_KIND.tcp || l4?.kind === L4_KIND.udp || l4?.kind === L4_KIND.sctp;
  const pair = (of: Rewrite['of'], address: string, port: number | undefined): Rewrite[] => {
    const [addressField, portField] = of === 'source' ? ['ip.saddr', 'l4.sport'] : ['ip.daddr', 'l4.dport'];
    if (!old.has(addressField) && !old.has(portField)) return [];
    return [
      {
        of,
        before: endpointText(
          String(old.get(addressField) ?? address),
          port === undefined ? undefined : Number(old.get(portField) ?? port),
        ),
        after: endpointText(address, port),
      },
    ];
  };
  return [
    ...pair('source', ip.saddr, hasPorts ? l4.sport : undefined),
    ...pair('destination', ip.daddr, hasPorts ? l4.dport : undefined),
  ];
}

const REPLIES: ReadonlySet<number> = new Set([3, 4, 5]);
/** IPS_SRC_NAT and IPS_DST_NAT: the connection has such a translation. */
const SRC_NAT = 1 << 4;
const DST_NAT = 1 << 5;

/** `DNAT rewrites 192.0.2.1:8080 → 10.1.0.3:80`, as NAT did it between two hops and `seen` sees it. */
export function natText(scene: Scene, from: number, to: number, seen: Hop | undefined): string {
  const { functions, path } = scene;
  const within = functions.slice(from, to + 1);
  const table = path.decisions.findLast(
    (one) => one.decision === DECISION_KIND.table && one.index >= from && one.index <= to,
  );
  const by = table === undefined ? '' : ` (${tableText(table)})`;
  const texts = rewritesAt(seen).map(({ of, before, after }) => {
    const undone = undoneText(of, seen);
    if (undone !== '') return `NAT undoes ${undone} for the reply: ${of} ${before} → ${after}`;
    return `${natName(of, within)} rewrites ${before} → ${after}`;
  });
  return `${texts.join(', ')}${by}`;
}

function natName(of: Rewrite['of'], within: readonly string[]): string {
  if (of === 'source' && within.some((name) => /masq/.test(name))) return 'Masquerading';
  if (of === 'destination' && within.some((name) => /redir/.test(name))) return 'A redirect';
  return of === 'source' ? 'SNAT' : 'DNAT';
}

/** A reply gets the opposite of what its connection's packets got. */
function undoneText(of: Rewrite['of'], seen: Hop | undefined): '' | 'SNAT' | 'DNAT' {
  const { info, status } = seen?.state.conntrack ?? { info: 0, status: 0 };
  if (!REPLIES.has(info)) return '';
  if (of === 'destination') return (status & SRC_NAT) === 0 ? '' : 'SNAT';
  return (status & DST_NAT) === 0 ? '' : 'DNAT';
}

/** `its destination becomes 10.1.0.3:80, was 192.0.2.1:8080`, when nothing says who did it. */
export const rewriteNotes = (hop: Hop | undefined): readonly string[] =>
  rewritesAt(hop).map(({ of, before, after }) => `its ${of} changes: ${before} → ${after}`);
