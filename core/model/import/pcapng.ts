/**
 * pcapng that `skbtracer export` wrote (core/model/export/pcapng.ts): packet, hop, function or drop are in each block's comment,
 * namespace and interface in the interface's description, headers in the bytes. Files of other programs have nothing of it,
 * and are refused.
 */
import type { SectionFields } from '../../wire/encode.ts';
import { LINKTYPE, type Linktype } from '../export/frame.ts';
import { formatCount } from '../format.ts';
import { type At, baseOf, CaptureBuilder, timeSince } from './builder.ts';
import { headersOf } from './headers.ts';
import { type CaptureImporter, ImportError } from './types.ts';

export const PCAPNG_BLOCK = { section: 0x0a0d0d0a, interface: 1, packet: 6 } as const;
const BYTE_ORDER = 0x1a2b3c4d;
const OPTION = {
  end: 0, comment: 1, os: 3, application: 4, name: 2, description: 3, resolution: 9, packetId: 5,
} as const; // biome-ignore format: a table
const OURS = /^skbtracer /;
const INTERFACES_MAX = 16_384;
const NANOSECONDS = 9;

/** A block, without its two lengths. */
export interface PcapngBlock {
  readonly type: number;
  readonly body: Uint8Array;
}

interface Interface {
  readonly linktype: Linktype;
  readonly netns: number;
  readonly ifindex: number;
  readonly device: string;
}

/** Written by our exporter. */
const COMMENT = /^packet (\d{1,16}) hop (\d{1,10}) (?:at (\S.{0,127})|dropped (.{1,127}?) in (\S.{0,127}))$/;
const DESCRIPTION = /^namespace (.{1,128}) \((\d{1,10})\), interface (\d{1,10})$/;
/** A place without a name, or none. */
const UNNAMED = /^(0x[0-9a-f]{16}|unknown)$/;
const NO_DEVICE = 'no interface';

export class PcapngImporter implements CaptureImporter<PcapngBlock> {
  readonly tool = 'skbtracer, as pcapng';
  readonly leftOut = '';
  readonly #build = new CaptureBuilder();
  #interfaces: Interface[] = [];
  #first: bigint | undefined;
  #kernel = '';
  #isBegun = false;

