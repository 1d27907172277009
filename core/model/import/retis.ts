/**
 * Events of Retis (retis-org/retis, retis-events): lines of `retis collect -o`, and of `retis print --format json`; `retis sort`
 * writes a list of a packet's events as a line. Packets are told by Retis' own tracking: the data that skbs share, and the
 * skb's address.
 */
import * as v from 'valibot';
import { check, integer, list, natural, sparse, text, uint32, whole } from '../../base/schema.ts';
import type { SectionFields } from '../../wire/encode.ts';
import { DECISION_KIND, RELATION } from '../../wire/layout.gen.ts';
import { LINKTYPE } from '../export/frame.ts';
import { formatCount } from '../format.ts';
import { PKT_TYPE_UNTOLD } from '../untold.ts';
import { type At, baseOf, CaptureBuilder, type HopAt, timeSince } from './builder.ts';
import { headersOf } from './headers.ts';
import { asBigInt, isU64, parseExactly } from './json.ts';
import { type CaptureImporter, ImportError } from './types.ts';

/** Events in one line of a sorted file. */
const SERIES_MAX = 65_536;
/** Tracked data, and skbs, that are remembered; the oldest goes on as another packet. */
const TRACKED_MAX = 65_536;
/** Of a packet; Retis takes 255. */
const PACKET_BYTES_MAX = 1 << 16;
/** The kernel's tracepoint of drops, and of the other ends. */
const DROP_PROBE = 'skb:kfree_skb';
const END_PROBE = 'skb:consume_skb';

const u64 = v.custom<number | string>(isU64, 'expected a whole number of 64 bits');

const trackingSchema = v.object({ orig_head: u64, timestamp: u64, skb: u64 });
const metaSchema = sparse({
  len: v.optional(uint32, 0),
  data_len: v.optional(uint32, 0),
  priority: v.optional(uint32, 0),
});
const vlanSchema = sparse({
  proto: v.optional(whole(0, 65_535), 0),
  pcp: v.optional(whole(0, 7), 0),
  dei: v.optional(v.boolean(), false),
  vid: v.optional(whole(0, 4095), 0),
});
const netnsSchema = sparse({ inum: v.optional(uint32, 0), netns: v.optional(uint32, 0) });
const devSchema = sparse({
  name: v.optional(text(64), ''),
  ifindex: v.optional(uint32, 0),
  rx_ifindex: v.optional(v.nullable(uint32)),
});
/** `data` since 1.6; `raw` and `packet` in what became of older files. */
const packetSchema = sparse({
  data: v.optional(text(PACKET_BYTES_MAX * 2)),
  raw: v.optional(text(PACKET_BYTES_MAX * 2)),
  packet: v.optional(text(PACKET_BYTES_MAX * 2)),
});

const eventSchema = sparse({
  common: v.optional(
    v.object({
      timestamp: u64,
      smp_id: v.optional(v.nullable(whole(0, 65_535))),
      task: v.optional(v.nullable(sparse({ tgid: v.optional(integer, 0), comm: v.optional(text(64), '') }))),
    }),
  ),
  kernel: v.optional(
    v.object({
      symbol: text(256, 1),
      probe_type: v.optional(text(64), ''),
      stack_trace: v.optional(v.nullable(list(text(512), 256))),
    }),
  ),
  tracking: v.optional(v.nullable(v.object({ skb: trackingSchema }))),
  'skb-tracking': v.optional(v.nullable(trackingSchema)),
  'skb-drop': v.optional(
    v.nullable(v.object({ drop_reason: text(256, 1), subsys: v.optional(v.nullable(text(64))) })),
  ),
  packet: v.optional(v.nullable(packetSchema)),
  netns: v.optional(v.nullable(netnsSchema)),
  dev: v.optional(v.nullable(devSchema)),
  skb: v.optional(
    v.nullable(
      sparse({
        meta: v.optional(v.nullable(metaSchema)),
        vlan_accel: v.optional(v.nullable(vlanSchema)),
        // until 1.5
        packet: v.optional(v.nullable(packetSchema)),
        ns: v.optional(v.nullable(netnsSchema)),
        dev: v.optional(v.nullable(devSchema)),
      }),
    ),
  ),
  ct: v.optional(
    v.nullable(
      sparse({ state: v.optional(text(32), ''), ct_status: v.optional(natural, 0), mark: v.optional(v.nullable(uint32)) }),
    ),
  ),
  nft: v.optional(
    v.nullable(
      sparse({
        table_name: v.optional(text(256), ''),
        chain_name: v.optional(text(256), ''),
        verdict: v.optional(text(64), ''),
        rule_handle: v.optional(v.nullable(integer)),
      }),
    ),
  ),
  startup: v.optional(
    v.nullable(
      sparse({
        clock_monotonic_offset: v.optional(v.object({ sec: whole(0, 2 ** 40), nsec: whole(0, 999_999_999) })),
        machine: v.optional(sparse({ kernel_release: v.optional(text(256), ''), hardware_name: v.optional(text(64), '') })),
      }),
    ),
  ),
}); // biome-ignore format: a table
type RetisEvent = v.InferOutput<typeof eventSchema>;

