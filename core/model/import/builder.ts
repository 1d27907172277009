/** Makes a session out of what another tool saw: names, records, packet ids, as our own source would tell them. */
import type { RecordedItem } from '../../messages/recording.ts';
import { SOURCE_PROTOCOL, type SourceHello } from '../../messages/source.ts';
import {
  type EncodedSection, encodeDecision, encodeFree, encodeHop, encodeLineage, encodeSections, encodeStack, encodeSymbol,
  joinRecords, type SectionFields,
} from '../../wire/encode.ts'; // biome-ignore format: a list
import { FLAG, LIMITS, SECTION } from '../../wire/layout.gen.ts';
import { formatCount } from '../format.ts';
import { OFFSET_UNTOLD } from '../untold.ts';
import { ImportError } from './types.ts';

/** Names that a file may have: as many fit into one message each. */
const FUNCTIONS_MAX = 16_384;
const NAME_MAX = 128;
/** Of a place in the kernel, as `nf_hook_slow+0xa5 [module]`. */
const FRAME_MAX = 128;
const REASONS_MAX = 4096;
const NAMESPACES_MAX = 4096;
const INTERFACES_MAX = 16_384;
const INTERFACES_OF_ONE_MAX = 4096;
/** Beyond these, locations and stacks are not told. */
const SYMBOLS_MAX = 65_536;
const STACKS_MAX = 16_384;
/** Packets of which it is known what was said last; the oldest are said again, whole. */
const PACKETS_MAX = 65_536;
/** Records that become a batch. */
const BATCH_BYTES = 64 << 10;
/** A double has nanoseconds exactly for 104 days. */
const TIME_MAX_NS = 2n ** 53n;
const HOUR_NS = 3_600_000_000_000n;
const MS_NS = 1_000_000n;
/** Said with every record that has them. */
const ALWAYS = SECTION.drop | SECTION.stack;

export interface At {
  readonly packet: number;
  readonly skb: bigint;
  /** Since {@link CaptureBuilder.hello}'s base time. */
  readonly timeNs: number;
  readonly cpu: number;
}

export interface HopAt extends At {
  readonly func: number;
  readonly netns: number;
  readonly ifindex: number;
  readonly pid: number;
}

/** What a capture tells of its host; '' where it does not. */
export interface HostTold {
  readonly tool: string;
  readonly hostname?: string;
  readonly kernel?: string;
  readonly architecture?: string;
  /** Wall clock at the records' time 0; 0: the file does not say. */
  readonly baseUnixMs: number;
  /** What a person should know of how it was read, in a sentence. */
  readonly note: string;
}

interface Namespace {
  /** '': none is told. */
  name: string;
  readonly interfaces: Map<number, string>;
}

export class CaptureBuilder {
  #messages: RecordedItem[] = [];
  readonly #functions = new Map<
    string,
    { readonly id: number; readonly name: string; readonly module: string }
  >();
  readonly #reasons = new Map<string, number>();
  readonly #namespaces = new Map<number, Namespace>();
  #interfaces = 0;
  readonly #isNew = { functions: false, reasons: false, namespaces: false };
  readonly #symbols = new Map<string, bigint>();
  readonly #stacks = new Map<string, number>();
  readonly #seqs = new Map<number, number>();
  /** By packet, the sections that were said last, by bit. */
  readonly #said = new Map<number, Map<number, Uint8Array>>();
  #records: Uint8Array[] = [];
  #packets = 0;
  #events = 0;

  /** Events made until now. */
  get events(): number {
    return this.#events;
  }

  /** Comes before everything else, once. */
  hello({ tool, hostname = '', kernel = '', architecture = '', baseUnixMs, note }: HostTold): void {
    const untold = { ok: true, detail: `not known: the packets were captured by ${tool}` };
    const hello: SourceHello = {
      protocol: SOURCE_PROTOCOL,
      kind: 'host',
      hostname: plain(hostname, 256),
      kernel: plain(kernel, 256),
      architecture: plain(architecture, 64),
      cpus: 1,
      agentPid: 1,
      capabilities: {
        root: untold, btf: untold, bpf: untold, ringBuffer: untold, kprobe: untold, kprobeMulti: untold, fentry: untold,
        lockdown: untold,
      }, // biome-ignore format: a list
      baseUnixMs,
      imported: { tool, note },
    };
    this.#messages.unshift({ kind: 'message', message: { type: 'hello', hello } });
  }

