/** What there is to say about an interface, a wire or a namespace: lines of a name and a value. */
import type { Joint, MapGraph, MapNode, Region } from './graph.ts';

export type Line = readonly [string, string];

const list = (values: readonly string[], otherwise = 'none'): string => values.join(', ') || otherwise;

export function nodeLines({ link, region }: MapNode, graph: MapGraph): Line[] {
  const far = link.far === undefined ? undefined : graph.nodes.get(`${link.far.netns}/${link.far.ifindex}`);
  const ports = region.nodes.filter((one) => one.link.master === link.name).map((one) => one.link.name);
  const lines: (Line | undefined)[] = [
    ['Namespace', region.title],
    ['Kind', `${link.kind}${link.tag === '' ? '' : ` ${link.tag}`}`],
    ['State', stateText(link)],
    ['Addresses', list(link.addresses)],
    link.mac === '' ? undefined : ['MAC', link.mac],
    ['MTU', String(link.mtu)],
    ['Index', String(link.ifindex)],
    link.master === '' ? undefined : ['Port of', link.master],
    ports.length === 0 ? undefined : ['Ports', list(ports)],
    farLine(link, far, region),
    link.remote === '' ? undefined : ['Tunnel', `${link.local || 'any'} → ${link.remote}`],
    link.notes.length === 0 ? undefined : ['Besides', list(link.notes)],
  ];
  return lines.filter((line) => line !== undefined);
}

export const stateText = ({ isUp, hasCarrier }: MapNode['link']): string =>
  isUp ? (hasCarrier ? 'up' : 'up, no carrier') : 'down';

function farLine(link: MapNode['link'], far: MapNode | undefined, region: Region): Line | undefined {
  const name = link.kind === 'veth' ? 'Other end' : 'On';
  if (far !== undefined)
    return [name, far.region === region ? far.link.name : `${far.link.name} of ${far.region.title}`];
  return link.far === undefined
    ? undefined
    : [name, `interface ${link.far.ifindex} of a namespace that is not known here`];
}

export function regionLines(region: Region): Line[] {
  const lines: (Line | undefined)[] = [
    region.subtitle === '' ? undefined : ['Known as', region.subtitle],
    ['Inode', String(region.inode)],
    ['Default route', list(region.defaultRoutes)],
    region.problem === '' ? undefined : ['Not all is known', region.problem],
    ['Interfaces', list(region.nodes.map(({ link }) => link.name))],
    region.hidden.length === 0 ? undefined : ['Not drawn', list(region.hidden.map(({ name }) => name))],
  ];
  return lines.filter((line) => line !== undefined);
}

const KINDS: Readonly<Record<Joint['kind'], string>> = {
  wire: 'veth pair',
  port: 'port',
  stack: 'one stands on the other',
  tunnel: 'tunnel, by the addresses of its ends',
};

export const jointLines = ({ kind, from, to }: Joint): Line[] => [
  ['What', KINDS[kind]],
  ['One end', `${from.link.name} of ${from.region.title}, ${stateText(from.link)}`],
  ['Other end', `${to.link.name} of ${to.region.title}, ${stateText(to.link)}`],
];
