import { describe, expect, it } from 'vitest';
import { BACKEND_CHOICES, type NetnsInfo } from '../../../core/messages/source.ts';
import { DEFAULT_PLAN, planOf } from '../../../core/model/probes/plan.ts';
import { parseMark } from '../numbers.ts';
import { parseServe, parseTrace } from '../options.ts';
import { resolveNetns } from '../resolve.ts';
import { CliError } from '../usage.ts';

function refused(work: () => unknown): CliError {
  try {
    work();
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('trace', () => {
  it("understands the original's flags", () => {
    expect(parseTrace('--proto=icmp -H 1.2.3.4 --icmpid 22 -t'.split(' '))).toMatchObject({
      expression:
        'icmp and host 1.2.3.4 and ((icmp[icmptype] = icmp-echo or icmp[icmptype] = icmp-echoreply) and icmp[4:2] = 22)',
      time: 'seconds',
      keep: false,
    });
    expect(
      parseTrace('-T -p 1 --debug -P 80 -H 127.0.0.1 --proto=tcp -N 10000 -c 3 --route'.split(' ')),
    ).toMatchObject({
      expression: 'tcp and host 127.0.0.1 and port 80',
      pid: 1,
      netns: '10000',
      count: 3,
      debug: true,
    });
  });

  it('joins the flags with an expression, in one word or many', () => {
    expect(parseTrace(['-P', '80', 'host', '10.1.0.3']).expression).toBe(
      '((tcp port 80 or udp port 80)) and host 10.1.0.3',
    );
    expect(parseTrace(['icmp or arp']).expression).toBe('icmp or arp');
  });

  it.each(BACKEND_CHOICES)('takes %s as a way to attach', (backend) => {
    expect(parseTrace(['--backend', backend]).backend).toBe(backend);
  });

  it.each([
    ['64K', 65536],
    ['16M', 1 << 24],
    ['8192', 8192],
  ])('takes a ring of %s', (text, bytes) => expect(parseTrace(['--ring-size', text]).ringBytes).toBe(bytes));

  it('takes how many ring buffers CPUs share, or leaves that to their number', () => {
    expect(parseTrace(['--rings', '8']).rings).toBe(8);
    expect(parseTrace([]).rings).toBe(0);
  });

  it.each([
    [['--pott', '80'], 'there is no flag --pott; did you mean --port? (see --help)'],
    [['-Z'], 'there is no flag -Z (see --help)'],
    [['-H', '10.1.0.300'], "'10.1.0.300' is no IPv4 or IPv6 address (10.1.0.3, fd00:1::3)"],
    [['--proto', 'tpc'], "there is no protocol 'tpc'"],
    [['-P', '99999'], "'99999' is no port"],
    [['-c', '0'], "-c takes a whole number from 1, not '0'"],
    [['-p', 'init'], "-p takes a whole number from 1 to 4194304, not 'init'"],
    [['-i', 'a name with spaces'], 'is no interface name'],
    [['--ring-size', '5000'], "--ring-size is a power of two from 4K to 1G, not '5000'"],
    [['--rings', '0'], "--rings takes a whole number from 1 to 64, not '0'"],
    [['--group', 'most'], "--group is one of default, all, none, not 'most'"],
    [['--stage', 'brige'], "there is no stage 'brige'; did you mean bridge?"],
    [['--filter-func', 'tcp_('], "--filter-func: 'tcp_(' is no regular expression: missing closing )"],
    [['--filter-func', ''], '--filter-func takes a regular expression'],
    [['--backend', 'perf'], "--backend is one of auto, kprobe, kprobe-multi, fentry, not 'perf'"],
    [['--tcp', '--stage', 'ip'], '--tcp alone prints connections, not packets, and --stage is about packets'],
    [['-T', '-t'], '-T and -t are two ways to show the time: give one'],
    [['-P'], 'argument missing'],
  ])('refuses %j in one line, with status 2', (words, message) => {
    const error = refused(() => parseTrace(words));
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('\n');
    expect(error.status).toBe(2);
  });
});

it('serve takes no filter', () => {
  expect(parseServe(['--source', 'lab'])).toEqual({ source: 'lab', kernel: '6.12', readyFile: undefined });
  expect(refused(() => parseServe(['icmp'])).message).toContain("serve takes no 'icmp'");
});

it.each([
  ['32', { value: 32, mask: 0xffffffff }],
  ['0x20/0xf0', { value: 0x20, mask: 0xf0 }],
])('the mark %s is understood', (text, mark) => expect(parseMark(text)).toEqual(mark));

it.each(['', '/', 'x', '1/2/3', '0x1ffffffff', '-1'])('the mark %j is refused', (text) => {
  expect(refused(() => parseMark(text)).status).toBe(2);
});

describe('a namespace', () => {
  const own = (inode: number, name: string, origin: NetnsInfo['origin']): NetnsInfo => ({
    inode,
    name,
    origin,
    interfaces: [],
  });
  const namespaces = [
    own(4026531840, 'host', 'host'),
    own(4026532281, 'web', 'named'),
    own(4026532300, 'nginx(77)', 'process'),
  ];

  it('is found by name and inode', () => {
    expect(resolveNetns('web', namespaces, true)).toBe(4026532281);
    expect(resolveNetns('4026532300', namespaces, true)).toBe(4026532300);
  });

  it('is found by pid on this host', () => {
    expect(resolveNetns(String(process.pid), namespaces, true)).toBeGreaterThan(0);
    expect(refused(() => resolveNetns(String(process.pid), namespaces, false)).status).toBe(2);
  });

  it('that does not exist is refused with those that do', () => {
    expect(refused(() => resolveNetns('nope', namespaces, true)).message).toBe(
      "there is no network namespace 'nope' (name, inode or pid); there are host, web",
    );
  });
});

describe('which functions are probed', () => {
  it('asks for the stacks of drops where functions on these join', () => {
    expect(parseTrace([]).stacks).toBe('none');
    expect(parseTrace(['--probe-stack'])).toMatchObject({ stacks: 'drops', probes: { probeStack: true } });
    expect(parseTrace(['--probe-stack', '--callstack']).stacks).toBe('all');
    expect(refused(() => parseTrace(['--probe-stack', '--tcp'])).message).toContain(
      '--probe-stack is about packets',
    );
  });

  const probes = (...words: string[]) => parseTrace(words).probes;

  it('are the waypoints, another group, or only what is named', () => {
    expect(probes()).toEqual(DEFAULT_PLAN);
    expect(probes('--group', 'all')).toEqual(planOf('all'));
    expect(probes('--stage', 'bridge,ip', '--func', 'skb_put', '--func', 'skb_pull')).toEqual({
      ...planOf('none'),
      probeStack: false,
      add: { stages: ['bridge', 'ip'], modules: [], pattern: '', functions: ['skb_put', 'skb_pull'] },
    });
    expect(probes('--group', 'default', '--module', 'nf-tables', '--module', 'kernel').add.modules).toEqual([
      'nf_tables',
      '',
    ]);
    expect(probes('--filter-func', 'tcp_.*', '--filter-func', 'udp_.*').add.pattern).toBe(
      '(?:tcp_.*)|(?:udp_.*)',
    );
  });

  it('may be such that take no skb, by their names, beside a group', () => {
    expect(
      probes(
        '--filter-non-skb-funcs',
        'fib_table_lookup, neigh_lookup',
        '--filter-non-skb-funcs=fib_table_lookup,dst_release',
      ),
    ).toEqual({
      ...DEFAULT_PLAN,
      others: ['fib_table_lookup', 'neigh_lookup', 'dst_release'],
    });
    expect(probes('--func', 'ip_rcv', '--filter-non-skb-funcs', 'dst_release')).toMatchObject({
      base: 'none',
      others: ['dst_release'],
    });
    expect(refused(() => probes('--filter-non-skb-funcs', 'fib_.*')).message).toBe(
      "--filter-non-skb-funcs takes names of functions, with commas between them, not 'fib_.*'",
    );
    expect(refused(() => probes('--filter-non-skb-funcs', ' ,')).message).toContain(
      'takes names of functions',
    );
    const many = Array.from({ length: 1001 }, (_, i) => `f${i}`).join(',');
    expect(refused(() => probes('--filter-non-skb-funcs', many)).message).toBe(
      '--filter-non-skb-funcs takes at most 1000 functions, not 1001',
    );
    expect(refused(() => probes('--tcp', '--filter-non-skb-funcs', 'dst_release')).message).toContain(
      '--filter-non-skb-funcs is about packets',
    );
  });

  it('are a group without what has an exclamation mark', () => {
    expect(probes('--stage', '!netfilter', '--filter-func', '!.*_finish')).toEqual({
      ...DEFAULT_PLAN,
      probeStack: false,
      remove: { stages: ['netfilter'], modules: [], pattern: '.*_finish', functions: [] },
    });
    expect(probes('--group=all', '--stage', '!skb', '--func', 'skb_put')).toMatchObject({
      base: 'all',
      add: { functions: ['skb_put'] },
      remove: { stages: ['skb'] },
    });
  });
});
