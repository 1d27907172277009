/** What of a comparison is said in words. */
import type { SideAbout } from '../../../core/messages/browser.ts';
import { type Changed, type Comparison, change, isChance } from '../../../core/model/compare/compare.ts';
import { COMPARED_PACKETS_MAX, type NamedStep, type Side } from '../../../core/model/compare/side.ts';
import { type ComparedWay, type Parting, probedByOne, weight } from '../../../core/model/compare/ways.ts';
import { formatCount } from '../../../core/model/format.ts';

/** A smaller difference of shares is none to speak of. */
const LEAST = 0.0005;

/** `12.4 %`; `0 %` only where there is none. */
export function shareText(share: number): string {
  const percent = 100 * share;
  if (percent === 0) return '0 %';
  if (percent < 0.1) return '< 0.1 %';
  return percent > 99.9 && percent < 100 ? '> 99.9 %' : `${percent.toFixed(percent === 100 ? 0 : 1)} %`;
}

/** In points of a hundred: `+12.4`, `−0.3`, `=` where it is the same. */
export function changeText(difference: number): string {
  if (Math.abs(difference) < LEAST) return '=';
  return `${difference > 0 ? '+' : '−'}${Math.abs(100 * difference).toFixed(1)}`;
}

/** `× 2.1`, `÷ 1.3`, `=`; '' where one of both is not there. */
export function ratioText(a: number, b: number): string {
  if (a <= 0 || b <= 0) return '';
  const ratio = Math.max(a, b) / Math.min(a, b);
  if (ratio < 1.05) return '=';
  return `${b > a ? '×' : '÷'} ${ratio < 10 ? ratio.toFixed(1) : formatCount(ratio)}`;
}

/** The whole of it in a sentence or two. */
export function headline({ verdicts, causes, ways }: Comparison): string {
  const dropped = verdicts.find(({ what }) => what === 'dropped');
  const [cause] = causes;
  const alone = (kind: 'onlyA' | 'onlyB') => ways.all.filter((way) => way.kind === kind).length;
  return [
    dropped === undefined ? '' : droppedText(dropped),
    cause === undefined || isChance(cause)
      ? ''
      : `Most of all ${cause.what.reason} in ${cause.what.func}: ${shareText(cause.a.share)} in A, ${shareText(cause.b.share)} in B.`,
    `${pathsText(alone('onlyA'))} only A has, ${formatCount(alone('onlyB'))} only B.`,
  ]
    .filter((text) => text !== '')
    .join(' ');
}

const pathsText = (count: number): string => `${formatCount(count)} ${count === 1 ? 'path' : 'paths'}`;

function droppedText(dropped: Changed<unknown>): string {
  const { a, b } = dropped;
  if (a.count === 0 && b.count === 0) return 'Neither dropped a packet.';
  if (Math.abs(change(dropped)) < LEAST) return `Both dropped ${shareText(a.share)} of their packets.`;
  if (isChance(dropped))
    return `Both dropped about as much: A ${shareText(a.share)} of its packets, B ${shareText(b.share)}.`;
  const [more, less] = a.share > b.share ? (['A', 'B'] as const) : (['B', 'A'] as const);
  return `${more} dropped more: ${shareText(Math.max(a.share, b.share))} of its packets against ${shareText(Math.min(a.share, b.share))} in ${less}.`;
}

/** `ip_rcv in web`, `dropped: NO_SOCKET in web`. */
export const stepText = ({ func, reason, netns }: NamedStep): string =>
  `${reason === '' ? func : `dropped: ${reason}`} in ${netns}`;

/** Where a path leaves those of the other side. */
export function partingText(parting: Parting, letter: 'A' | 'B'): string {
  if (parting.kind === 'otherwise')
    return `no path of ${letter} begins so; the nearest has ${formatCount(parting.alike)} of its steps`;
  const { after, here, there } = parting;
  const text = (step: NamedStep | undefined) => (step === undefined ? 'its end' : stepText(step));
  return `parts after ${stepText(after)}: ${text(here)}; in ${letter} ${text(there)}`;
}

/** Whether a path has changed as far as anybody cares. */
export const hasChanged = (way: ComparedWay): boolean => weight(way) >= LEAST;

/** What makes two recordings differ whatever the packets did. */
export function caveats(a: SideAbout, b: SideAbout): readonly string[] {
  const said = (text: string) => (text === '' ? 'everything' : text);
  const byOne = probedByOne(a.probed, b.probed).size;
  return [
    a.expression !== b.expression && `A captured ${said(a.expression)}, B ${said(b.expression)}`,
    a.kernel !== b.kernel &&
      `A ran Linux ${a.kernel}, B ${b.kernel}: functions may have other names, and drops other reasons`,
    byOne > 0 && probedText(byOne),
    a.lost + b.lost > 0 &&
      `Lost: ${formatCount(a.lost)} events of A, ${formatCount(b.lost)} of B; a path that lacks some is another one`,
    a.note !== '' && `A: ${a.note}`,
    b.note !== '' && `B: ${b.note}`,
  ].filter((text) => text !== false);
}

const probedText = (count: number): string =>
  count === 1
    ? '1 function was probed in one of both only: it makes no difference here'
    : `${formatCount(count)} functions were probed in one of both only: they make no difference here`;

/** Packets that are on none of a side's paths; '' when there are none. */
export function leftOutText({ leftOut: { older, truncated, withoutHops, beyond } }: Side): string {
  const parts = [
    older > 0 && `${formatCount(older)} before the newest ${formatCount(COMPARED_PACKETS_MAX)}`,
    truncated > 0 && `${formatCount(truncated)} whose first hops are no longer in memory`,
    withoutHops > 0 && `${formatCount(withoutHops)} without a hop`,
    beyond > 0 && `${formatCount(beyond)} on further paths`,
  ].filter((part) => part !== false);
  return parts.join(', ');
}
