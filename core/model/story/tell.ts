/** A segment as a sentence: what the records say of it and nothing else. */
import { RELATION } from '../../wire/layout.gen.ts';
import { splitsOf } from '../lineage.ts';
import { dropText } from './drop.ts';
import { natText } from './rewrites.ts';
import { firstDevice, has, inPlace, lastDevice, placeName, type Scene, stateAt } from './scene.ts';
import { tellDelivery } from './tell-delivery.ts';
import { tellTunnel } from './tell-tunnel.ts';
import type { Segment } from './types.ts';
import { outDevice, packetText, ttlText, via } from './words.ts';

/** Without its full stop. */
export function tell(scene: Scene, segment: Segment): string {
  const { from, to, chapter } = segment;
  const { path } = scene;
  const here = inPlace(scene, from);
  const device = lastDevice(scene, from, to);
  const on = device === '' ? '' : ` on ${device}`;
  const isFirst = from === 0 && !scene.isBegun;
  switch (chapter) {
    case 'origin':
      return originText(scene, segment);
    case 'output': {
      const out = outDevice(scene, segment);
      return `Routed out${out === '' ? '' : ` of ${out}`}${here}${via(stateAt(scene, to))}`;
    }
    case 'forward': {
      const by = firstDevice(scene, from, to);
      const out = outDevice(scene, segment);
      const way = `${by === '' ? '' : ` from ${by}`}${out === '' || out === by ? '' : ` to ${out}`}`;
      return `Forwarded${here}${way}${via(stateAt(scene, to))}${ttlText(path, from, to + 1)}`;
    }
    case 'fragment': {
      const parts = path.children.filter(({ relation }) => relation === RELATION.fragment).length;
      return parts === 0 ? `To be cut into fragments${here}` : `Cut into ${parts} fragments${here}`;
    }
    case 'queue':
      return `Waits in the queue${device === '' ? '' : ` of ${device}`}${here}`;
    case 'transmit':
      return transmitText(scene, segment);
    case 'cross':
      return crossingText(scene, segment);
    case 'loop':
      return `Loops back over ${device || 'the loopback device'}${here}`;
    case 'arrive':
      return `${isFirst ? 'Arrives' : 'Taken in'}${on}${here}`;
    case 'bridge-in':
    case 'bridge-dev':
    case 'bridge-forward':
    case 'bridge-flood':
    case 'bridge-up':
      return bridgeText(scene, segment);
    case 'nat':
      return natText(scene, from, to, path.hops[to + 1]);
    case 'input':
      return `${ipName(scene, to)} takes it in${on}${here}`;
    case 'deliver': {
      const place = placeName(scene, from);
      return `${ipName(scene, to)} takes it in${on}: it is for ${place === '' ? 'this host' : place} itself`;
    }
    case 'defrag':
      return `A fragment: kept${here} with the others of its datagram`;
    case 'transport':
    case 'icmp':
    case 'arp':
    case 'raw':
    case 'tap':
    case 'read':
      return tellDelivery(scene, segment);
    case 'tunnel-out':
    case 'tunnel-in':
    case 'xfrm-out':
    case 'xfrm-in':
      return tellTunnel(scene, segment);
    case 'tc':
      return `tc${on} decides${here}`;
    case 'xdp':
      return `XDP${on} decides${here}`;
    case 'pass': {
      const count = to - from + 1;
      const what = count === 1 ? (scene.functions[from] ?? '') : `${count} functions`;
      return `Passes ${what}${segment.stage === 'other' ? '' : ` of ${segment.stage}`}${here}`;
    }
    case 'drop':
      return dropText(scene, segment);
  }
}

const ipName = (scene: Scene, hop: number): string => (stateAt(scene, hop).ip?.version === 6 ? 'IPv6' : 'IP');

/** The headers are written while it sets out: it is told as it is at the end of that. */
function originText(scene: Scene, { from, to }: Segment): string {
  const next = scene.path.hops[to + 1];
  const end = next !== undefined && next.kind === 'hop' && next.netns === scene.namespaces[to] ? to + 1 : to;
  const what = packetText(stateAt(scene, stateAt(scene, to).l4?.sport === 0 ? end : to));
  const here = inPlace(scene, from);
  const { owner } = stateAt(scene, from);
  if (from > 0 || scene.isBegun) return `Sets out${here} as ${what}`;
  if (owner === undefined || owner.pid === 0) return `Sets out${here}: ${what}`;
  return `Leaves the socket of ${owner.comm === '' ? 'process' : owner.comm} (${owner.pid})${here}: ${what}`;
}

