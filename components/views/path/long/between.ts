/** The hops of a long path that are not told one by one, in a sentence. */
import { asFuncId, asNetnsInode } from '../../../../core/base/units.ts';
import { formatCount, formatDuration } from '../../../../core/model/format.ts';
import type { NameBook } from '../../../../core/model/names.ts';
import { HOP_KIND } from '../../../../core/wire/hops.ts';
import type { LongPath } from './bins.ts';

/** Namespaces that are named. */
const NAMED_MAX = 3;

/** From hop `from` to before hop `to`: how many, how long, where, and at which function most of them. */
export function betweenText(path: LongPath, from: number, to: number, names: NameBook): string {
  const { hops } = path;
  const tookNs = (hops.timeNs[to] ?? 0) - (hops.timeNs[from - 1] ?? 0);
  const byFunction = new Map<number, number>();
  const byLane = new Uint32Array(path.lanes.length);
  let drops = 0;
  for (let i = from; i < to; i += 1) {
    const lane = path.laneOf[i] ?? 0;
    byLane[lane] = (byLane[lane] ?? 0) + 1;
    const func = hops.func[i] ?? 0;
    if (hops.kind[i] === HOP_KIND.drop) drops += 1;
    else byFunction.set(func, (byFunction.get(func) ?? 0) + 1);
  }
  const [most] = [...byFunction].sort((a, b) => b[1] - a[1]);
  const often =
    most === undefined
      ? ''
      : `; most often at ${names.functionName(asFuncId(most[0]))} (${formatCount(most[1])})`;
  const dropped = drops === 0 ? '' : `; ${formatCount(drops)} of them drops`;
  return `${formatCount(to - from)} hops between, ${formatDuration(tookNs)}, are not told one by one: ${whereText(path, byLane, names)}${often}${dropped}.`;
}

function whereText({ lanes }: LongPath, byLane: Uint32Array, names: NameBook): string {
  const byPlace = new Map<string, number>();
  for (const [i, { netns, isRest }] of lanes.entries()) {
    const place = isRest ? 'other places' : netns === 0 ? 'unknown' : names.netnsName(asNetnsInode(netns));
    byPlace.set(place, (byPlace.get(place) ?? 0) + (byLane[i] ?? 0));
  }
  const all = [...byPlace].filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  const told = all.slice(0, NAMED_MAX).map(([place, count]) => `${formatCount(count)} in ${place}`);
  const others = all.slice(NAMED_MAX).reduce((sum, [, count]) => sum + count, 0);
  return [...told, ...(others === 0 ? [] : [`${formatCount(others)} elsewhere`])].join(', ');
}
