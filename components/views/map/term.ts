import { interfaceTerm, netnsTerm } from '../../../core/model/display/place-terms.ts';
import type { NameBook } from '../../../core/model/names.ts';
import type { Target } from './chart.ts';
import type { MapGraph, MapNode } from './graph.ts';

/**
 * The display filter for what is drawn there: packets that went through it, or were dropped there. Undefined when it is
 * not on the map any more.
 */
export function targetTerm(
  target: Target,
  graph: MapGraph,
  droppedOnly: boolean,
  names: NameBook,
): string | undefined {
  const through = ({ region, link }: MapNode, isDropped: boolean) =>
    interfaceTerm(names, region.inode, link.ifindex, isDropped);
  if (target.kind === 'region') return netnsTerm(names, target.inode, droppedOnly);
  if (target.kind === 'joint') {
    const joint = graph.joints.find(({ key }) => key === target.key);
    return joint && `${through(joint.from, false)} and ${through(joint.to, false)}`;
  }
  const node = graph.nodes.get(target.key);
  return node && through(node, droppedOnly);
}
