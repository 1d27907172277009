/**
 * Lines of `pwru --output-json` (cilium/pwru, internal/pwru/output.go, PrintJson): an event each, at a function, of an skb by
 * its address. Which events are one packet's is not in them; {@link SkbLives} tells how that is found.
 */
import * as v from 'valibot';
import { check, matching, natural, sparse, text, uint32, whole } from '../../base/schema.ts';
import type { SectionFields } from '../../wire/encode.ts';
import { L4_KIND } from '../../wire/layout.gen.ts';
import { addressBytes } from '../address-bytes.ts';
import { PKT_TYPE_UNTOLD } from '../untold.ts';
import { CaptureBuilder, timeSince } from './builder.ts';
import { asBigInt, isU64, parseExactly } from './json.ts';
import { type Life, SkbLives } from './pwru-lives.ts';
import { type CaptureImporter, ImportError } from './types.ts';

const tupleSchema = sparse({
  saddr: v.optional(text(64), ''),
  daddr: v.optional(text(64), ''),
  sport: v.optional(whole(0, 65_535), 0),
  dport: v.optional(whole(0, 65_535), 0),
  proto: v.optional(whole(0, 255), 0),
  flags: v.optional(text(64), ''),
});

/** Whatever is 0 or '' was left out by pwru. */
const eventSchema = v.object({
  skb: matching(/^0x[0-9a-f]{1,16}$/i, 'an address as 0xffff…'),
  func: text(512, 1),
  cpu: v.optional(whole(0, 65_535), 0),
  process: v.optional(text(256), ''),
  caller_func: v.optional(text(512), ''),
  time: v.optional(
    v.custom<number | string>(
      (value) => isU64(value) || (typeof value === 'string' && ABSOLUTE.test(value)),
      'expected nanoseconds, or a time as 2026-11-30T10:00:00.000',
    ),
  ),
  netns: v.optional(uint32, 0),
  netns_name: v.optional(text(256), ''),
  mark: v.optional(uint32, 0),
  iface: v.optional(text(64), ''),
  proto: v.optional(whole(0, 65_535), 0),
  mtu: v.optional(uint32, 0),
  len: v.optional(natural, 0),
  tuple: v.optional(tupleSchema),
  stack: v.optional(v.union([text(1 << 16), v.null()])),
});
type PwruEvent = v.InferOutput<typeof eventSchema>;

/** Local time of the host, without a zone, and with milliseconds. */
const ABSOLUTE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/;
/** `--timestamp`; `none`: all events are told at the same time, in the lines' order. */
type Clock = 'none' | 'relative' | 'current' | 'absolute';
const NOTES: Readonly<Record<Clock, string>> = {
  none: 'It has no times (pwru --timestamp current has them): everything is told at time 0, in the order of the lines',
  relative:
    'It has times since the skb’s event before: when a packet began is not known, and follows the order of the lines',
  current: 'It has times since the host was booted, not of day: they are told from its first event on',
  absolute:
    'It has times of day in milliseconds, of a time zone that it does not say: they are read as this machine’s',
};
const PACKETS =
  'Which events are one packet’s is told by the skb’s address, by when it was let go, and where that was not traced by where it begins again';

const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];
const TRANSPORTS = new Map<number, number>([
  [6, L4_KIND.tcp],
  [17, L4_KIND.udp],
  [132, L4_KIND.sctp],
]);
/** A drop whose reason is not told; no name of the kernel's. */
const NO_REASON = 'NOT_TOLD';
const NO_DROPS = new Set(['SKB_CONSUMED', 'SKB_NOT_DROPPED_YET', 'CONSUMED', 'NOT_DROPPED_YET']);