/** What is a packet's: events have all of it then. */
type PacketEvent = RetisEvent & {
  readonly common: NonNullable<RetisEvent['common']>;
  readonly kernel: NonNullable<RetisEvent['kernel']>;
};

/** enum ip_conntrack_info. */
const CT_STATES = new Map<string, number>([
  ['established', 0],
  ['related', 1],
  ['new', 2],
  ['reply', 3],
  ['related_reply', 4],
  ['untracked', 7],
]);
const CT_UNTRACKED = 7;
/** It is not told which entry it is; but that there is one. */
const SOME_ENTRY = 1n;
/** NF_*, of verdicts that end a chain. */
const NFT_VERDICTS = new Map<string, number>([
  ['drop', 0],
  ['accept', 1],
  ['stolen', 2],
  ['queue', 3],
]);
const NO_REASON = 'NOT_TOLD';

/** Whether it is a line of Retis, by what every one has: its list of events, too. */
export const isRetis = (value: object): boolean => {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return typeof one === 'object' && one !== null && ('common' in one || 'startup' in one);
};

export class RetisImporter implements CaptureImporter<string> {
  readonly tool = 'retis';
  readonly #build = new CaptureBuilder();
  /** Packets by data and skb; and that of the first skb of some data. */
  readonly #skbs = new Map<string, number>();
  readonly #data = new Map<string, number>();
  #first: bigint | undefined;
  #startup: NonNullable<RetisEvent['startup']> = {};
  #left = 0;

  get leftOut(): string {
    return this.#left === 0
      ? ''
      : `${formatCount(this.#left)} events are of no packet that Retis tracked, and are left out`;
  }

  take(line: string): void {
    const value = parseExactly(line);
    if (!Array.isArray(value)) {
      this.#takeOne(value);
      return;
    }
    if (value.length > SERIES_MAX)
      throw new ImportError(
        `it has ${formatCount(value.length)} events, of ${formatCount(SERIES_MAX)} at most`,
      );
    for (const one of value) this.#takeOne(one);
  }

  end(): void {
    if (this.#first === undefined) this.#hello(0n);
    if (this.#build.events === 0 && this.#left > 0)
      throw new ImportError(
        'none of its events says which packet it is about: collect with the collectors skb-tracking and skb (retis collect -c skb-tracking,skb,skb-drop,…)',
      );
  }

  drain() {
    return this.#build.drain();
  }

  #takeOne(value: unknown): void {
    const checked = check(eventSchema, value);
    if (!checked.ok) throw new ImportError(`it is no event of Retis: ${checked.problem}`);
    const event = checked.value;
    if (event.startup != null && this.#first === undefined) this.#startup = event.startup;
    const { common, kernel } = event;
    const tracking = event['skb-tracking'] ?? event.tracking?.skb;
    if (common === undefined) throw new ImportError('it is no event of Retis: common is missing');
    if (event.startup != null) return;
    if (kernel === undefined || tracking == null) {
      this.#left += 1;
      return;
    }
    if (this.#first === undefined) this.#hello(asBigInt(common.timestamp));
    this.#tell({ ...event, common, kernel }, tracking);
  }

  /** Its clock, and what the host was, are in its first line, where that was not cut away. */
  #hello(earliest: bigint): void {
    const { clock_monotonic_offset: offset, machine } = this.#startup;
    const kernel = machine?.kernel_release ?? '';
    const { first, baseUnixMs } =
      offset === undefined
        ? { first: earliest, baseUnixMs: 0 }
        : baseOf(earliest, BigInt(offset.sec) * 1_000_000_000n + BigInt(offset.nsec));
    this.#first = first;
    this.#build.hello({
      tool: this.tool,
      kernel: kernel === 'unknown' ? '' : kernel,
      architecture: machine?.hardware_name === 'unknown' ? '' : (machine?.hardware_name ?? ''),
      baseUnixMs,
      note: `Packets are as Retis tracked them: those that share data are told as clones of the first.${offset === undefined ? ' It has no line that says when it was begun: times are told from its first event on.' : ''}`,
    });
  }

