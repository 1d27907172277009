import { ipText } from '../base/address.ts';
import { asFuncId, asKernelAddress, asNetnsInode, asNs, asPacketId } from '../base/units.ts';
import type { SymbolInfo } from '../messages/browser.ts';
import { RecordCursor } from '../wire/cursor.ts';
import {
  DECISION, DROP, FLAG, HOP, KIND, LIMITS, LINEAGE, RULE, SECTION, SOCKET, STACK, STACK_ID, SYMBOL, TAIL,
} from '../wire/layout.gen.ts'; // biome-ignore format: a list
import { type FollowedPacket, Follower } from './following.ts';
import { GapCounter } from './gaps.ts';
import type {
  Decision, Free, Hop, Lineage, Rule, SocketEvent, StackTrace, Tail,
} from './hop.ts'; // biome-ignore format: a list
import { carriedSections } from './sections.ts';

/** What is told of each record, in the order of the batch. Those not given are skipped. */
export interface RecordListener {
  hop?(hop: Hop): void;
  free?(free: Free): void;
  lineage?(lineage: Lineage): void;
  decision?(decision: Decision): void;
  socket?(event: SocketEvent): void;
  /** Comes before the records that were kept of the packet. */
  tail?(tail: Tail): void;
  symbol?(symbol: SymbolInfo): void;
  /** Comes before the first hop that has it. */
  stack?(stack: StackTrace): void;
}

/**
 * Makes hops out of batches, each with all that is known of its packet: records carry only what changed. An
 * object per event: for a command line, a path or a test, not for a session of millions.
 *
 * At most `maxPackets` are followed; beyond that the one first seen is forgotten, and its next hop starts with
 * what it says itself.
 */
export class HopReader {
  readonly #cursor = new RecordCursor();
  readonly #gaps = new GapCounter();
  #events = 0;
  readonly #follower: Follower;

  constructor(options: { readonly maxPackets?: number } = {}) {
    this.#follower = new Follower(options.maxPackets);
  }

  /** Records of unknown kind or wrong size, skipped. */
  get malformed(): number {
    return this.#cursor.malformed;
  }

  /** Events read. */
  get events(): number {
    return this.#events;
  }

  /** Events missing from the records' numbers. */
  get missing(): number {
    return this.#gaps.missing;
  }

  /** Packets begun. */
  get packets(): number {
    return this.#follower.packets;
  }

  /** Reads whole records; the listener is called for each before this returns. */
  read(batch: Uint8Array, on: RecordListener): void {
    const cursor = this.#cursor;
    cursor.reset(batch);
    while (cursor.next()) {
      if (!cursor.isName) {
        this.#events += 1;
        this.#gaps.saw(cursor.cpu, cursor.seq, cursor.numbers);
      }
      switch (cursor.kind) {
        case KIND.hop:
        case KIND.drop: {
          const hop = this.#hop();
          on.hop?.(hop);
          break;
        }
        case KIND.free: {
          const free = this.#free();
          on.free?.(free);
          break;
        }
        case KIND.lineage: {
          const lineage = this.#lineage();
          on.lineage?.(lineage);
          break;
        }
        case KIND.decision: {
          const decision = readDecision(cursor, this.#follower.step(cursor));
          on.decision?.(decision);
          break;
        }
        case KIND.tail:
          on.tail?.(readTail(cursor));
          break;
        case KIND.socket:
          on.socket?.(readSocket(cursor));
          break;
        case KIND.stack:
          on.stack?.(readStack(cursor));
          break;
        default:
          on.symbol?.(readSymbol(cursor));
      }
    }
  }

  #hop(): Hop {
    const cursor = this.#cursor;
    const { index, deltaNs, state, changes, depth } = this.#follower.hop(cursor);
    // written out: a spread costs half of what reading a hop does
    const hop: Hop = {
      kind: 'hop',
      func: asFuncId(cursor.u32(HOP.func)),
      packet: asPacketId(cursor.packet),
      skb: asKernelAddress(cursor.addressAt(cursor.offset + HOP.skb)),
      netns: asNetnsInode(cursor.u32(HOP.netns)),
      ifindex: cursor.u32(HOP.ifindex),
      pid: cursor.u32(HOP.pid),
      state,
      carried: carriedSections(cursor),
      changes,
      depth,
      pidMatch: {
        owner: (cursor.flags & FLAG.pidOwner) !== 0,
        current: (cursor.flags & FLAG.pidCurrent) !== 0,
      },
      stack: stackOf(cursor),
      index,
      timeNs: asNs(cursor.timeNs),
      deltaNs,
      cpu: cursor.cpu,
      seq: cursor.seq,
      generation: cursor.generation,
    };
    const drop = cursor.section(SECTION.drop);
    if (drop < 0) return hop;
    const { kind: _kind, func: _func, ...place } = hop;
    return {
      kind: 'drop',
      reason: cursor.view.getUint32(drop + DROP.reason, true),
      location: asKernelAddress(cursor.addressAt(drop + DROP.location)),
      ...place,
    };
  }

  #free(): Free {
    const cursor = this.#cursor;
    return {
      kind: 'free',
      packet: asPacketId(cursor.packet),
      dropped: (cursor.flags & FLAG.dropped) !== 0,
      ...stepOf(cursor, this.#follower.free(cursor)),
    };
  }

