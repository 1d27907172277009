import { describe, expect, it } from 'vitest';
import { frameOf } from '../../export/frame.ts';
import { exporterFor } from '../../export/index.ts';
import { unixNs } from '../../export/time.ts';
import type { Hop } from '../../hop.ts';
import { HopReader } from '../../reader.ts';
import { readFrames } from '../../test/recording.ts';
import { type PcapngBlock, PcapngImporter } from '../pcapng.ts';
import { importAll } from './imported.ts';

const { names, batches } = readFrames('capture');
const BASE_MS = 1_700_000_000_000.25;

/** A real capture as pcapng, with a block for each hop, and the hops that are in it. */
function exported(): { readonly blocks: readonly PcapngBlock[]; readonly hops: readonly Hop[] } {
  const context = {
    names,
    baseUnixMs: BASE_MS,
    os: 'Linux 6.12.9',
    application: 'skbtracer 9',
    hops: 'all',
  } as const;
  const exporter = exporterFor('pcapng', context);
  const chunks = [...exporter.begin()];
  const hops: Hop[] = [];
  const reader = new HopReader();
  for (const records of batches)
    reader.read(records, {
      symbol: (symbol) => names.take({ symbols: [symbol] }),
      hop(hop) {
        if (frameOf(hop.state) !== undefined) hops.push(hop);
        chunks.push(...exporter.hop(hop));
      },
      free: (free) => chunks.push(...(exporter.free?.(free) ?? [])),
    });
  const blocks = chunks
    .map((chunk) => Buffer.from(chunk as Uint8Array))
    .map((block) => ({ type: block.readUInt32LE(0), body: block.subarray(8, -4) }));
  return { blocks, hops };
}

const { blocks, hops } = exported();
const [section, first] = blocks;

/** What pcapng has of a hop. */
function told(hop: Hop, of: typeof names, baseUnixMs: number) {
  const { state, netns, ifindex, packet } = hop;
  const isFirst = state.l4 === undefined && state.ip === undefined;
  return {
    packet,
    at:
      hop.kind === 'hop'
        ? of.functionName(hop.func)
        : `${of.reasonName(hop.reason)} in ${of.locationName(hop.location)}`,
    netns: of.netnsName(netns),
    inode: netns,
    ifindex,
    device: ifindex === 0 ? '' : (state.device ?? of.interfaceName(netns, ifindex)),
    ns: unixNs(baseUnixMs, hop.timeNs),
    saddr: state.ip?.saddr,
    daddr: state.ip?.daddr,
    ports: isFirst ? [] : [state.l4?.sport, state.l4?.dport],
  };
}

describe('pcapng that we wrote', () => {
  const { hello, ...back } = importAll(new PcapngImporter(), blocks);
  const again = [...back.paths.values()].flatMap((path) => path.hops);

  it('gives the same packets back: hops in their order, drops, places, times, addresses', () => {
    expect(hops.length).toBeGreaterThan(5000);
    expect(again).toHaveLength(hops.length);
    const byPacket = (list: readonly Hop[], packet: number) => list.filter((hop) => hop.packet === packet);
    for (const packet of new Set(hops.map((hop) => hop.packet))) {
      const before = byPacket(hops, packet).map((hop) => told(hop, names, BASE_MS));
      // interrupts may tell late: a path is in the order of its times
      before.sort((a, b) => Number(a.ns - b.ns));
      const after = byPacket(again, packet).map((hop) => told(hop, back.names, hello.baseUnixMs));
      expect(after.map(({ at }) => at).sort(), `packet ${packet}`).toEqual(before.map(({ at }) => at).sort());
      expect(after.map(({ ns }) => ns)).toEqual(before.map(({ ns }) => ns));
      const places = (list: typeof after) =>
        list.map(({ netns, inode, ifindex, device }) => ({ netns, inode, ifindex, device }));
      expect(places(after)).toEqual(places(before));
    }
  });

  it('gives the headers back as they were', () => {
    const tcp = hops.find(({ state }) => state.l4?.kind === 1 && state.eth !== undefined);
    if (tcp === undefined) throw new Error('there is no TCP');
    const same = back.paths
      .get(tcp.packet)
      ?.hops.find((hop) => hop.state.eth !== undefined && hop.state.l4 !== undefined);
    expect(same?.state.ip).toEqual(tcp.state.ip);
    expect(same?.state.l4).toEqual(tcp.state.l4);
    expect(same?.state.eth).toEqual(tcp.state.eth);
  });

  it('says what the host was, as far as it is in it', () => {
    expect(hello).toMatchObject({
      kernel: '6.12.9',
      hostname: '',
      imported: { tool: 'skbtracer, as pcapng' },
    });
  });
});

describe('pcapng that is not ours', () => {
  const body = (block: PcapngBlock | undefined) => Buffer.from(block?.body ?? Buffer.alloc(0));
  const taking = (...list: readonly PcapngBlock[]) => {
    const importer = new PcapngImporter();
    return () => {
      for (const block of list) importer.take(block);
    };
  };
  const type = { section: section?.type ?? 0, interface: first?.type ?? 0, packet: 6 };

  it('is refused with whose it is', () => {
    const other = body(section);
    other.write('dumpcap 4', other.indexOf('skbtracer 9'));
    expect(taking({ type: type.section, body: other })).toThrow('it is pcapng of dumpcap 4');
    expect(taking({ type: type.section, body: other.subarray(0, 16) })).toThrow(
      'it is pcapng: only what skbtracer export wrote',
    );
    expect(taking({ type: type.interface, body: body(first) })).toThrow('it does not begin with a section');
  });

  it('is refused where a block does not say what ours do', () => {
    const ours = { type: type.section, body: body(section) };
    expect(taking(ours, { type: type.packet, body: Buffer.alloc(20) })).toThrow(
      'it is of interface 0, which was not told',
    );
    expect(taking(ours, { type: type.interface, body: Buffer.alloc(8, 1) })).toThrow('link type 257');
    expect(taking(ours, { type: type.interface, body: body(first).subarray(0, 8) })).toThrow(
      'no nanoseconds',
    );
    const interfaceBlock = { type: type.interface, body: body(first) };
    const packet = Buffer.alloc(24);
    expect(taking(ours, interfaceBlock, { type: type.packet, body: packet })).toThrow(
      'its comment does not say which packet was where',
    );
    packet.writeUInt32LE(1000, 12);
    expect(taking(ours, interfaceBlock, { type: type.packet, body: packet })).toThrow(
      'too short for what is in it',
    );
  });
});
