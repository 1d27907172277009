/** Addresses as a display filter compares them: numbers from the packed row, nothing made for a row. */
import { ipText } from '../../base/address.ts';
import { L4_KIND } from '../../wire/layout.gen.ts';
import { ROW } from '../../wire/rows.ts';
import { parseAddress } from '../filter.ts';

/** A net: an address and how many of its bits count. */
export interface Net {
  readonly version: 4 | 6;
  /** Big-endian; IPv4 has one. */
  readonly words: readonly number[];
  readonly masks: readonly number[];
}

/** `10.1.0.3`, `10.1.0.0/16`, `fd00::/8`; undefined when it is none. */
export function parseNet(text: string): Net | undefined {
  const [, host = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(host);
  if (address === undefined) return undefined;
  const version = address.includes(':') ? 6 : 4;
  const words = version === 4 ? [v4Word(address)] : v6Words(address);
  const bits = length === undefined ? words.length * 32 : Number(length);
  if (bits > words.length * 32) return undefined;
  const masks = words.map((_, i) => {
    const own = Math.max(0, Math.min(32, bits - i * 32));
    return own === 0 ? 0 : (-1 << (32 - own)) >>> 0;
  });
  return { version, words: words.map((word, i) => (word & (masks[i] ?? 0)) >>> 0), masks };
}

const v4Word = (text: string) => text.split('.').reduce((word, part) => word * 256 + Number(part), 0);

function v6Words(text: string): readonly number[] {
  const plain = text.replace(/(\d+\.\d+\.\d+\.\d+)$/, (quad) => {
    const word = v4Word(quad);
    return `${Math.floor(word / 65_536).toString(16)}:${(word % 65_536).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const groupsOf = (part: string) => part.split(':').filter((group) => group !== '');
  const left = groupsOf(head);
  const right = tail === undefined ? [] : groupsOf(tail);
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  const group = (i: number) => Number.parseInt(groups[i] ?? '0', 16);
  return [0, 2, 4, 6].map((i) => group(i) * 65_536 + group(i + 1));
}

/** 4 or 6, as the row's addresses are written; 0 without any. */
export function addressVersion(view: DataView, at: number): number {
  const version = view.getUint8(at + ROW.ipVersion);
  if (version !== 0) return version === 6 ? 6 : 4;
  return view.getUint8(at + ROW.l4Kind) === L4_KIND.arp ? 4 : 0;
}

/** Whether the row's address at byte `place` is in the net. */
export function isInNet(view: DataView, at: number, place: number, { version, words, masks }: Net): boolean {
  if (addressVersion(view, at) !== version) return false;
  for (let i = 0; i < words.length; i += 1)
    if ((view.getUint32(at + place + i * 4) & (masks[i] ?? 0)) >>> 0 !== words[i]) return false;
  return true;
}

interface Known {
  readonly words: readonly [number, number, number, number];
  readonly holds: boolean;
  readonly next: Known | undefined;
}
/** Different addresses that are remembered; beyond that it starts again. */
const V4_MAX = 200_000;
const V6_MAX = 50_000;

/** A test of addresses as text, done once for each address. */
export class AddressMemo {
  readonly #test: (text: string) => boolean;
  readonly #v4 = new Map<number, boolean>();
  /** By a hash of the address. */
  readonly #v6 = new Map<number, Known>();

  constructor(test: (text: string) => boolean) {
    this.#test = test;
  }

  holds(view: DataView, at: number, place: number): boolean {
    const version = addressVersion(view, at);
    if (version === 0) return false;
    const a = view.getUint32(at + place);
    if (version === 4) return this.#v4.get(a) ?? this.#learnV4(view, at + place, a);
    const b = view.getUint32(at + place + 4);
    const c = view.getUint32(at + place + 8);
    const d = view.getUint32(at + place + 12);
    const hash = Math.imul(a, 31) ^ Math.imul(b, 131) ^ Math.imul(c, 1031) ^ d;
    const first = this.#v6.get(hash);
    for (let one = first; one !== undefined; one = one.next)
      if (one.words[0] === a && one.words[1] === b && one.words[2] === c && one.words[3] === d)
        return one.holds;
    return this.#learnV6(view, at + place, hash, [a, b, c, d]);
  }

  #learnV4(view: DataView, from: number, address: number): boolean {
    if (this.#v4.size >= V4_MAX) this.#v4.clear();
    const holds = this.#test(ipText(bytesAt(view, from), 0, 4));
    this.#v4.set(address, holds);
    return holds;
  }

  #learnV6(view: DataView, from: number, hash: number, words: Known['words']): boolean {
    if (this.#v6.size >= V6_MAX) this.#v6.clear();
    const holds = this.#test(ipText(bytesAt(view, from), 0, 6));
    this.#v6.set(hash, { words, holds, next: this.#v6.get(hash) });
    return holds;
  }
}

const bytesAt = (view: DataView, from: number) => new Uint8Array(view.buffer, view.byteOffset + from, 16);
