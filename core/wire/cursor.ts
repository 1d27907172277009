import {
  BUFFER, CONNTRACK, CONTROL_BLOCK, DECISION, DEV, DROP, ETH, FLAG, FREE, HEADER, HOP, INNER, IP, KIND, L4, LIMITS,
  LINEAGE, META, OWNER, ROUTE, RULE, SECTION, SOCKET, STACK, STACK_ID, SYMBOL, TAIL, TASK,
} from './layout.gen.ts'; // biome-ignore format: a list

/** In the order of their bits, which is their order in a record. */
const SECTION_SIZES = [
  [SECTION.dev, DEV.size],
  [SECTION.task, TASK.size],
  [SECTION.meta, META.size],
  [SECTION.eth, ETH.size],
  [SECTION.ip, IP.size],
  [SECTION.l4, L4.size],
  [SECTION.drop, DROP.size],
  [SECTION.buffer, BUFFER.size],
  [SECTION.route, ROUTE.size],
  [SECTION.conntrack, CONNTRACK.size],
  [SECTION.inner, INNER.size],
  [SECTION.owner, OWNER.size],
  [SECTION.control, CONTROL_BLOCK.size],
  [SECTION.stack, STACK_ID.size],
  [SECTION.rule, RULE.size],
] as const;
const SECTION_COMBINATIONS = 1 << SECTION_SIZES.length;

/** Bytes of all sections in a set of bits. */
const BYTES_OF = new Uint16Array(SECTION_COMBINATIONS);
for (const [bit, size] of SECTION_SIZES)
  for (let lower = 0; lower < bit; lower += 1) BYTES_OF[bit | lower] = (BYTES_OF[lower] ?? 0) + size;

const TWO_32 = 2 ** 32;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * Walks the records of a batch (bpf/wire.h) in place, without an object per record. Whatever the bytes are, it
 * never throws and always ends: a record of unknown kind or wrong size is counted and skipped; where not even
 * the length can be believed, the rest of the batch is one malformed record.
 */
export class RecordCursor {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  /** Byte offset of the current record. */
  offset = 0;
  size = 0;
  kind = 0;
  flags = 0;
  /** enum skbt_section, as a set of bits. */
  sections = 0;
  #next = 0;
  #malformed = 0;

  /** Records skipped since construction. */
  get malformed(): number {
    return this.#malformed;
  }

  /** Starts over at the first record of `bytes`. */
  reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#next = 0;
  }

  /** Goes to one record at an offset, which was sound when it came in. `next` then goes on from there. */
  moveTo(bytes: Uint8Array, view: DataView, offset: number): void {
    this.bytes = bytes;
    this.view = view;
    this.offset = offset;
    this.size = view.getUint16(offset + HEADER.recordSize, true);
    this.kind = view.getUint8(offset + HEADER.kind);
    this.flags = view.getUint8(offset + HEADER.flags);
    this.sections = view.getUint16(offset + HEADER.sections, true);
    this.#next = offset + this.size;
  }

  /** Moves to the next sound record; false at the end. */
  next(): boolean {
    const { view } = this;
    while (this.#next < view.byteLength) {
      const offset = this.#next;
      const left = view.byteLength - offset;
      const size = left >= HEADER.size ? view.getUint16(offset + HEADER.recordSize, true) : 0;
      if (size < HEADER.size || size > LIMITS.recordMax || size % 8 !== 0 || size > left) {
        this.#malformed += 1;
        this.#next = view.byteLength;
        return false;
      }
      this.#next = offset + size;
      this.offset = offset;
      this.size = size;
      this.kind = view.getUint8(offset + HEADER.kind);
      this.flags = view.getUint8(offset + HEADER.flags);
      this.sections = view.getUint16(offset + HEADER.sections, true);
      if (this.#isSound()) return true;
      this.#malformed += 1;
    }
    return false;
  }

  #isSound(): boolean {
    const { kind, size, sections } = this;
    switch (kind) {
      case KIND.hop:
      case KIND.drop:
        return (
          sections < SECTION.rule &&
          size === HOP.size + (BYTES_OF[sections] ?? 0) &&
          (kind === KIND.drop) === ((sections & SECTION.drop) !== 0)
        );
      case KIND.free:
        return size === FREE.size;
      case KIND.lineage:
        return size === LINEAGE.size;
      case KIND.decision:
        return (
          (sections === 0 || sections === SECTION.rule) && size === DECISION.size + (BYTES_OF[sections] ?? 0)
        );
      case KIND.symbol:
        return size === SYMBOL.size;
      case KIND.stack:
        return size === STACK.size && this.u32(STACK.depth) <= LIMITS.stackMax;
      case KIND.socket:
        return size === SOCKET.size;
      case KIND.tail:
        return size === TAIL.size;
      default:
        return false;
    }
  }

  get cpu(): number {
    return this.view.getUint16(this.offset + HEADER.cpu, true);
  }

  /** The reader made it, not the kernel: it has the number of the record behind it. */
  get isName(): boolean {
    return this.kind === KIND.symbol || this.kind === KIND.stack;
  }

  /** How many of this CPU's numbers stand for this record: a TAIL has those of the records that it brings. */
  get numbers(): number {
    if (this.isName || (this.flags & FLAG.kept) !== 0) return 0;
    return this.kind === KIND.tail ? 1 + this.u32(TAIL.records) : 1;
  }

  /** Of this CPU's records. */
  get seq(): number {
    return this.view.getUint32(this.offset + HEADER.seq, true);
  }

  get generation(): number {
    return this.view.getUint32(this.offset + HEADER.generation, true);
  }

  /** Nanoseconds since the capture's base time. */
  get timeNs(): number {
    return this.u64(HEADER.timeNs);
  }

  /** Packet id; of the child in a lineage. Not for SYMBOL, STACK and SOCKET. */
  get packet(): number {
    return this.u64(HOP.packet);
  }

  get parent(): number {
    return this.u64(LINEAGE.parent);
  }

  /** Field of this record at a byte offset of its layout. */
  u32(field: number): number {
    return this.view.getUint32(this.offset + field, true);
  }

  /** A kernel address at a byte offset of the buffer, as 16 hexadecimal digits. */
  addressAt(at: number): string {
    let text = '';
    for (let i = 7; i >= 0; i -= 1) text += HEX[this.view.getUint8(at + i)];
    return text;
  }

  /** NUL-terminated text in a field of `length` bytes. */
  textAt(at: number, length: number): string {
    let text = '';
    for (let i = at; i < at + length; i += 1) {
      const byte = this.view.getUint8(i);
      if (byte === 0) break;
      // what the kernel keeps there is not always ASCII; a browser must never see control characters
      text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
    }
    return text;
  }

  /** Byte offset in the buffer of a section of this HOP, DROP or DECISION, -1 when it is not there. */
  section(bit: number): number {
    if ((this.sections & bit) === 0) return -1;
    const head = this.kind === KIND.decision ? DECISION.size : HOP.size;
    return this.offset + head + (BYTES_OF[this.sections & (bit - 1)] ?? 0);
  }

  /** 64-bit field of this record; exact below 2^53. */
  u64(field: number): number {
    return this.u64At(this.offset + field);
  }

  /** The same, at a byte offset of the buffer. */
  u64At(at: number): number {
    return this.view.getUint32(at + 4, true) * TWO_32 + this.view.getUint32(at, true);
  }
}