  #tell(event: PacketEvent, tracking: v.InferOutput<typeof trackingSchema>): void {
    const build = this.#build;
    const { common, kernel } = event;
    const skb = asBigInt(tracking.skb);
    const timeNs = timeSince(this.#first ?? 0n, asBigInt(common.timestamp));
    const data = `${tracking.timestamp} ${tracking.orig_head}`;
    const key = `${data} ${tracking.skb}`;
    const cpu = common.smp_id ?? 0;
    const packet = this.#packetOf(data, key, { skb, timeNs, cpu });
    const at: HopAt = {
      packet,
      skb,
      timeNs,
      cpu,
      ...placeOf(event),
      func: 0,
      pid: Math.max(0, common.task?.tgid ?? 0),
    };
    const device = event.dev ?? event.skb?.dev;
    build.place(at.netns, '', at.ifindex, device?.name ?? '');
    const stack = build.stack(kernel.stack_trace ?? [], at);
    const sections = { ...sectionsOf(event), stack: stack === undefined ? undefined : { id: stack } };
    const drop = event['skb-drop'];
    const isDrop = kernel.symbol === DROP_PROBE && kernel.probe_type === 'raw_tracepoint';
    if (isDrop) {
      const name =
        drop == null
          ? NO_REASON
          : drop.subsys == null
            ? drop.drop_reason
            : `${drop.subsys}/${drop.drop_reason}`;
      build.hop(at, { ...sections, drop: { location: 0n, reason: build.reason(name) } });
    } else build.hop({ ...at, func: build.func(functionOf(kernel)) }, sections);
    this.#decide(event, at);
    const isEnd = isDrop || (kernel.symbol === END_PROBE && kernel.probe_type === 'raw_tracepoint');
    if (!isEnd) return;
    build.free(at, isDrop);
    this.#skbs.delete(key);
  }

  /** The packet of some data in some skb; another skb of the same data came out of the first. */
  #packetOf(data: string, key: string, at: Omit<At, 'packet'>): number {
    const known = this.#skbs.get(key);
    if (known !== undefined) return known;
    const packet = this.#build.begin();
    remember(this.#skbs, key, packet);
    const origin = this.#data.get(data);
    if (origin === undefined) remember(this.#data, data, packet);
    else this.#build.lineage({ ...at, packet }, origin, RELATION.clone);
    return packet;
  }

  /** What a rule of nftables said; only what ends a chain is a verdict. */
  #decide({ nft }: RetisEvent, at: HopAt): void {
    const value = nft == null ? undefined : NFT_VERDICTS.get(nft.verdict.toLowerCase());
    if (nft == null || value === undefined) return;
    this.#build.decision(
      { ...at, decision: DECISION_KIND.table, value, pf: 0 },
      { table: nft.table_name, chain: nft.chain_name, handle: Math.max(0, nft.rule_handle ?? 0) },
    );
  }
}

function remember(map: Map<string, number>, key: string, packet: number): void {
  map.set(key, packet);
  if (map.size <= TRACKED_MAX) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

/** As Retis writes it; where a function returns, it says so. */
const functionOf = ({ symbol, probe_type: type }: PacketEvent['kernel']): string =>
  type === 'kretprobe' ? `${symbol}+return` : symbol;

function placeOf({ netns, dev, skb }: RetisEvent): { readonly netns: number; readonly ifindex: number } {
  const ns = netns ?? skb?.ns;
  return { netns: ns?.inum || ns?.netns || 0, ifindex: (dev ?? skb?.dev)?.ifindex ?? 0 };
}

function sectionsOf(event: RetisEvent): SectionFields {
  const { common, skb, ct } = event;
  const dev = event.dev ?? skb?.dev;
  const comm = common?.task?.comm ?? '';
  const meta = skb?.meta;
  const vlan = skb?.vlan_accel;
  const info = ct == null ? undefined : CT_STATES.get(ct.state);
  return {
    dev: dev == null || dev.name === '' ? undefined : { name: dev.name, iif: dev.rx_ifindex ?? 0 },
    task: comm === '' ? undefined : { comm },
    meta:
      meta == null
        ? undefined
        : {
            len: meta.len,
            dataLen: meta.data_len,
            priority: meta.priority,
            pktType: PKT_TYPE_UNTOLD,
            ...(vlan != null && {
              vlanProto: vlan.proto,
              vlanTci: vlan.vid | (vlan.dei ? 0x1000 : 0) | (vlan.pcp << 13),
            }),
          },
    ...headersOf(bytesOf(event), LINKTYPE.ethernet),
    conntrack:
      ct == null || info === undefined
        ? undefined
        : {
            ct: info === CT_UNTRACKED ? 0n : SOME_ENTRY,
            status: ct.ct_status % 2 ** 32,
            mark: ct.mark ?? 0,
            info,
          },
  };
}

function bytesOf({ packet, skb }: RetisEvent): Uint8Array {
  const told = packet ?? skb?.packet;
  const base64 = told?.data ?? told?.raw ?? told?.packet;
  if (base64 === undefined) return new Uint8Array(0);
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    throw new ImportError('the bytes of its packet are no base64');
  }
}
