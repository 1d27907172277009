import { describe, expect, it } from 'vitest';
import type { Hop } from '../../hop.ts';
import { HopReader } from '../../reader.ts';
import { readFrames } from '../../test/recording.ts';
import { CSV_COLUMNS } from '../csv.ts';
import { EXPORT_FORMATS, formatOfName, type HopChoice, type StreamFormat } from '../formats.ts';
import { frameOf, LINKTYPE } from '../frame.ts';
import { exporterFor } from '../index.ts';

const { names, batches } = readFrames('capture');
const context = {
  names,
  baseUnixMs: 1_700_000_000_000.25,
  os: 'Linux 6.12',
  application: 'skbtracer 9',
  hops: 'all',
} as const;

/** All packets of a real capture in a format, and the hops that they have. */
function exported(
  format: StreamFormat,
  hopChoice: HopChoice = 'all',
): { readonly bytes: Buffer; readonly hops: readonly Hop[] } {
  const exporter = exporterFor(format, { ...context, hops: hopChoice });
  const chunks: (string | Uint8Array)[] = [...exporter.begin()];
  const hops: Hop[] = [];
  const reader = new HopReader();
  for (const records of batches)
    reader.read(records, {
      symbol: (symbol) => names.take({ symbols: [symbol] }),
      hop(hop) {
        hops.push(hop);
        chunks.push(...exporter.hop(hop));
      },
      free: (free) => chunks.push(...(exporter.free?.(free) ?? [])),
      decision: (decision) => chunks.push(...(exporter.decision?.(decision) ?? [])),
      lineage: (lineage) => chunks.push(...(exporter.lineage?.(lineage) ?? [])),
    });
  chunks.push(...(exporter.end?.() ?? []));
  return { bytes: Buffer.concat(chunks.map((chunk) => Buffer.from(chunk as Uint8Array))), hops };
}

interface Block {
  readonly type: number;
  readonly body: Buffer;
}

/** Blocks as the specification has them; throws where they are not. */
function blocksOf(file: Buffer): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < file.length; ) {
    const length = file.readUInt32LE(at + 4);
    expect(length % 4).toBe(0);
    expect(file.readUInt32LE(at + length - 4)).toBe(length);
    blocks.push({ type: file.readUInt32LE(at), body: file.subarray(at + 8, at + length - 4) });
    at += length;
  }
  return blocks;
}

function optionsOf(bytes: Buffer): Map<number, Buffer> {
  const options = new Map<number, Buffer>();
  for (let at = 0; ; ) {
    const code = bytes.readUInt16LE(at);
    const length = bytes.readUInt16LE(at + 2);
    if (code === 0) {
      expect(at + 4).toBe(bytes.length);
      return options;
    }
    options.set(code, bytes.subarray(at + 4, at + 4 + length));
    at += 4 + ((length + 3) & ~3);
  }
}

describe('pcapng', () => {
  const { bytes, hops } = exported('pcapng');
  const [section, ...rest] = blocksOf(bytes);
  const packets = rest.filter(({ type }) => type === 6);
  const interfaces = rest.filter(({ type }) => type === 1);

  it('has a section, an interface before its first packet, and a packet for each hop', () => {
    expect(section?.type).toBe(0x0a0d0d0a);
    expect(section?.body.readUInt32LE(0)).toBe(0x1a2b3c4d);
    expect(
      optionsOf(section?.body.subarray(16) ?? Buffer.alloc(0))
        .get(4)
        ?.toString(),
    ).toBe('skbtracer 9');
    const withHeader = hops.filter(({ state }) => frameOf(state) !== undefined);
    expect(withHeader.length).toBeGreaterThan(5000);
    expect(packets).toHaveLength(withHeader.length);
    let known = 0;
    for (const { type, body } of rest) {
      if (type === 1) known += 1;
      else expect(body.readUInt32LE(0)).toBeLessThan(known);
    }
    const texts = interfaces.map(({ body }) => optionsOf(body.subarray(8)).get(2)?.toString());
    expect(texts).toContain('web/eth0');
    expect(new Set(interfaces.map(({ body }) => optionsOf(body.subarray(8)).get(9)?.readUInt8(0)))).toEqual(
      new Set([9]),
    );
  });

  it('says when, which packet, where and why', () => {
    const drop = hops.findIndex(
      (hop) => hop.kind === 'drop' && names.reasonName(hop.reason) === 'NETFILTER_DROP',
    );
    const hop = hops[drop];
    if (hop === undefined) throw new Error('no such drop');
    const body =
      packets[hops.slice(0, drop).filter(({ state }) => frameOf(state) !== undefined).length]?.body ??
      Buffer.alloc(0);
    const captured = body.readUInt32LE(12);
    const options = optionsOf(body.subarray(20 + ((captured + 3) & ~3)));
    expect(options.get(1)?.toString()).toMatch(
      /^packet \d+ hop \d+ dropped NETFILTER_DROP in nft_do_chain\+0x/,
    );
    expect(options.get(5)?.readBigUInt64LE(0)).toBe(BigInt(hop.packet));
    const ns = (BigInt(body.readUInt32LE(4)) << 32n) | BigInt(body.readUInt32LE(8));
    expect(ns).toBe(1_700_000_000_000_250_000n + BigInt(hop.timeNs));
    expect(body.readUInt32LE(16)).toBeGreaterThanOrEqual(captured);
  });
});

