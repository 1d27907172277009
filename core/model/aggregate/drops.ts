/** Dropped packets by what they have in common. */

import { ROW, rowFirstNs, rowLastNs, rowPacket, rowVerdict } from '../../wire/rows.ts';
import { VERDICT } from '../packet.ts';
import { NumberList, type RowFold } from './scan.ts';
import { TupleTable } from './tuples.ts';

/** `cause`: reason and function together. */
export const DROP_GROUPINGS = ['cause', 'reason', 'function', 'namespace', 'interface', 'flow'] as const;
export type DropGrouping = (typeof DROP_GROUPINGS)[number];

/** Parts of the time that was looked at, in sparklines and chart alike. */
export const DROP_BINS = 60;

export interface DropGroup {
  /** The same in the next scan. */
  readonly key: string;
  readonly count: number;
  /** Packet ids in the order of the scan; `times` are when each was dropped. */
  readonly packets: Float64Array;
  readonly times: Float64Array;
  readonly lastNs: number;
  /** Of the group's last packet: what all of the group share is that packet's. */
  readonly sample: number;
  /** Where they were dropped, those with most first. */
  readonly namespaces: readonly { readonly netns: number; readonly count: number }[];
  /** Drops in each part of the time. */
  readonly bins: Uint32Array;
}

export interface DropSummary {
  readonly groups: readonly DropGroup[];
  /** Packets looked at, and how many of them were dropped. */
  readonly packets: number;
  readonly dropped: number;
  /** First sight of the first packet to the last that is known of any; 0 to 0 without one. */
  readonly fromNs: number;
  readonly toNs: number;
}

interface Growing {
  readonly key: string;
  readonly packets: NumberList;
  readonly times: NumberList;
  readonly netns: Map<number, number>;
  lastNs: number;
  sample: number;
}

/** Name of the function that holds a kernel address, in two halves; asked once for each address. */
export type FunctionAt = (high: number, low: number) => string;

/** Groups dropped rows; largest group first. */
export class DropFold implements RowFold<DropSummary> {
  readonly #by: DropGrouping;
  readonly #functionAt: FunctionAt;
  readonly #groups: Growing[] = [];
  /** Numbers of groups by what they have in common: no text is made for a row. */
  readonly #numbers = new Map<number, number>();
  readonly #functions = new Map<number, number>();
  readonly #functionNames = new Map<string, number>();
  readonly #tuples = new TupleTable();
  #packets = 0;
  #dropped = 0;
  #fromNs = Number.POSITIVE_INFINITY;
  #toNs = 0;

  constructor(by: DropGrouping, functionAt: FunctionAt) {
    this.#by = by;
    this.#functionAt = functionAt;
  }

  add(view: DataView, at: number): void {
    const lastNs = rowLastNs(view, at);
    this.#packets += 1;
    this.#fromNs = Math.min(this.#fromNs, rowFirstNs(view, at));
    this.#toNs = Math.max(this.#toNs, lastNs);
    if (rowVerdict(view, at) !== VERDICT.dropped) return;
    this.#dropped += 1;
    const group = this.#group(view, at);
    const netns = view.getUint32(at + ROW.lastNetns, true);
    const packet = rowPacket(view, at);
    group.packets.push(packet);
    group.times.push(lastNs);
    group.netns.set(netns, (group.netns.get(netns) ?? 0) + 1);
    if (lastNs < group.lastNs) return;
    group.lastNs = lastNs;
    group.sample = packet;
  }

  result(): DropSummary {
    const fromNs = Number.isFinite(this.#fromNs) ? this.#fromNs : 0;
    const groups = this.#groups.map(({ packets, times, netns, key, lastNs, sample }): DropGroup => {
      const namespaces = [...netns].map(([inode, count]) => ({ netns: inode, count }));
      return {
        key,
        count: packets.values.length,
        packets: packets.values,
        times: times.values,
        lastNs,
        sample,
        namespaces: namespaces.sort((a, b) => b.count - a.count),
        bins: binned(times.values, fromNs, this.#toNs),
      };
    });
    return {
      groups: groups.sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1)),
      packets: this.#packets,
      dropped: this.#dropped,
      fromNs,
      toNs: this.#toNs,
    };
  }

  #group(view: DataView, at: number): Growing {
    const common = this.#common(view, at);
    const number = this.#numbers.get(common);
    const known = number === undefined ? undefined : this.#groups[number];
    if (known !== undefined) return known;
    const made: Growing = {
      key: this.#key(view, at),
      packets: new NumberList(),
      times: new NumberList(),
      netns: new Map(),
      lastNs: 0,
      sample: 0,
    };
    this.#numbers.set(common, this.#groups.length);
    this.#groups.push(made);
    return made;
  }

  /** One number for all rows of a group. */
  #common(view: DataView, at: number): number {
    const reason = view.getUint32(at + ROW.reason, true);
    const netns = view.getUint32(at + ROW.lastNetns, true);
    switch (this.#by) {
      case 'cause':
        return reason * FUNCTIONS_MAX + this.#function(view, at);
      case 'reason':
        return reason;
      case 'function':
        return this.#function(view, at);
      case 'namespace':
        return netns;
      case 'interface':
        return netns * INTERFACES_MAX + (view.getUint32(at + ROW.lastIfindex, true) % INTERFACES_MAX);
      case 'flow':
        return this.#tuples.of(view, at);
    }
  }

  #key(view: DataView, at: number): string {
    const reason = view.getUint32(at + ROW.reason, true);
    const netns = view.getUint32(at + ROW.lastNetns, true);
    switch (this.#by) {
      case 'cause':
        return `${reason} ${this.#functionName(view, at)}`;
      case 'reason':
        return `${reason}`;
      case 'function':
        return this.#functionName(view, at);
      case 'namespace':
        return `${netns}`;
      case 'interface':
        return `${netns}/${view.getUint32(at + ROW.lastIfindex, true)}`;
      case 'flow':
        return this.#tuples.text(this.#tuples.of(view, at));
    }
  }

  #function(view: DataView, at: number): number {
    const high = view.getUint32(at + ROW.locationHigh, true);
    const low = view.getUint32(at + ROW.locationLow, true);
    // the kernel's upper 16 bits are all the same
    const address = (high & 0xffff) * 2 ** 32 + low;
    const known = this.#functions.get(address);
    if (known !== undefined) return known;
    const name = this.#functionAt(high, low);
    const number = this.#functionNames.get(name) ?? this.#functionNames.size;
    this.#functionNames.set(name, number);
    this.#functions.set(address, number);
    return number;
  }

  #functionName(view: DataView, at: number): string {
    return this.#functionAt(
      view.getUint32(at + ROW.locationHigh, true),
      view.getUint32(at + ROW.locationLow, true),
    );
  }
}

const FUNCTIONS_MAX = 2 ** 20;
/** netns × this stays below 2^53. */
const INTERFACES_MAX = 2 ** 20;

/** How many of the times fall into each part. */
export function binned(times: Float64Array, fromNs: number, toNs: number): Uint32Array {
  const bins = new Uint32Array(DROP_BINS);
  const width = Math.max(1, toNs - fromNs) / DROP_BINS;
  for (const time of times) {
    const bin = Math.min(DROP_BINS - 1, Math.max(0, Math.floor((time - fromNs) / width)));
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return bins;
}
