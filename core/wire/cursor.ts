import {
  DEV,
  DROP,
  ETH,
  FREE,
  HEADER,
  HOP,
  IP,
  KIND,
  L4,
  LIMITS,
  LINEAGE,
  META,
  SECTION,
  SYMBOL,
  TASK,
} from './layout.gen.ts';

const SECTIONS = [
  [SECTION.dev, DEV.size],
  [SECTION.task, TASK.size],
  [SECTION.meta, META.size],
  [SECTION.eth, ETH.size],
  [SECTION.ip, IP.size],
  [SECTION.l4, L4.size],
  [SECTION.drop, DROP.size],
] as const;
const SECTION_COMBINATIONS = 1 << SECTIONS.length;

/** Bytes of all sections in a set of bits, and of those before each bit. */
const BYTES_OF = new Uint16Array(SECTION_COMBINATIONS);
for (let bits = 0; bits < SECTION_COMBINATIONS; bits += 1)
  BYTES_OF[bits] = SECTIONS.reduce((sum, [bit, size]) => sum + ((bits & bit) !== 0 ? size : 0), 0);

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
          sections < SECTION_COMBINATIONS &&
          size === HOP.size + (BYTES_OF[sections] ?? 0) &&
          (kind === KIND.drop) === ((sections & SECTION.drop) !== 0)
        );
      case KIND.free:
        return size === FREE.size;
      case KIND.lineage:
        return size === LINEAGE.size;
      case KIND.symbol:
        return size === SYMBOL.size;
      default:
        return false;
    }
  }

  get cpu(): number {
    return this.view.getUint16(this.offset + HEADER.cpu, true);
  }

  /** Of this CPU's records. A SYMBOL record has that of the DROP behind it. */
  get seq(): number {
    return this.view.getUint32(this.offset + HEADER.seq, true);
  }

  get generation(): number {
    return this.view.getUint32(this.offset + HEADER.generation, true);
  }

  /** Nanoseconds since the capture's base time. */
  get timeNs(): number {
    return this.#u64(HEADER.timeNs);
  }

  /** Packet id; of the child in a lineage. Not for SYMBOL. */
  get packet(): number {
    return this.#u64(HOP.packet);
  }

  get parent(): number {
    return this.#u64(LINEAGE.parent);
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

  /** Byte offset in the buffer of a section of this HOP or DROP, -1 when it is not there. */
  section(bit: number): number {
    if ((this.sections & bit) === 0) return -1;
    return this.offset + HOP.size + (BYTES_OF[this.sections & (bit - 1)] ?? 0);
  }

  #u64(field: number): number {
    const at = this.offset + field;
    return this.view.getUint32(at + 4, true) * TWO_32 + this.view.getUint32(at, true);
  }
}