  take({ type, body }: PcapngBlock): void {
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    if (type === PCAPNG_BLOCK.section) this.#section(view);
    else if (!this.#isBegun) throw new ImportError('it does not begin with a section');
    else if (type === PCAPNG_BLOCK.interface) this.#interface(view);
    else if (type === PCAPNG_BLOCK.packet) this.#packet(view);
    // blocks of other kinds may be anywhere, and say nothing of packets
  }

  end(): void {
    if (this.#first === undefined) this.#hello(0n);
  }

  drain() {
    return this.#build.drain();
  }

  #section(view: DataView): void {
    needs(view, 16);
    if (view.getUint32(0, true) !== BYTE_ORDER) throw new ImportError('its byte order is none of ours');
    const options = optionsOf(view, 16);
    const application = textOf(options.get(OPTION.application));
    if (!OURS.test(application))
      throw new ImportError(
        `it is pcapng${application === '' ? '' : ` of ${application.slice(0, 64)}`}: only what skbtracer export wrote says where in the kernel its packets were; Wireshark and tcpdump read the others`,
      );
    this.#kernel = textOf(options.get(OPTION.os)).replace(/^Linux ?/, '');
    this.#interfaces = [];
    this.#isBegun = true;
  }

  #interface(view: DataView): void {
    needs(view, 8);
    if (this.#interfaces.length >= INTERFACES_MAX)
      throw new ImportError(`it has more than ${formatCount(INTERFACES_MAX)} interfaces`);
    const linktype = view.getUint16(0, true);
    if (linktype !== LINKTYPE.ethernet && linktype !== LINKTYPE.raw)
      throw new ImportError(`its interface has link type ${linktype}, which skbtracer does not write`);
    const options = optionsOf(view, 8);
    if (options.get(OPTION.resolution)?.[0] !== NANOSECONDS)
      throw new ImportError('the times of its interface are no nanoseconds, which skbtracer writes');
    const [, netnsName = '', inode = '', index = ''] =
      DESCRIPTION.exec(textOf(options.get(OPTION.description))) ?? [];
    const netns = Number(inode);
    const ifindex = Number(index);
    if (index === '' || netns >= 2 ** 32 || ifindex >= 2 ** 32)
      throw new ImportError('its interface does not say of which namespace it is');
    const name = textOf(options.get(OPTION.name));
    const device = name.slice(name.lastIndexOf('/') + 1);
    const known = device === NO_DEVICE ? '' : device;
    this.#interfaces.push({ linktype, netns, ifindex, device: known });
    this.#build.place(netns, netnsName, ifindex, known);
  }

  #packet(view: DataView): void {
    needs(view, 20);
    const on = this.#interfaces[view.getUint32(0, true)];
    if (on === undefined)
      throw new ImportError(`it is of interface ${view.getUint32(0, true)}, which was not told`);
    const captured = view.getUint32(12, true);
    needs(view, 20 + captured);
    const bytes = new Uint8Array(view.buffer, view.byteOffset + 20, captured);
    const options = optionsOf(view, 20 + ((captured + 3) & ~3));
    const said = COMMENT.exec(textOf(options.get(OPTION.comment)));
    const id = options.get(OPTION.packetId);
    if (said === null || id?.length !== 8)
      throw new ImportError('its comment does not say which packet was where, as skbtracer writes it');
    const ns = (BigInt(view.getUint32(4, true)) << 32n) | BigInt(view.getUint32(8, true));
    if (this.#first === undefined) this.#hello(ns);
    const timeNs = timeSince(this.#first ?? ns, ns);
    const packet = Number(said[1]);
    if (!Number.isSafeInteger(packet) || packet < 1) throw new ImportError(`there is no packet ${said[1]}`);
    this.#tell({ packet, skb: 0n, timeNs, cpu: 0 }, on, said, headersOf(bytes, on.linktype));
  }

  #hello(earliest: bigint): void {
    const { first, baseUnixMs } = baseOf(earliest, 0n);
    this.#first = first;
    this.#build.hello({
      tool: this.tool,
      kernel: this.#kernel,
      baseUnixMs,
      note: 'It has the hops that were exported, with the headers: not how packets ended that were not dropped, nor what was decided, CPUs and skb addresses',
    });
  }

  #tell(at: At, on: Interface, said: RegExpExecArray, headers: SectionFields): void {
    const build = this.#build;
    const [, , , func, reason = '', location = ''] = said;
    const place = { ...at, netns: on.netns, ifindex: on.ifindex, pid: 0 };
    const sections: SectionFields = {
      ...headers,
      dev: on.device === '' ? undefined : { name: on.device },
    };
    if (func !== undefined) build.hop({ ...place, func: build.func(func) }, sections);
    else
      build.hop(
        { ...place, func: 0 },
        {
          ...sections,
          drop: {
            location: UNNAMED.test(location) ? 0n : build.location(location, at),
            reason: build.reason(reason),
          },
        },
      );
  }
}

function needs(view: DataView, bytes: number): void {
  if (view.byteLength < bytes) throw new ImportError('its block is too short for what is in it');
}

/** By code, the first of each. */
function optionsOf(view: DataView, from: number): ReadonlyMap<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  for (let at = from; at + 4 <= view.byteLength; ) {
    const code = view.getUint16(at, true);
    const length = view.getUint16(at + 2, true);
    if (code === OPTION.end) break;
    needs(view, at + 4 + length);
    if (!options.has(code)) options.set(code, new Uint8Array(view.buffer, view.byteOffset + at + 4, length));
    at += 4 + ((length + 3) & ~3);
  }
  return options;
}

const utf8 = new TextDecoder();
const textOf = (bytes: Uint8Array | undefined): string => (bytes === undefined ? '' : utf8.decode(bytes));
