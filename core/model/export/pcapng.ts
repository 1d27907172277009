/**
 * pcapng (draft-ietf-opsawg-pcapng) of recorded packets: an interface for each interface of each namespace, a packet block for
 * each that a packet came to (or for each hop), with the function, what was decided, the drop's reason and our packet id beside the bytes.
 */
import type { Free, Hop } from '../hop.ts';
import { deviceOf } from './device.ts';
import type { ExportContext, Exporter } from './exporter.ts';
import { frameOf, type Linktype } from './frame.ts';
import { unixNs } from './time.ts';

const BLOCK = { section: 0x0a0d0d0a, interface: 1, packet: 6 } as const;
const OPTION = {
  end: 0, comment: 1, os: 3, application: 4, name: 2, description: 3, resolution: 9, packetId: 5,
} as const; // biome-ignore format: a table
const BYTE_ORDER = 0x1a2b3c4d;
/** Packets whose place is remembered. */
const PACKETS_MAX = 1 << 18;
/** Times are in 10^-9 seconds. */
const NANOSECONDS = 9;

export const pcapngExporter = (context: ExportContext): Exporter => new PcapngExporter(context);

class PcapngExporter implements Exporter {
  readonly #options: ExportContext;
  readonly #interfaces = new Map<string, number>();
  /** Where each packet was told last. */
  readonly #places = new Map<number, string>();
  /** No header was known of them. */
  left = 0;

  constructor(options: ExportContext) {
    this.#options = options;
  }

  begin(): readonly Uint8Array[] {
    const { os, application } = this.#options;
    const body = new Uint8Array(16);
    const view = new DataView(body.buffer);
    view.setUint32(0, BYTE_ORDER, true);
    view.setUint16(4, 1, true);
    view.setBigInt64(8, -1n, true); // the section's length, not known
    return [block(BLOCK.section, [body, text(OPTION.os, os), text(OPTION.application, application), END])];
  }

  /** Nothing where no header was seen yet, or the packet was at this interface before. */
  hop(hop: Hop): readonly Uint8Array[] {
    if (!this.#isTold(hop)) return [];
    const frame = frameOf(hop.state);
    if (frame === undefined) {
      this.left += 1;
      return [];
    }
    const [at, made] = this.#interfaceOf(hop, frame.linktype);
    const head = new Uint8Array(20);
    const view = new DataView(head.buffer);
    const ns = unixNs(this.#options.baseUnixMs, hop.timeNs);
    view.setUint32(0, at, true);
    view.setUint32(4, Number(ns >> 32n), true);
    view.setUint32(8, Number(ns & 0xffff_ffffn), true);
    view.setUint32(12, frame.bytes.length, true);
    view.setUint32(16, frame.originalLength, true);
    const id = new Uint8Array(8);
    new DataView(id.buffer).setBigUint64(0, BigInt(hop.packet), true);
    const packet = block(BLOCK.packet, [
      head,
      padded(frame.bytes),
      text(OPTION.comment, this.#comment(hop)),
      option(OPTION.packetId, id),
      END,
    ]);
    return made === undefined ? [packet] : [made, packet];
  }

  #isTold(hop: Hop): boolean {
    if (this.#options.hops === 'all' || hop.kind === 'drop') return true;
    const place = `${hop.netns} ${hop.ifindex}`;
    if (hop.ifindex === 0 || this.#places.get(hop.packet) === place) return false;
    if (this.#places.size >= PACKETS_MAX) this.#places.clear(); // one too many then
    this.#places.set(hop.packet, place);
    return true;
  }

  free({ packet }: Free): readonly Uint8Array[] {
    this.#places.delete(packet);
    return [];
  }

  /** `packet 12 hop 3 at ip_rcv`; a drop's with its reason. */
  #comment(hop: Hop): string {
    const { names } = this.#options;
    const where = `packet ${hop.packet} hop ${hop.index + 1}`;
    return hop.kind === 'hop'
      ? `${where} at ${names.functionName(hop.func)}`
      : `${where} dropped ${names.reasonName(hop.reason)} in ${names.locationName(hop.location)}`;
  }

  /** Its number, and its block when it is new. */
  #interfaceOf(hop: Hop, linktype: Linktype): readonly [number, Uint8Array | undefined] {
    const { names } = this.#options;
    const key = `${hop.netns} ${hop.ifindex} ${linktype}`;
    const known = this.#interfaces.get(key);
    if (known !== undefined) return [known, undefined];
    const at = this.#interfaces.size;
    this.#interfaces.set(key, at);
    const netns = hop.netns === 0 ? '?' : names.netnsName(hop.netns);
    const device = deviceOf(hop, names) || 'no interface';
    const head = new Uint8Array(8);
    new DataView(head.buffer).setUint16(0, linktype, true);
    const made = block(BLOCK.interface, [
      head,
      text(OPTION.name, `${netns}/${device}`),
      text(OPTION.description, `namespace ${netns} (${hop.netns}), interface ${hop.ifindex}`),
      option(OPTION.resolution, new Uint8Array([NANOSECONDS])),
      END,
    ]);
    return [at, made];
  }
}

const END = new Uint8Array(4);
const utf8 = new TextEncoder();

const text = (code: number, value: string): Uint8Array =>
  option(code, utf8.encode(value).subarray(0, 0xffff));

function option(code: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + round4(value.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, value.length, true);
  bytes.set(value, 4);
  return bytes;
}

const round4 = (length: number) => (length + 3) & ~3;

function padded(value: Uint8Array): Uint8Array {
  if (value.length % 4 === 0) return value;
  const bytes = new Uint8Array(round4(value.length));
  bytes.set(value);
  return bytes;
}

function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = 12 + parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  let at = 8;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  view.setUint32(at, length, true);
  return bytes;
}
