import { describe, expect, it } from 'vitest';
import { hopToJson } from '../../json.ts';
import { VERDICT } from '../../packet.ts';
import { CaptureBuilder } from '../builder.ts';
import { PwruImporter, readFunc } from '../pwru.ts';
import { ImportError } from '../types.ts';
import { importAll, PWRU_LINES, waysOf } from './imported.ts';

const EVENT = {
  skb: '0xffff888004ad3700',
  cpu: 1,
  process: '~sr/bin/ping:224',
  func: 'ip_output',
  netns: 4026532192,
  netns_name: 'web',
  iface: 'eth0:2',
  proto: 2048,
  mtu: 1500,
  len: 84,
  tuple: { saddr: '10.1.0.2', daddr: '10.1.0.3', sport: 40000, dport: 80, proto: 6, flags: 'SYN|ACK' },
};
const line = (fields: object) => JSON.stringify({ ...EVENT, ...fields });
const imported = (...fields: readonly object[]) => importAll(new PwruImporter(), fields.map(line));
const ways = (...functions: readonly string[]) => {
  const { names, paths } = imported(...functions.map((func) => ({ func })));
  return [...paths.values()].map((path) => waysOf(path, names));
};

describe('what pwru 1.0.12 wrote on a real kernel', () => {
  const { hello, names, paths, rows } = importAll(new PwruImporter(), PWRU_LINES);

  it('are two packets: a datagram that nobody wanted, and the error that came of it', () => {
    expect([...paths.values()].map(({ hops }) => hops.length)).toEqual([144, 132]);
    const [datagram, error] = [...rows.values()];
    expect(datagram).toMatchObject({ verdict: VERDICT.dropped, dport: 9, hops: 144 });
    expect(names.reasonName(datagram?.reason ?? 0)).toBe('NO_SOCKET');
    expect(names.netnsName(datagram?.lastNetns ?? datagram?.firstNetns ?? (0 as never))).toBe('db');
    expect(error?.verdict).not.toBe(VERDICT.inFlight);
    expect([...paths.values()].every(({ free }) => free !== undefined)).toBe(true);
  });

  it('has every line as a hop, in its order and with its time', () => {
    const [path] = paths.values();
    const hops = path?.hops.filter(({ kind }) => kind === 'hop') ?? [];
    const events = PWRU_LINES.map((text) => JSON.parse(text)).filter(({ tuple }) => tuple.proto === 17);
    expect(hops.map(({ timeNs }) => timeNs)).toEqual(events.map(({ time }) => time - events[0].time));
    expect(hops.map((hop) => (hop.kind === 'hop' ? names.function(hop.func)?.name : ''))).toEqual(
      events.map(({ func }) => readFunc(func).name),
    );
    expect(hops.some((hop) => hop.kind === 'hop' && names.function(hop.func)?.module === 'veth')).toBe(true);
  });

  it('says what the file says, and nothing of what it does not', () => {
    const [path] = paths.values();
    const [first] = path?.hops ?? [];
    if (first === undefined) throw new Error('no hop');
    const json = hopToJson(first, names, hello.baseUnixMs);
    expect(json).toMatchObject({ netns_name: 'web', saddr: '10.1.0.2', dport: 9, len: expect.any(Number) });
    for (const field of ['ttl', 'ip_len', 'ip_id', 'pkt_type', 'priority', 'eth_src'])
      expect(json).not.toHaveProperty(field);
    expect(hello).toMatchObject({ hostname: '', kernel: '', baseUnixMs: 0, imported: { tool: 'pwru' } });
  });
});

