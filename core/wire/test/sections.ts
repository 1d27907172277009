/** The sections of a HOP or DROP made for a test: what is given is there, what is not is zero. */
import {
  BUFFER, CONNTRACK, CONTROL_BLOCK, DEV, DROP, INNER, IP, L4, META, OWNER, ROUTE, SECTION, STACK_ID,
} from '../layout.gen.ts'; // biome-ignore format: a list

interface IpFields {
  readonly saddr: readonly number[];
  readonly daddr: readonly number[];
  readonly id?: number;
  readonly protocol?: number;
  readonly tos?: number;
}

export interface OwnerFields {
  readonly pid: number;
  readonly comm?: string;
  readonly cgroup?: number;
}

export interface SectionFields {
  readonly device?: { readonly name: string; readonly mtu?: number; readonly iif?: number };
  readonly mark?: number;
  readonly ip?: IpFields;
  /** UDP, or TCP with `tcpFlags`. */
  readonly ports?: readonly [number, number];
  readonly tcpFlags?: number;
  readonly drop?: { readonly reason: number; readonly location: number };
  readonly buffer?: { readonly ipSummed?: number; readonly csum?: number; readonly bits?: number };
  readonly route?: {
    readonly ifindex: number;
    readonly gateway?: number;
    readonly type?: number;
    readonly error?: number;
  };
  readonly conntrack?: { readonly status: number; readonly info: number; readonly mark?: number };
  readonly inner?: { readonly tunnel: number; readonly vni: number; readonly ip: IpFields };
  readonly owner?: OwnerFields;
  readonly control?: { readonly cb: readonly number[]; readonly users: number };
  readonly stack?: number;
}

type Section = readonly [bit: number, size: number, write: (view: DataView, at: number) => void];

/** In the order of their bits. */
export function sectionsOf(fields: SectionFields): readonly Section[] {
  const { device, mark, ip, ports, tcpFlags, drop, stack } = fields;
  const sections: (Section | false)[] = [
    device !== undefined && [
      SECTION.dev,
      DEV.size,
      (view, at) => {
        setText(view, at + DEV.name, device.name);
        view.setUint32(at + DEV.mtu, device.mtu ?? 1500, true);
        view.setUint32(at + DEV.iif, device.iif ?? 0, true);
      },
    ],
    mark !== undefined && [SECTION.meta, META.size, (view, at) => view.setUint32(at + META.mark, mark, true)],
    ip !== undefined && [SECTION.ip, IP.size, (view, at) => setIp(view, at, ip)],
    ports !== undefined && [
      SECTION.l4,
      L4.size,
      (view, at) => {
        view.setUint16(at + L4.sport, ports[0], true);
        view.setUint16(at + L4.dport, ports[1], true);
        view.setUint8(at + L4.tcpFlags, tcpFlags ?? 0);
        view.setUint8(at + L4.kind, tcpFlags === undefined ? 2 : 1);
      },
    ],
    drop !== undefined && [
      SECTION.drop,
      DROP.size,
      (view, at) => {
        setU64(view, at + DROP.location, drop.location);
        view.setUint32(at + DROP.reason, drop.reason, true);
      },
    ],
    ...kernelSections(fields),
    stack !== undefined && [
      SECTION.stack,
      STACK_ID.size,
      (view, at) => view.setUint32(at + STACK_ID.id, stack, true),
    ],
  ];
  return sections.filter((section) => section !== false);
}

/** What the kernel keeps beside the packet's own bytes. */
function kernelSections({
  buffer,
  route,
  conntrack,
  inner,
  owner,
  control,
}: SectionFields): (Section | false)[] {
  return [
    buffer !== undefined && [
      SECTION.buffer,
      BUFFER.size,
      (view, at) => {
        view.setUint32(at + BUFFER.csum, buffer.csum ?? 0, true);
        view.setUint8(at + BUFFER.ipSummed, buffer.ipSummed ?? 0);
        view.setUint8(at + BUFFER.bits, buffer.bits ?? 0);
      },
    ],
    route !== undefined && [
      SECTION.route,
      ROUTE.size,
      (view, at) => {
        setU64(view, at + ROUTE.dst, 0x1000);
        view.setUint32(at + ROUTE.ifindex, route.ifindex, true);
        view.setUint32(at + ROUTE.gateway, route.gateway ?? 0, true);
        view.setUint16(at + ROUTE.type, route.type ?? 1, true);
        view.setUint16(at + ROUTE.error, route.error ?? 0, true);
      },
    ],
    conntrack !== undefined && [
      SECTION.conntrack,
      CONNTRACK.size,
      (view, at) => {
        setU64(view, at + CONNTRACK.ct, 0x2000);
        view.setUint32(at + CONNTRACK.status, conntrack.status, true);
        view.setUint32(at + CONNTRACK.mark, conntrack.mark ?? 0, true);
        view.setUint8(at + CONNTRACK.info, conntrack.info);
      },
    ],
    inner !== undefined && [
      SECTION.inner,
      INNER.size,
      (view, at) => {
        setIp(view, at + INNER.ip, inner.ip);
        view.setUint32(at + INNER.vni, inner.vni, true);
        view.setUint8(at + INNER.tunnel, inner.tunnel);
      },
    ],
    owner !== undefined && [
      SECTION.owner,
      OWNER.size,
      (view, at) => {
        view.setUint32(at + OWNER.pid, owner.pid, true);
        setU64(view, at + OWNER.cgroup, owner.cgroup ?? 0);
        setText(view, at + OWNER.comm, owner.comm ?? '');
      },
    ],
    control !== undefined && [
      SECTION.control,
      CONTROL_BLOCK.size,
      (view, at) => {
        setBytes(view, at + CONTROL_BLOCK.cb, control.cb);
        view.setUint32(at + CONTROL_BLOCK.users, control.users, true);
      },
    ],
  ];
}

function setIp(view: DataView, at: number, ip: IpFields): void {
  setBytes(view, at + IP.saddr, ip.saddr);
  setBytes(view, at + IP.daddr, ip.daddr);
  view.setUint16(at + IP.id, ip.id ?? 0, true);
  view.setUint8(at + IP.version, ip.saddr.length === 16 ? 6 : 4);
  view.setUint8(at + IP.protocol, ip.protocol ?? 0);
  view.setUint8(at + IP.tos, ip.tos ?? 0);
}

export function setBytes(view: DataView, at: number, bytes: readonly number[]): void {
  for (const [i, byte] of bytes.entries()) view.setUint8(at + i, byte);
}

export function setText(view: DataView, at: number, text: string): void {
  setBytes(view, at, [...new TextEncoder().encode(text)]);
}

export function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}
