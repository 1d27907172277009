import { interfacesTerm, interfaceTerm, netnsTerm } from '../../../core/model/display/place-terms.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { DISPLAY_MAX } from '../../state/display.ts';
import type { Target } from './chart.ts';
import type { MapGraph, MapNode } from './graph.ts';

/**
 * The display filter for what is drawn there: packets that went through it, or were dropped there; those that are counted
 * (sights.ts) and no others. Undefined when it is not on the map any more, or has too many ports to be written down.
 */
export function targetTerm(
  target: Target,
  graph: MapGraph,
  droppedOnly: boolean,
  names: NameBook,
): string | undefined {
  if (target.kind === 'region') return netnsTerm(names, target.inode, droppedOnly);
  if (target.kind === 'joint') {
    const joint = graph.joints.find(({ key }) => key === target.key);
    if (joint === undefined) return undefined;
    const { from, to, kind } = joint;
    return kind === 'port'
      ? through(from, false, names)
      : `${through(from, false, names)} and ${through(to, false, names)}`;
  }
  const node = graph.nodes.get(target.key);
  if (node === undefined) return undefined;
  const ports = graph.joints.flatMap(({ kind, from, to }) => (kind === 'port' && to === node ? [from] : []));
  if (droppedOnly || ports.length === 0) return through(node, droppedOnly, names);
  const indices = [node, ...ports].map(({ link }) => link.ifindex);
  const term = interfacesTerm(names, node.region.inode, indices);
  return term.length > DISPLAY_MAX ? undefined : term;
}

const through = ({ region, link }: MapNode, isDropped: boolean, names: NameBook): string =>
  interfaceTerm(names, region.inode, link.ifindex, isDropped);
