/** What records said of each packet until now: they carry only what has changed. */
import { asNs, type Ns } from '../base/units.ts';
import type { RecordCursor } from '../wire/cursor.ts';
import { HOP } from '../wire/layout.gen.ts';
import type { Change, PacketState } from './hop.ts';
import { Nesting } from './nesting.ts';
import { changesBetween, readState } from './sections.ts';

const NO_CHANGES: readonly Change[] = [];

/** A packet as the last of its records left it; the next one changes it in place. */
export class FollowedPacket {
  /** Of the last event on the packet's path, from 0. */
  index = -1;
  /** Of the last event, since the one before. */
  deltaNs: Ns = asNs(0);
  state: PacketState = {};
  /** What the last hop, or drop, changed. */
  changes = NO_CHANGES;
  /** How many probed calls deep the last hop was. */
  depth = 0;
  #lastNs: number;
  #netns = 0;
  #ifindex = 0;
  #isSeen = false;
  readonly #nesting = new Nesting();

  constructor(timeNs: number) {
    this.#lastNs = timeNs;
  }

  /** The cursor's record is its next event. */
  step(cursor: RecordCursor): void {
    const { timeNs } = cursor;
    this.index += 1;
    this.deltaNs = asNs(timeNs - this.#lastNs);
    this.#lastNs = timeNs;
  }

  /** The same of a HOP or DROP record. */
  hop(cursor: RecordCursor): void {
    this.step(cursor);
    const state = readState(cursor, this.state);
    const netns = cursor.u32(HOP.netns);
    const ifindex = cursor.u32(HOP.ifindex);
    const isElsewhere = netns !== this.#netns || ifindex !== this.#ifindex;
    if (this.#isSeen && (isElsewhere || state !== this.state))
      this.changes = [...this.#moved(netns, ifindex), ...changesBetween(this.state, state)];
    else this.changes = NO_CHANGES;
    this.state = state;
    this.#netns = netns;
    this.#ifindex = ifindex;
    this.#isSeen = true;
    const sp = cursor.u32(HOP.sp);
    this.depth = this.#nesting.depth(cursor.u32(HOP.sp + 4), sp, cursor.cpu, cursor.u32(HOP.pid));
  }

  #moved(netns: number, ifindex: number): Change[] {
    const changes: Change[] = [];
    if (netns !== this.#netns) changes.push({ field: 'netns', before: this.#netns, after: netns });
    if (ifindex !== this.#ifindex) changes.push({ field: 'ifindex', before: this.#ifindex, after: ifindex });
    return changes;
  }
}

const DEFAULT_MAX_PACKETS = 1 << 16;

/**
 * Follows packets through their records. At most `maxPackets` are followed; beyond that the one first seen is forgotten, and
 * its next record begins with what it says itself.
 */
export class Follower {
  readonly #followed = new Map<number, FollowedPacket>();
  readonly #maxPackets: number;
  #packets = 0;

  constructor(maxPackets = DEFAULT_MAX_PACKETS) {
    this.#maxPackets = maxPackets;
  }

  /** Packets begun. */
  get packets(): number {
    return this.#packets;
  }

  /** The packet of the cursor's record, of which that is the next event. */
  step(cursor: RecordCursor): FollowedPacket {
    const followed = this.#follow(cursor);
    followed.step(cursor);
    return followed;
  }

  /** The same of a HOP or DROP record. */
  hop(cursor: RecordCursor): FollowedPacket {
    const followed = this.#follow(cursor);
    followed.hop(cursor);
    return followed;
  }

  /** The same of a FREE record: it is the last. */
  free(cursor: RecordCursor): FollowedPacket {
    const followed = this.step(cursor);
    this.#followed.delete(cursor.packet);
    return followed;
  }

  #follow(cursor: RecordCursor): FollowedPacket {
    const { packet } = cursor;
    const known = this.#followed.get(packet);
    if (known !== undefined) return known;
    if (this.#followed.size >= this.#maxPackets) {
      const oldest = this.#followed.keys().next();
      if (!oldest.done) this.#followed.delete(oldest.value);
    }
    this.#packets += 1;
    const begun = new FollowedPacket(cursor.timeNs);
    this.#followed.set(packet, begun);
    return begun;
  }
}