  #lineage(): Lineage {
    const cursor = this.#cursor;
    return {
      kind: 'lineage',
      packet: asPacketId(cursor.packet),
      parent: asPacketId(cursor.parent),
      relation: cursor.u32(LINEAGE.relation),
      ...stepOf(cursor, this.#follower.step(cursor)),
    };
  }
}

/** Spread it last: V8 makes a slow object, in a hundred times the time, of what is added behind a spread. */
function stepOf(cursor: RecordCursor, { index, deltaNs }: FollowedPacket) {
  return {
    index,
    timeNs: asNs(cursor.timeNs),
    deltaNs,
    cpu: cursor.cpu,
    seq: cursor.seq,
    generation: cursor.generation,
  };
}

/** The current DECISION record, the next event of that packet. */
export function readDecision(cursor: RecordCursor, followed: FollowedPacket): Decision {
  return {
    kind: 'decision',
    packet: asPacketId(cursor.packet),
    skb: asKernelAddress(cursor.addressAt(cursor.offset + DECISION.skb)),
    netns: asNetnsInode(cursor.u32(DECISION.netns)),
    decision: cursor.view.getUint16(cursor.offset + DECISION.decision, true),
    value: cursor.view.getInt32(cursor.offset + DECISION.value, true),
    pf: cursor.view.getUint8(cursor.offset + DECISION.pf),
    hook: cursor.view.getUint8(cursor.offset + DECISION.hook),
    priority: cursor.view.getInt32(cursor.offset + DECISION.priority, true),
    by: asKernelAddress(cursor.addressAt(cursor.offset + DECISION.by)),
    used: cursor.u32(DECISION.used),
    limit: cursor.u32(DECISION.limit),
    durationNs: asNs(cursor.u64(DECISION.durationNs)),
    rule: readRule(cursor),
    ...stepOf(cursor, followed),
  };
}

/** The name of a kernel address that a SYMBOL record gives. */
export function readSymbol(cursor: RecordCursor): SymbolInfo {
  return {
    address: cursor.addressAt(cursor.offset + SYMBOL.address),
    offset: cursor.u32(SYMBOL.offset),
    name: cursor.textAt(cursor.offset + SYMBOL.name, LIMITS.symbolLen),
    module: cursor.textAt(cursor.offset + SYMBOL.module, LIMITS.moduleLen),
  };
}

function stackOf(cursor: RecordCursor): number | undefined {
  const at = cursor.section(SECTION.stack);
  return at < 0 ? undefined : cursor.view.getUint32(at + STACK_ID.id, true);
}

function readRule(cursor: RecordCursor): Rule | undefined {
  const at = cursor.section(SECTION.rule);
  if (at < 0) return undefined;
  return {
    handle: cursor.u64At(at + RULE.handle),
    table: cursor.textAt(at + RULE.table, LIMITS.nameLen),
    chain: cursor.textAt(at + RULE.chain, LIMITS.nameLen),
  };
}

/** What the id of a STACK record stands for. */
export function readStack(cursor: RecordCursor): StackTrace {
  const addresses = Array.from({ length: cursor.u32(STACK.depth) }, (_, i) =>
    asKernelAddress(cursor.addressAt(cursor.offset + STACK.addresses + 8 * i)),
  );
  return { id: cursor.u32(STACK.id), addresses };
}

function readTail(cursor: RecordCursor): Tail {
  return {
    kind: 'tail',
    timeNs: asNs(cursor.timeNs),
    cpu: cursor.cpu,
    seq: cursor.seq,
    packet: asPacketId(cursor.packet),
    begunNs: asNs(cursor.u64(TAIL.begunNs)),
    records: cursor.u32(TAIL.records),
    missed: cursor.u32(TAIL.missed),
    path: cursor.u32(TAIL.path),
    chosen: cursor.u32(TAIL.chosen),
  };
}

function readSocket(cursor: RecordCursor): SocketEvent {
  const at = cursor.offset;
  const { view, bytes } = cursor;
  const family = view.getUint8(at + SOCKET.family);
  return {
    kind: 'socket',
    timeNs: asNs(cursor.timeNs),
    cpu: cursor.cpu,
    seq: cursor.seq,
    sk: asKernelAddress(cursor.addressAt(at + SOCKET.sk)),
    event: view.getUint8(at + SOCKET.event),
    netns: asNetnsInode(cursor.u32(SOCKET.netns)),
    saddr: ipText(bytes, at + SOCKET.saddr, family),
    daddr: ipText(bytes, at + SOCKET.daddr, family),
    sport: view.getUint16(at + SOCKET.sport, true),
    dport: view.getUint16(at + SOCKET.dport, true),
    owner: {
      pid: cursor.u32(SOCKET.pid),
      uid: cursor.u32(SOCKET.uid),
      cgroup: cursor.u64(SOCKET.cgroup),
      comm: cursor.textAt(at + SOCKET.comm, LIMITS.commLen),
    },
    sent: cursor.u64(SOCKET.sent),
    received: cursor.u64(SOCKET.received),
    durationNs: asNs(cursor.u64(SOCKET.durationNs)),
    srttUs: cursor.u32(SOCKET.srttUs),
    retransmits: cursor.u32(SOCKET.retransmits),
    oldState: view.getUint8(at + SOCKET.oldState),
    newState: view.getUint8(at + SOCKET.newState),
  };
}