describe('pcapng of interfaces', () => {
  it('has each packet once at each interface, and its drop', () => {
    const { bytes, hops } = exported('pcapng', 'interfaces');
    const comments = blocksOf(bytes)
      .filter(({ type }) => type === 6)
      .map(({ body }) => {
        const captured = body.readUInt32LE(12);
        return (
          optionsOf(body.subarray(20 + ((captured + 3) & ~3)))
            .get(1)
            ?.toString() ?? ''
        );
      });
    const drops = hops.filter(({ kind, state }) => kind === 'drop' && frameOf(state) !== undefined);
    expect(comments.filter((comment) => comment.includes(' dropped '))).toHaveLength(drops.length);
    const ping = hops.filter(({ packet }) => packet === 2).filter(({ ifindex }) => ifindex !== 0);
    const places = ping.filter(
      (hop, i) => i === 0 || hop.ifindex !== ping[i - 1]?.ifindex || hop.netns !== ping[i - 1]?.netns,
    );
    expect(comments.filter((comment) => /^packet 2 hop \d+ at/.test(comment))).toHaveLength(
      places.filter(({ kind }) => kind === 'hop').length,
    );
    expect(comments.length).toBeLessThan(hops.length / 5);
  });
});

describe('OTLP', () => {
  interface Span {
    readonly traceId: string;
    readonly spanId: string;
    readonly parentSpanId?: string;
    readonly name: string;
    readonly startTimeUnixNano: string;
    readonly endTimeUnixNano: string;
    readonly events?: readonly { readonly name: string; readonly timeUnixNano: string }[];
    readonly status?: { readonly code: number; readonly message: string };
  }
  const { bytes, hops } = exported('otlp');
  const spans = bytes
    .toString()
    .trim()
    .split('\n')
    .flatMap((line) => {
      const { resourceSpans } = JSON.parse(line) as {
        readonly resourceSpans: readonly {
          readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
        }[];
      };
      return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    });
  const byId = new Map(spans.map((span) => [span.spanId, span]));

  it('has a span for each packet, and in it one for each place, with every hop', () => {
    const packets = new Set(hops.map(({ packet }) => packet));
    expect(spans.filter(({ events }) => events === undefined)).toHaveLength(packets.size);
    expect(spans.flatMap(({ events = [] }) => events)).toHaveLength(hops.length);
    expect(byId.size).toBe(spans.length);
    for (const { traceId, spanId } of spans) {
      expect(traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(spanId).toMatch(/^[0-9a-f]{16}$/);
    }
  });

  it('has each within its parent’s trace, and hops within their span', () => {
    for (const { traceId, parentSpanId, events = [], startTimeUnixNano, endTimeUnixNano } of spans) {
      const parent = parentSpanId === undefined ? undefined : byId.get(parentSpanId);
      if (parent !== undefined) expect(parent.traceId).toBe(traceId);
      expect(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano)).toBe(true);
      for (const { timeUnixNano } of events) {
        expect(BigInt(timeUnixNano) >= BigInt(startTimeUnixNano)).toBe(true);
        expect(BigInt(timeUnixNano) <= BigInt(endTimeUnixNano)).toBe(true);
      }
    }
    // clones are in the trace of what they came out of
    expect(spans.some(({ parentSpanId, events }) => events === undefined && parentSpanId !== undefined)).toBe(
      true,
    );
  });

  it('says of a drop that it is an error, and which', () => {
    const [refused] = spans.filter(({ status }) => status?.message.includes('NETFILTER_DROP'));
    expect(refused?.status).toMatchObject({
      code: 2,
      message: expect.stringMatching(/^dropped NETFILTER_DROP in nft_do_chain/),
    });
  });
});