const THROUGH = new Map([
  ['macvlan_start_xmit', 'macvlan'],
  ['ipvlan_start_xmit', 'ipvlan'],
  ['bond_start_xmit', 'bond'],
  ['vlan_dev_hard_start_xmit', 'VLAN device'],
]);

function transmitText(scene: Scene, { from, to }: Segment): string {
  const here = inPlace(scene, from);
  const device = lastDevice(scene, from, to) || 'a device';
  const last = scene.functions.slice(from, to + 1).findLast((name) => /_xmit$/.test(name)) ?? '';
  if (last === 'tun_net_xmit') return `Handed to ${device}${here}, for the program that reads from it`;
  const through = THROUGH.get(last);
  if (through !== undefined) return `Goes through the ${through} ${device}${here}`;
  return has(scene, from, to, /^(dev_hard_start_xmit|veth_xmit|loopback_xmit)$/)
    ? `Handed to the driver of ${device}${here}`
    : `On its way out of ${device}${here}`;
}

function crossingText(scene: Scene, { from, to }: Segment): string {
  const { functions, namespaces, devices } = scene;
  const sent = functions.slice(from, to + 1).lastIndexOf('veth_xmit') + from;
  const out = lastDevice(scene, from, sent);
  // the driver hands it over by functions that find it where it was
  const isThere = (hop: number) => namespaces[hop] !== namespaces[sent] || devices[hop] !== out;
  const into = devices.find((device, hop) => hop > sent && hop <= to && device !== '' && isThere(hop)) ?? '';
  const ends = `${out === '' ? '' : ` from ${out}${inPlace(scene, from)}`}${into === '' ? '' : ` to ${into}`}`;
  const isOther = namespaces[sent] !== namespaces[to];
  return `Crosses the veth pair${ends}${isOther ? inPlace(scene, to) : ''}`;
}

function bridgeText(scene: Scene, { chapter, from, to }: Segment): string {
  const here = inPlace(scene, from);
  const port = firstDevice(scene, from, to);
  const last = lastDevice(scene, from, to);
  switch (chapter) {
    case 'bridge-in': {
      // bridge netfilter shows it to IP's hooks as received on the bridge
      const bridge =
        scene.devices.slice(from, to + 1).find((device) => device !== '' && device !== port) ?? '';
      return `Enters ${bridge === '' ? 'the bridge' : `bridge ${bridge}`}${port === '' ? '' : ` by ${port}`}${here}`;
    }
    case 'bridge-dev':
      return `${sender(scene, from)} sends it into bridge ${last}`;
    case 'bridge-up':
      return `The bridge passes it up to ${placeName(scene, from) || 'its own host'}${last === '' ? '' : `, as received on ${last}`}`;
    case 'bridge-flood':
      return `The bridge floods it${last === '' ? '' : `, here to port ${last}`}${here}`;
    default:
      return (
        splitText(scene, from, to) || `The bridge forwards it${last === '' ? '' : ` to port ${last}`}${here}`
      );
  }
}

/** A bridge that keeps the packet forwards a clone of it: the packet itself still is on the port that it came in by. */
function splitText(scene: Scene, from: number, to: number): string {
  const { path, functions } = scene;
  const split = splitsOf(path).find(({ hop }) => hop >= from && hop <= to);
  if (split === undefined || has(scene, split.hop + 1, to, /^(__br_forward|br_forward_finish)$/)) return '';
  const clones = split.packets.map((packet) => `#${packet}`).join(', ');
  const what = split.packets.length === 1 ? `a clone, ${clones}` : `clones, ${clones}`;
  return `Splits at ${functions[split.hop]}${inPlace(scene, split.hop)}: the bridge forwards ${what}, and this one goes on`;
}

function sender(scene: Scene, hop: number): string {
  const name = placeName(scene, hop);
  return name === '' ? 'Its own host' : name === 'the host' ? 'The host' : name;
}
