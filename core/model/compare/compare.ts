/** Two sides held against each other: what only one has, what both have and how it changed, what changed most first. */
import type { Place } from '../latency/places.ts';
import { VERDICT, type VerdictName } from '../packet.ts';
import type { Side, SideCause, SideService, SideTime } from './side.ts';
import { ComparedWays, type WayMatch } from './ways.ts';

/** Packets of a side that have something, of how many, and their share, 0 to 1. */
export interface Count {
  readonly count: number;
  readonly of: number;
  readonly share: number;
}

export interface Changed<T> {
  readonly what: T;
  readonly a: Count;
  readonly b: Count;
}

export interface ChangedTime {
  readonly place: Place;
  readonly a: SideTime | undefined;
  readonly b: SideTime | undefined;
  /** Of all time that packets took there, for each packet, ns. */
  readonly aPacketNs: number;
  readonly bPacketNs: number;
}

export interface ChangedService {
  readonly what: Pick<SideService, 'protocol' | 'address' | 'port'>;
  readonly a: SideService | undefined;
  readonly b: SideService | undefined;
}

export interface Comparison {
  /** In the order of people's interest: dropped first. */
  readonly verdicts: readonly Changed<VerdictName>[];
  /** What may be chance last. */
  readonly causes: readonly Changed<Pick<SideCause, 'reason' | 'func'>>[];
  readonly ways: ComparedWays;
  readonly times: readonly ChangedTime[];
  readonly services: readonly ChangedService[];
}

const VERDICTS: readonly VerdictName[] = ['dropped', 'delivered', 'forwarded', 'consumed', 'inFlight'];

/** How much more of the packets have it in b, -1 to 1. */
export const change = ({ a, b }: { readonly a: Count; readonly b: Count }): number => b.share - a.share;

/** @param match what must be the same of two steps */
export function compareSides(a: Side, b: Side, match: WayMatch): Comparison {
  return {
    verdicts: VERDICTS.map((what) => ({
      what,
      a: counted(a.verdicts[VERDICT[what]] ?? 0, a.packets),
      b: counted(b.verdicts[VERDICT[what]] ?? 0, b.packets),
    })),
    causes: causesOf(a, b),
    ways: new ComparedWays(a, b, match),
    times: timesOf(a, b),
    services: servicesOf(a, b),
  };
}

export const counted = (count: number, of: number): Count => ({
  count,
  of,
  share: of === 0 ? 0 : count / of,
});

/** Two of a hundred samples of the same packets differ by more. */
const CHANCE_Z = 2;

/** So few packets that the difference may be chance: two proportions with a pooled variance. */
export function isChance({ a, b }: { readonly a: Count; readonly b: Count }): boolean {
  const pooled = (a.count + b.count) / Math.max(1, a.of + b.of);
  const variance = pooled * (1 - pooled) * (1 / Math.max(1, a.of) + 1 / Math.max(1, b.of));
  return Math.abs(b.share - a.share) <= CHANCE_Z * Math.sqrt(variance);
}

function causesOf(a: Side, b: Side): Comparison['causes'] {
  return paired(a.causes, b.causes, ({ reason, func }) => `${reason} ${func}`)
    .map(([one, other]) => ({
      what: { reason: (one ?? other)?.reason ?? '', func: (one ?? other)?.func ?? '' },
      a: counted(one?.count ?? 0, a.packets),
      b: counted(other?.count ?? 0, b.packets),
    }))
    .sort((x, y) => Number(isChance(x)) - Number(isChance(y)) || Math.abs(change(y)) - Math.abs(change(x)));
}

function timesOf(a: Side, b: Side): readonly ChangedTime[] {
  const difference = ({ aPacketNs, bPacketNs }: ChangedTime) => Math.abs(bPacketNs - aPacketNs);
  return paired(a.times, b.times, ({ place }) => place)
    .flatMap(([one, other]) => {
      const place = (one ?? other)?.place;
      const aPacketNs = (one?.totalNs ?? 0) / Math.max(1, a.timed);
      const bPacketNs = (other?.totalNs ?? 0) / Math.max(1, b.timed);
      return place === undefined ? [] : [{ place, a: one, b: other, aPacketNs, bPacketNs }];
    })
    .sort((x, y) => difference(y) - difference(x));
}

/** Those that only one has first; then by how much more of their packets are dropped. */
function servicesOf(a: Side, b: Side): readonly ChangedService[] {
  const dropShare = (one: SideService | undefined) => counted(one?.dropped ?? 0, one?.packets ?? 0).share;
  const isAlone = ({ a: one, b: other }: ChangedService) => Number(one === undefined || other === undefined);
  const difference = (one: ChangedService) => Math.abs(dropShare(one.b) - dropShare(one.a));
  const packets = (one: ChangedService) => (one.a?.packets ?? 0) + (one.b?.packets ?? 0);
  return paired(a.services, b.services, ({ protocol, address, port }) => `${protocol} ${address} ${port}`)
    .flatMap(([one, other]) => {
      const what = one ?? other;
      return what === undefined ? [] : [{ what, a: one, b: other }];
    })
    .sort((x, y) => isAlone(y) - isAlone(x) || difference(y) - difference(x) || packets(y) - packets(x));
}

/** What has the same key on both sides, and what only one has. */
function paired<T>(
  a: readonly T[],
  b: readonly T[],
  keyOf: (one: T) => string,
): readonly (readonly [T | undefined, T | undefined])[] {
  const pairs = new Map<string, [T | undefined, T | undefined]>();
  for (const one of a) pairs.set(keyOf(one), [one, undefined]);
  for (const other of b) pairs.set(keyOf(other), [pairs.get(keyOf(other))?.[0], other]);
  return [...pairs.values()];
}
