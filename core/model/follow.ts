/** How packets are followed and which of them are told, as one choice: what a page offers of `keep` and `tail`. */
import { type CaptureSpec, DEFAULT_SPEC, TAIL_TRACKED_PACKETS, type TailChoice } from '../messages/source.ts';
import { CHOSEN } from '../wire/layout.gen.ts';
import { formatCount, formatDuration } from './format.ts';
import type { Tail } from './hop.ts';

const SLOW_US = 10_000;
const ONE_IN = 100;

const tail = (choice: Partial<TailChoice>): TailChoice => ({
  slowUs: 0,
  newPaths: false,
  oneIn: 0,
  ...choice,
});

/** In the order of how much is told. */
export const FOLLOW_CHOICES = [
  { value: 'life', label: 'all, for life' },
  { value: 'matches', label: 'all that matches' },
  { value: 'sampled', label: 'drops, 1 in 100', tail: tail({ oneIn: ONE_IN }) },
  { value: 'new', label: 'drops, new paths', tail: tail({ newPaths: true }) },
  { value: 'slow', label: 'drops, > 10 ms', tail: tail({ slowUs: SLOW_US }) },
  { value: 'drops', label: 'drops only', tail: tail({}) },
] as const;
export type FollowChoice = (typeof FOLLOW_CHOICES)[number]['value'];

export interface Follow {
  /** Once matched, followed for life. */
  readonly keep: boolean;
  readonly tail: TailChoice | undefined;
}

export const FOLLOW_FOR_LIFE: Follow = { keep: true, tail: undefined };

export const followOf = ({ filter, tail: told }: CaptureSpec): Follow => ({ keep: filter.keep, tail: told });

/** The choice that it is; undefined for one that is none of these, as the command line can make it. */
export function choiceOf({ keep, tail: told }: Follow): FollowChoice | undefined {
  if (told === undefined) return keep ? 'life' : 'matches';
  return FOLLOW_CHOICES.find(
    (one) =>
      'tail' in one &&
      one.tail.slowUs === told.slowUs &&
      one.tail.newPaths === told.newPaths &&
      one.tail.oneIn === told.oneIn,
  )?.value;
}

export function followAs(choice: FollowChoice): Follow {
  const found = FOLLOW_CHOICES.find(({ value }) => value === choice);
  return { keep: choice !== 'matches', tail: found && 'tail' in found ? found.tail : undefined };
}

/** `spec` with packets followed so; as many at once as is usual for that, where the mode changes. */
export function withFollow(spec: CaptureSpec, { keep, tail: told }: Follow): CaptureSpec {
  const { tail: before, trackedPackets, ...beside } = spec;
  const usual = told === undefined ? DEFAULT_SPEC.trackedPackets : TAIL_TRACKED_PACKETS;
  const isSameMode = (before === undefined) === (told === undefined);
  return {
    ...beside,
    filter: { ...spec.filter, keep },
    trackedPackets: isSameMode ? trackedPackets : usual,
    ...(told !== undefined && { tail: told }),
  };
}

const WHY_TOLD: Readonly<Record<number, (tail: Tail) => string>> = {
  [CHOSEN.slow]: ({ timeNs, begunNs }) => `told after ${formatDuration(timeNs - begunNs)}, as slow`,
  [CHOSEN.new]: () => 'told as the first on its path',
  [CHOSEN.sampled]: () => 'told as one in so many',
};

/** Why a packet is told that was not dropped, and what is not: `told after 312 ms, as slow; 3 events not kept`. */
export function toldText(tail: Tail): string {
  return [
    WHY_TOLD[tail.chosen]?.(tail) ?? '',
    tail.missed > 0 ? `${formatCount(tail.missed)} events not kept` : '',
  ]
    .filter((text) => text !== '')
    .join('; ');
}

/** `drops, over 10 ms, new paths, 1 in 100`: which packets are told in tail mode. */
export function tailText({ slowUs, newPaths, oneIn }: TailChoice): string {
  return [
    'drops',
    ...(slowUs > 0 ? [`over ${slowUs >= 1000 ? `${slowUs / 1000} ms` : `${slowUs} µs`}`] : []),
    ...(newPaths ? ['new paths'] : []),
    ...(oneIn > 0 ? [`1 in ${oneIn}`] : []),
  ].join(', ');
}
