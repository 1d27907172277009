import { asFuncId, asNetnsInode } from '../../../../core/base/units.ts';
import { formatCount } from '../../../../core/model/format.ts';
import type { NameBook } from '../../../../core/model/names.ts';
import { HOP_KIND, LONG_PATH_HOPS } from '../../../../core/wire/hops.ts';
import type { LongLane, LongPath } from './bins.ts';

export function laneName({ netns, ifindex, isRest }: LongLane, names: NameBook): string {
  if (isRest) return 'other places';
  const place = netns === 0 ? 'unknown' : names.netnsName(asNetnsInode(netns));
  return ifindex === 0 ? place : `${place} ${names.interfaceName(asNetnsInode(netns), ifindex)}`;
}

/** The hop's function, or the drop's reason. */
export function hopName({ hops }: LongPath, index: number, names: NameBook): string {
  const func = hops.func[index] ?? 0;
  return hops.kind[index] === HOP_KIND.drop ? names.reasonName(func) : names.functionName(asFuncId(func));
}

/** Whether a packet has so many hops that its path is given in another form. */
export const isLongPath = (hops: number | undefined): boolean => (hops ?? 0) > LONG_PATH_HOPS;

/** Why something is not there for a packet: `what` is a sentence's beginning, as “Its way is drawn”. */
export const shortPathsOnly = (what: string, hops: number): string =>
  `${what} for packets of up to ${formatCount(LONG_PATH_HOPS)} hops: this one has ${formatCount(hops)}.`;