describe('a packet’s bytes', () => {
  const ip = {
    saddr: '10.1.0.2', daddr: '10.1.0.3', version: 4, protocol: 17, length: 30, id: 7, frag: 0x4000, ttl: 64, tos: 0,
  }; // biome-ignore format: a list
  const l4 = {
    kind: 2, sport: 40000, dport: 53, tcpSeq: 0, tcpAck: 0, tcpWindow: 0, tcpFlags: 0, icmpType: 0, icmpCode: 0, icmpId: 0, icmpSeq: 0, arpOp: 0,
  }; // biome-ignore format: a list
  const eth = {
    dst: '02:00:00:00:00:01',
    src: '02:00:00:00:00:02',
    type: 0x800,
    vlanTci: 0,
    innerVlanTci: 0,
  };
  const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

  it('are its headers in network order, without payload and checksums', () => {
    const frame = frameOf({ ip, l4 });
    expect(frame?.linktype).toBe(LINKTYPE.raw);
    expect(hex(frame?.bytes)).toBe(
      ['4500001e', '00074000', '40110000', '0a010002', '0a010003', '9c400035', '000a0000'].join(''),
    );
    expect(frame?.originalLength).toBe(30);
  });

  it('have a MAC header and tags where there is one', () => {
    const frame = frameOf({ eth: { ...eth, vlanTci: 100 }, ip, l4 });
    expect(frame?.linktype).toBe(LINKTYPE.ethernet);
    expect(hex(frame?.bytes.subarray(0, 18))).toBe('020000000001' + '020000000002' + '81000064' + '0800');
    expect(frame?.originalLength).toBe(48);
  });

  it('of a later fragment end with IP, of IPv6 with its fragment header', () => {
    expect(frameOf({ ip: { ...ip, frag: 0x00b9 }, l4 })?.bytes).toHaveLength(20);
    const v6 = { ...ip, version: 6, saddr: 'fd00:1::2', daddr: '::1', length: 70, frag: 0x0001 };
    const bytes = frameOf({ ip: v6, l4 })?.bytes;
    expect(hex(bytes?.subarray(0, 8))).toBe('60000000001e2c40');
    expect(hex(bytes?.subarray(8, 24))).toBe('fd000001000000000000000000000002');
    expect(hex(bytes?.subarray(40, 48))).toBe('1100000100000007');
    expect(bytes).toHaveLength(56);
  });

  it('of ARP ask and answer', () => {
    const frame = frameOf({
      eth: { ...eth, type: 0x806 },
      ip: { ...ip, version: 0 },
      l4: { ...l4, kind: 6, arpOp: 1 },
    });
    expect(hex(frame?.bytes.subarray(12, 22))).toBe('08060001080006040001');
    expect(frame?.bytes).toHaveLength(42);
  });

  it('are none where no header was seen', () => expect(frameOf({ device: 'eth0' })).toBeUndefined());
});

describe('csv', () => {
  it('has a line for each hop, with as many cells as columns', () => {
    const { bytes, hops } = exported('csv');
    const lines = bytes.toString().split('\r\n');
    expect(lines.at(-1)).toBe('');
    expect(lines).toHaveLength(hops.length + 2);
    // commas that are in no quotes
    const cells = (line: string) => line.replaceAll(/"(?:[^"]|"")*"/g, '').split(',').length;
    for (const line of lines.slice(0, -1)) expect(cells(line), line).toBe(CSV_COLUMNS.length);
    expect(lines[1]).toMatch(/^\d+,2023-11-1\dT\d\d:\d\d:\d\d\.\d{9}Z,1,1,hop,/);
  });

  it('lets no text become a formula, and quotes what has a comma', () => {
    const { hops } = exported('csv');
    const [hop] = hops;
    if (hop === undefined) throw new Error('no hop');
    const line = exporterFor('csv', context).hop({ ...hop, state: { ...hop.state, comm: '=1+1,"x"' } });
    expect(String(line[0])).toContain(`,"'=1+1,""x""",`);
  });
});

describe('trace events', () => {
  it('have a slice for each hop, in order, and name namespaces and packets', () => {
    const { bytes, hops } = exported('perfetto');
    const { traceEvents } = JSON.parse(bytes.toString()) as { traceEvents: Record<string, unknown>[] };
    const of = (ph: string) => traceEvents.filter((event) => event.ph === ph);
    expect(of('X')).toHaveLength(hops.length);
    for (const { dur } of of('X')) expect(dur).toBeGreaterThanOrEqual(0);
    expect(of('s')).toHaveLength(of('f').length);
    expect(of('s').length).toBeGreaterThan(50);
    const processes = of('M').filter(({ name }) => name === 'process_name');
    expect(JSON.stringify(processes)).toContain('"name":"web"');
  });
});

describe('the formats', () => {
  it('are found by the name of a file', () => {
    expect(['a.csv', 'b.PCAPNG', 'c.x.jsonl', 'd.json'].map(formatOfName)).toEqual([
      'csv',
      'pcapng',
      'jsonl',
      'perfetto',
    ]);
    expect([formatOfName('a.txt'), formatOfName('-'), formatOfName('csv')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('all write every hop of the capture', () => {
    for (const format of EXPORT_FORMATS)
      if (format !== 'parquet' && format !== 'html')
        expect(exported(format).bytes.length, format).toBeGreaterThan(100_000);
    expect(exported('jsonl').bytes.toString().split('\n')[0]).toMatch(/^\{"kind":/);
  });
});