describe('an event', () => {
  it('has its place, its task and its headers', () => {
    const { names, paths } = imported({ mark: 7 });
    const [hop] = paths.get(1)?.hops ?? [];
    expect(hop).toMatchObject({
      skb: 'ffff888004ad3700',
      cpu: 1,
      pid: 224,
      netns: 4026532192,
      ifindex: 2,
      state: { comm: 'ping', device: 'eth0', mtu: 1500, meta: { mark: 7, len: 84, protocol: 2048 } },
    });
    expect(hop?.state.l4).toMatchObject({ sport: 40000, dport: 80, tcpFlags: 18 });
    expect(names.netnsName(hop?.netns ?? (0 as never))).toBe('web');
    expect(names.interfaceName(hop?.netns ?? (0 as never), 2)).toBe('eth0');
  });

  it('has an IPv6 address without its brackets, and no type of ICMP', () => {
    const { paths } = imported({ tuple: { saddr: '[fd00:1::2]', daddr: '[fd00:1::3]', proto: 58 } });
    const { ip, l4 } = paths.get(1)?.hops[0]?.state ?? {};
    expect(ip).toMatchObject({ saddr: 'fd00:1::2', version: 6, protocol: 58 });
    expect(l4).toBeUndefined();
  });

  it.each([
    ['kfree_skb_reason(SKB_DROP_REASON_NETFILTER_DROP)', 'kfree_skb_reason', '', 'NETFILTER_DROP'],
    ['sk_skb_reason_drop(SKB_DROP_REASON_NO_SOCKET)', 'sk_skb_reason_drop', '', 'NO_SOCKET'],
    ['kfree_skb_reason (77)', 'kfree_skb_reason', '', 'reason 77'],
    ['kfree_skb_reason(SKB_CONSUMED)', 'kfree_skb_reason', '', undefined],
    ['kfree_skb', 'kfree_skb', '', 'NOT_TOLD'],
    ['consume_skb', 'consume_skb', '', undefined],
    ['veth_xmit[veth]', 'veth_xmit', 'veth', undefined],
    ['my_prog(tc)', 'my_prog', 'bpf_tc', undefined],
    ['0xffffffffa0b1c2d3', '0xffffffffa0b1c2d3', '', undefined],
  ])('at %s', (text, name, module, reason) => {
    expect(readFunc(text)).toEqual({ name, module, reason });
  });

  it('that drops says where, if its caller was traced', () => {
    const drop = { func: 'kfree_skb_reason(SKB_DROP_REASON_NO_SOCKET)' };
    const { names, paths } = imported({ ...drop, caller_func: 'icmp_rcv' }, { ...drop, skb: '0x1' });
    const locations = [...paths.values()].map(({ hops }) => {
      const hop = hops.at(-1);
      return hop?.kind === 'drop' ? names.locationName(hop.location) : '';
    });
    expect(locations).toEqual(['icmp_rcv', 'unknown']);
  });

  it('has its stack', () => {
    const { names, paths } = imported({ stack: '\nip_rcv+0x4\n__netif_receive_skb+0x10' });
    const id = paths.get(1)?.hops[0]?.stack;
    expect(id === undefined ? [] : names.stackFrames(id)).toEqual(['ip_rcv+0x4', '__netif_receive_skb+0x10']);
  });
});

describe('times', () => {
  // where the first function comes again, it would be another packet
  const times = (...told: readonly (number | string)[]) =>
    imported(...told.map((time, i) => ({ time, func: `f${i}` })))
      .paths.get(1)
      ?.hops.map(({ timeNs }) => timeNs);

  it('are since the first event where they are the clock’s', () => {
    expect(times(31_500_852_842, 31_501_575_024)).toEqual([0, 722_182]);
    // up for longer than a double is exact
    expect(imported({ time: 1 }).hello.baseUnixMs).toBe(0);
    const lines = ['9007199254740993', '9007199254740998'].map((time) =>
      line({ func: `at${time}` }).replace('{', `{"time":${time},`),
    );
    expect(
      importAll(new PwruImporter(), lines)
        .paths.get(1)
        ?.hops.map(({ timeNs }) => timeNs),
    ).toEqual([0, 5]);
  });

  it('add up where they are since the event before', () => {
    expect(times(0, 100, 50)).toEqual([0, 100, 150]);
  });

  it('are of the day where they are absolute, and 0 where there are none', () => {
    expect(times('2026-11-30T10:00:00.001', '2026-11-30T10:00:00.003')).toEqual([0, 2_000_000]);
    const { hello } = imported({ time: '2026-11-30T10:00:00.001' });
    expect(hello.baseUnixMs).toBe(new Date('2026-11-30T10:00:00.001').getTime());
    const [path] = imported({ func: 'a' }, { func: 'b' }).paths.values();
    expect(path?.hops.map(({ timeNs }) => timeNs)).toEqual([0, 0]);
  });

  it('are all told in one way', () => {
    expect(() => times(5_000, '2026-11-30T10:00:00.001')).toThrow(
      'it tells its time in another way than the first line',
    );
    expect(() => imported({ time: 1 }, { time: 2 ** 53 - 1 }, {})).toThrow(ImportError);
  });
});