/** `kfree_skb_reason(SKB_DROP_REASON_NO_SOCKET)`, `kfree_skb_reason (77)`, `veth_xmit[veth]`, `name(tc)`. */
const FUNC = /^([^\s([]+)(?:\[([^\]]*)\])?\s?(?:\(([^()]*)\))?$/;

interface Func {
  readonly name: string;
  readonly module: string;
  /** Undefined: it does not drop; as the kernel writes it without the prefix. */
  readonly reason: string | undefined;
}

export function readFunc(text: string): Func {
  const [, name = text, module = '', said] = FUNC.exec(text) ?? [];
  if (said === 'tc' || said === 'xdp') return { name, module: `bpf_${said}`, reason: undefined };
  if (name === 'kfree_skb') return { name, module, reason: NO_REASON };
  const tells = name === 'kfree_skb_reason' || name === 'sk_skb_reason_drop';
  if (!tells || said === undefined || NO_DROPS.has(said)) return { name, module, reason: undefined };
  if (/^\d+$/.test(said)) return { name, module, reason: said === '0' ? undefined : `reason ${said}` };
  return { name, module, reason: said.replace(/^SKB_DROP_REASON_/, '') || NO_REASON };
}

/** Whether it is a line of pwru, by what every one has. */
export const isPwru = (value: object): boolean => 'skb' in value && 'func' in value;

export class PwruImporter implements CaptureImporter<string> {
  readonly tool = 'pwru';
  readonly leftOut = '';
  readonly #build = new CaptureBuilder();
  readonly #lives: SkbLives;
  #clock: Clock | undefined;
  /** Of the first event. */
  #first = 0n;
  #lastNs = 0;

  constructor() {
    this.#lives = new SkbLives(
      () => this.#build.begin(),
      (life) => this.#build.free(life.last, life.isDropped),
    );
  }

  take(line: string): void {
    const checked = check(eventSchema, parseExactly(line));
    if (!checked.ok) throw new ImportError(`it is no event of pwru: ${checked.problem}`);
    const event = checked.value;
    this.#clock ??= this.#begin(event);
    const func = readFunc(event.func);
    const skb = BigInt(event.skb);
    const life = this.#lives.at(skb, {
      ...func,
      netns: event.netns,
      iface: event.iface,
      tuple: event.tuple,
      timeNs:
        this.#clock === 'current' || this.#clock === 'absolute' ? this.#time(event, undefined) : undefined,
    });
    const timeNs = this.#time(event, life.last);
    this.#lastNs = Math.max(this.#lastNs, timeNs);
    this.#tell(event, func, life, skb, timeNs);
  }

  end(): void {
    this.#lives.end();
  }

  drain() {
    return this.#build.drain();
  }

  /** How it tells times is the same in all lines, and seen in the first. */
  #begin({ time }: PwruEvent): Clock {
    const clock = clockOf(time);
    let baseUnixMs = 0;
    if (clock === 'current') this.#first = asBigInt(time ?? 0);
    // without a zone it is read as local time, and shown as it was written
    if (clock === 'absolute') baseUnixMs = Date.parse(String(time));
    if (!Number.isFinite(baseUnixMs)) throw new ImportError(`there is no time ${time}`);
    if (clock === 'absolute') this.#first = BigInt(baseUnixMs) * 1_000_000n;
    this.#build.hello({ tool: this.tool, baseUnixMs, note: `${NOTES[clock]}. ${PACKETS}.` });
    return clock;
  }

  #time({ time }: PwruEvent, last: { readonly timeNs: number } | undefined): number {
    const clock = this.#clock ?? 'none';
    if (clock === 'none') return 0;
    const isAsBefore = time !== undefined && isU64(time) === (clock !== 'absolute');
    if (!isAsBefore) throw new ImportError('it tells its time in another way than the first line');
    if (clock === 'absolute')
      return timeSince(this.#first, BigInt(Date.parse(String(time)) || 0) * 1_000_000n);
    if (clock === 'current') return timeSince(this.#first, asBigInt(time));
    return timeSince(0n, asBigInt(time) + BigInt(last?.timeNs ?? this.#lastNs));
  }

  #tell(event: PwruEvent, { name, module, reason }: Func, life: Life, skb: bigint, timeNs: number): void {
    const build = this.#build;
    const { cpu, netns } = event;
    const { ifindex, device } = readInterface(event.iface);
    const { pid, comm } = readProcess(event.process);
    const at = { packet: life.packet, skb, timeNs, cpu, netns, ifindex, pid, func: build.func(name, module) };
    life.last = { packet: life.packet, skb, timeNs, cpu };
    build.place(netns, event.netns_name, ifindex, device);
    const stack = build.stack(
      (event.stack ?? '').split('\n').filter((frame) => frame !== ''),
      at,
    );
    const sections = {
      // without one the packet would still be on the interface before
      ...sectionsOf(event, build.interfaceName(netns, ifindex), comm),
      stack: stack === undefined ? undefined : { id: stack },
    };
    build.hop(at, sections);
    if (reason !== undefined) {
      const location = build.location(event.caller_func, at);
      build.hop({ ...at, func: 0 }, { ...sections, drop: { location, reason: build.reason(reason) } });
      life.isDropped = true;
    }
    this.#lives.passed(skb, life, name);
  }
}

function clockOf(time: PwruEvent['time']): Clock {
  if (time === undefined) return 'none';
  if (!isU64(time)) return 'absolute';
  // the first event of an skb is 0 behind the one before it
  return asBigInt(time) === 0n ? 'relative' : 'current';
}

/** `eth0:2`, `~ong-name:12`, or `2` where pwru does not know the name. */
function readInterface(text: string): { readonly ifindex: number; readonly device: string } {
  const [, device = '', index = '0'] = /^(?:(.*):)?(\d{1,9})$/.exec(text) ?? [];
  return { ifindex: Number(index), device };
}

/** `ping:1234`, `~usr/bin/ping:1234`, `<empty>:0`: the end of a program's path, and the running task. */
function readProcess(text: string): { readonly pid: number; readonly comm: string } {
  const [, path = '', pid = '0'] = /^(.*):(\d{1,9})$/.exec(text) ?? [];
  return { pid: Number(pid), comm: path === '<empty>' ? '' : path.replace(/^.*\//, '') };
}

function sectionsOf(event: PwruEvent, device: string, comm: string): SectionFields {
  const { mtu, mark, proto, len } = event;
  const hasMeta = len !== 0 || proto !== 0 || mark !== 0;
  return {
    dev: device === '' ? undefined : { name: device, mtu },
    task: comm === '' ? undefined : { comm },
    meta: hasMeta ? { len, mark, protocol: proto, pktType: PKT_TYPE_UNTOLD } : undefined,
    ...tupleSections(event.tuple),
  };
}

function tupleSections(tuple: PwruEvent['tuple']): Pick<SectionFields, 'ip' | 'l4'> {
  if (tuple === undefined) return {};
  const bare = (text: string) => addressBytes(text.replace(/^\[(.*)\]$/, '$1'));
  const saddr = bare(tuple.saddr);
  const daddr = bare(tuple.daddr);
  if (saddr === undefined || daddr === undefined || saddr.length !== daddr.length) return {};
  const kind = TRANSPORTS.get(tuple.proto);
  const names = tuple.flags.split('|');
  const tcpFlags = TCP_FLAGS.reduce((bits, name, i) => (names.includes(name) ? bits | (1 << i) : bits), 0);
  return {
    ip: { saddr, daddr, version: saddr.length === 4 ? 4 : 6, protocol: tuple.proto },
    // of ICMP no type is told
    l4: kind === undefined ? undefined : { kind, sport: tuple.sport, dport: tuple.dport, tcpFlags },
  };
}