  /** Its id, by name; of a program of tc or XDP with its `module` (core/model/programs.ts). */
  func(name: string, module = ''): number {
    const key = `${module}\0${name}`;
    const known = this.#functions.get(key);
    if (known !== undefined) return known.id;
    refuseMore(this.#functions.size, FUNCTIONS_MAX, 'functions');
    const id = this.#functions.size + 1;
    this.#functions.set(key, { id, name: plain(name, NAME_MAX) || '?', module: plain(module, 64) });
    this.#isNew.functions = true;
    return id;
  }

  /** The number of a drop's reason, by its name. */
  reason(name: string): number {
    const known = this.#reasons.get(name);
    if (known !== undefined) return known;
    refuseMore(this.#reasons.size, REASONS_MAX, 'drop reasons');
    const value = this.#reasons.size + 1;
    this.#reasons.set(name, value);
    this.#isNew.reasons = true;
    return value;
  }

  /** A namespace has this name ('': none is told), and an interface. */
  place(inode: number, name: string, ifindex: number, device: string): void {
    if (inode === 0) return;
    const known = this.#namespaces.get(inode) ?? this.#namespace(inode);
    if (name !== '' && known.name !== name) {
      known.name = name;
      this.#isNew.namespaces = true;
    }
    if (ifindex === 0 || device === '' || known.interfaces.get(ifindex) === device) return;
    if (!known.interfaces.has(ifindex)) {
      refuseMore(this.#interfaces, INTERFACES_MAX, 'interfaces');
      refuseMore(known.interfaces.size, INTERFACES_OF_ONE_MAX, 'interfaces of one namespace');
      this.#interfaces += 1;
    }
    known.interfaces.set(ifindex, device);
    this.#isNew.namespaces = true;
  }

  /** An interface by the name that was told last, or by its number; '' for none. */
  interfaceName(inode: number, ifindex: number): string {
    if (ifindex === 0) return '';
    return this.#namespaces.get(inode)?.interfaces.get(ifindex) ?? `if${ifindex}`;
  }

  #namespace(inode: number): Namespace {
    refuseMore(this.#namespaces.size, NAMESPACES_MAX, 'network namespaces');
    const made: Namespace = { name: '', interfaces: new Map() };
    this.#namespaces.set(inode, made);
    this.#isNew.namespaces = true;
    return made;
  }

  /** An address that stands for `nf_hook_slow+0xa5 [module]`; 0 when nothing is told, or too many are. */
  location(frame: string, at: At): bigint {
    const text = frame.trim().slice(0, FRAME_MAX);
    if (text === '') return 0n;
    const known = this.#symbols.get(text);
    if (known !== undefined) return known;
    if (this.#symbols.size >= SYMBOLS_MAX) return 0n;
    const address = BigInt(this.#symbols.size + 1);
    this.#symbols.set(text, address);
    const [, name = text, offset, module = ''] =
      /^(.*?)(?:\+0x([0-9a-f]{1,8}))?(?:\/0x[0-9a-f]+)?(?: ?\[([^\]]*)\])?$/.exec(text) ?? [];
    this.#add(
      encodeSymbol({
        ...this.#name(at),
        address,
        offset: offset === undefined ? OFFSET_UNTOLD : Number.parseInt(offset, 16),
        name: plain(name, LIMITS.symbolLen - 1),
        module: plain(module, LIMITS.moduleLen - 1),
      }),
    );
    return address;
  }

  /** The id of a stack, innermost first; undefined when there is none, or too many are told. */
  stack(frames: readonly string[], at: At): number | undefined {
    const told = frames.slice(0, LIMITS.stackMax);
    if (told.length === 0) return undefined;
    const key = told.join('\n');
    const known = this.#stacks.get(key);
    if (known !== undefined) return known;
    if (this.#stacks.size >= STACKS_MAX) return undefined;
    const addresses = told.map((frame) => this.location(frame, at));
    const id = this.#stacks.size + 1;
    this.#stacks.set(key, id);
    this.#add(encodeStack({ ...this.#name(at), id, depth: addresses.length, addresses }));
    return id;
  }

  /** A packet's id, which no other gets. */
  begin(): number {
    this.#packets += 1;
    return this.#packets;
  }

  /** A hop or, with the section `drop`, a drop: what of the sections is as it was is not said again. */
  hop(at: HopAt, fields: SectionFields): void {
    const isFirst = !this.#said.has(at.packet);
    const sections = this.#changed(at.packet, encodeSections(fields));
    this.#add(encodeHop({ ...at, ...this.#header(at), flags: isFirst ? FLAG.first : 0 }, sections));
  }

  free(at: At, isDropped: boolean): void {
    this.#said.delete(at.packet);
    this.#add(encodeFree({ ...at, ...this.#header(at), flags: isDropped ? FLAG.dropped : 0 }));
  }

  lineage(at: At, parent: number, relation: number): void {
    this.#add(encodeLineage({ ...at, ...this.#header(at), parent, relation }));
  }

  decision(
    at: At & {
      readonly netns: number;
      readonly decision: number;
      readonly value: number;
      readonly pf: number;
    },
    rule: SectionFields['rule'],
  ): void {
    this.#add(encodeDecision({ ...at, ...this.#header(at) }, encodeSections({ rule })));
  }

  /** Names that are new, and the records that came together. */
  drain(): readonly RecordedItem[] {
    const items = [...this.#messages, ...this.#names(), ...this.#batches()];
    this.#messages = [];
    this.#records = [];
    return items;
  }

  /** Each of a size that travels well. */
  #batches(): RecordedItem[] {
    const batches: RecordedItem[] = [];
    let first = 0;
    let bytes = 0;
    for (const [i, record] of this.#records.entries()) {
      bytes += record.length;
      if (bytes < BATCH_BYTES && i + 1 < this.#records.length) continue;
      batches.push({ kind: 'batch', records: joinRecords(this.#records.slice(first, i + 1)) });
      first = i + 1;
      bytes = 0;
    }
    return batches;
  }

  #names(): RecordedItem[] {
    const items: RecordedItem[] = [];
    const { functions, reasons, namespaces } = this.#isNew;
    // who takes in the one takes in the other, too
    if (functions || reasons)
      items.push({
        kind: 'message',
        message: {
          type: 'functions',
          functions: [...this.#functions.values()].map((one) => ({ ...one, argument: 1, isDefault: false })),
        },
      });
    if (reasons)
      items.push({
        kind: 'message',
        message: {
          type: 'reasons',
          reasons: [...this.#reasons].map(([name, value]) => ({ value, name: plain(name, NAME_MAX) })),
        },
      });
    if (namespaces)
      items.push({
        kind: 'message',
        message: {
          type: 'namespaces',
          namespaces: [...this.#namespaces].map(([inode, { name, interfaces }]) => ({
            inode,
            name: plain(name, NAME_MAX) || `netns ${inode}`,
            // by its name it can be entered
            origin: name === '' ? 'process' : 'named',
            interfaces: [...interfaces].map(([ifindex, device]) => ({ ifindex, name: plain(device, 15) })),
          })),
        },
      });
    Object.assign(this.#isNew, { functions: false, reasons: false, namespaces: false });
    return items;
  }

  /** Those that are not as the packet's last ones. */
  #changed(packet: number, sections: readonly EncodedSection[]): readonly EncodedSection[] {
    const said = this.#said.get(packet) ?? new Map<number, Uint8Array>();
    // the one that was seen last is the newest
    this.#said.delete(packet);
    this.#said.set(packet, said);
    if (this.#said.size > PACKETS_MAX) {
      const [oldest] = this.#said.keys();
      if (oldest !== undefined) this.#said.delete(oldest);
    }
    return sections.filter(({ bit, bytes }) => {
      const before = said.get(bit);
      if ((bit & ALWAYS) !== 0) return true;
      said.set(bit, bytes);
      return before === undefined || !isSame(before, bytes);
    });
  }

  /** The next number of this CPU: nothing is known to be missing. */
  #header({ cpu, timeNs }: At) {
    const seq = this.#seqs.get(cpu) ?? 0;
    this.#seqs.set(cpu, seq + 1);
    this.#events += 1;
    return { cpu, seq, timeNs };
  }

  /** A name has the number of the record behind it. */
  #name({ cpu, timeNs }: At) {
    return { cpu, seq: this.#seqs.get(cpu) ?? 0, timeNs };
  }

  #add(record: Uint8Array): void {
    this.#records.push(record);
  }
}

/**
 * What times count from, where the time of day is known: a file may not begin with its earliest event, so an hour before that, and
 * a whole millisecond of the day, which a double has exactly. `offset`: time of day at the clock's 0, ns since 1970.
 */
export function baseOf(
  first: bigint,
  offset: bigint,
): { readonly first: bigint; readonly baseUnixMs: number } {
  const base = ((first + offset - HOUR_NS) / MS_NS) * MS_NS;
  return { first: base - offset, baseUnixMs: Number(base / MS_NS) };
}

/** As `time_ns` of a record. Throws an {@link ImportError} where it is too far from the first. */
export function timeSince(first: bigint, time: bigint): number {
  const since = time - first;
  // events of several CPUs come nearly in their order
  if (since < 0n) return 0;
  if (since >= TIME_MAX_NS) throw new ImportError('its time is more than 104 days behind the first');
  return Number(since);
}

/** A number of the kernel's as text of printable ASCII: nothing else comes to a terminal or a page. */
export const plain = (text: string, max: number): string =>
  text.slice(0, max).replaceAll(/[^ !#-[\]-~]/g, '?');

function refuseMore(size: number, max: number, what: string): void {
  if (size >= max)
    throw new ImportError(
      `it is the file’s ${formatCount(max + 1)}th of ${what}, of which ${formatCount(max)} can be read`,
    );
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}