describe('a packet', () => {
  it('ends when it was let go, its release included; what comes then at its address is another', () => {
    expect(ways('ip_rcv', 'consume_skb', 'skb_release_data', 'kfree_skbmem', 'ip_rcv')).toEqual([
      ['ip_rcv', 'consume_skb', 'skb_release_data', 'kfree_skbmem'],
      ['ip_rcv'],
    ]);
    expect(ways('ip_rcv', 'kfree_skb_reason(SKB_DROP_REASON_NO_SOCKET)', 'ip_output')).toEqual([
      ['ip_rcv', 'kfree_skb_reason', 'NO_SOCKET'],
      ['ip_output'],
    ]);
  });

  it('goes on through a translation and a tunnel, where ends are traced', () => {
    const other = {
      tuple: { ...EVENT.tuple, saddr: '192.0.2.1', daddr: '192.0.2.2', sport: 4789, dport: 4789, proto: 17 },
    };
    const { paths } = imported(
      { skb: '0x1', func: 'kfree_skbmem' },
      { func: 'ip_output' },
      { func: 'ip_output' },
      { ...other },
    );
    expect([...paths.values()].map(({ hops }) => hops.length)).toEqual([1, 3]);
  });

  it('is another, where no end was traced, when it begins again or is about others', () => {
    expect(ways('ip_rcv', 'ip_local_deliver', 'ip_rcv')).toEqual([
      ['ip_rcv', 'ip_local_deliver'],
      ['ip_rcv'],
    ]);
    const answer = {
      func: 'tcp_v4_rcv',
      tuple: { ...EVENT.tuple, saddr: '10.1.0.3', daddr: '10.1.0.2', sport: 80, dport: 40000 },
    };
    expect([...imported({}, answer).paths.values()].map(({ hops }) => hops.length)).toEqual([1, 1]);
    const translated = { func: 'tcp_v4_rcv', tuple: { ...EVENT.tuple, saddr: '192.0.2.1' } };
    expect([...imported({}, translated).paths.values()].map(({ hops }) => hops.length)).toEqual([2]);
  });

  it('is another after ten silent seconds, and has no end then', () => {
    const { rows, paths } = imported({ time: 1 }, { func: 'x', time: 10_000_000_003 });
    expect([...rows.values()].map(({ verdict }) => verdict)).toEqual([VERDICT.inFlight, VERDICT.inFlight]);
    expect([...paths.values()].map(({ free }) => free)).toEqual([undefined, undefined]);
  });

  it('is delivered, or dropped, as our own would be', () => {
    const verdicts = (...functions: readonly string[]) =>
      [...imported(...functions.map((func) => ({ func }))).rows.values()].map(({ verdict }) => verdict);
    expect(verdicts('tcp_v4_rcv', 'consume_skb')).toEqual([VERDICT.delivered]);
    expect(verdicts('tcp_v4_rcv', 'kfree_skb')).toEqual([VERDICT.dropped]);
    expect(verdicts('tcp_v4_rcv')).toEqual([VERDICT.inFlight]);
  });
});

describe('a line that is no event', () => {
  it.each([
    ['{', 'it is no JSON'],
    ['[]', 'it is no event of pwru'],
    [line({ skb: 'ffff' }), 'skb: expected an address as 0xffff…'],
    [line({ cpu: -1 }), 'cpu: expected a whole number from 0 to 65535'],
    [line({ func: '' }), 'func: expected text of 1 to 512 characters'],
    [line({ time: 'noon' }), 'time: expected nanoseconds, or a time'],
    [line({ tuple: { proto: 300 } }), 'tuple.proto: expected a whole number from 0 to 255'],
  ])('%s', (text, problem) => {
    expect(() => new PwruImporter().take(text)).toThrow(problem);
  });

  it('or has more names than can be told', () => {
    const build = new CaptureBuilder();
    expect(() => {
      for (let i = 0; i <= 16_384; i += 1) build.func(`f${i}`);
    }).toThrow('it is the file’s 16,385th of functions, of which 16,384 can be read');
  });
});
