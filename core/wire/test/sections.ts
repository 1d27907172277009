/** The sections of a HOP or DROP made for a test: what is given is there, what is not is zero. */
import { type EncodedSection, encodeSections } from '../encode.ts';

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
  readonly tcpWindow?: number;
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

const ipOf = (ip: IpFields) => ({ ...ip, version: ip.saddr.length === 16 ? 6 : 4 });

/** In the order of their bits. */
export function sectionsOf(fields: SectionFields): readonly EncodedSection[] {
  const {
    device,
    mark,
    ip,
    ports,
    tcpFlags,
    tcpWindow,
    drop,
    buffer,
    route,
    conntrack,
    inner,
    owner,
    control,
    stack,
  } = fields;
  return encodeSections({
    dev: device && { mtu: 1500, ...device },
    meta: mark === undefined ? undefined : { mark },
    ip: ip && ipOf(ip),
    l4: ports && {
      sport: ports[0],
      dport: ports[1],
      tcpFlags,
      tcpWindow,
      kind: tcpFlags === undefined ? 2 : 1,
    },
    drop,
    buffer,
    route: route && { dst: 0x1000, type: 1, ...route },
    conntrack: conntrack && { ct: 0x2000, ...conntrack },
    inner: inner && { ...inner, ip: ipOf(inner.ip) },
    owner,
    control,
    stack: stack === undefined ? undefined : { id: stack },
  });
}
