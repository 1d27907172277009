import { describe, expect, it } from 'vitest';
import { BACKEND_CHOICES, type NetnsInfo } from '../../../core/messages/source.ts';
import { DEFAULT_PLAN, planOf } from '../../../core/model/probes/plan.ts';
import { parseMark } from '../numbers.ts';
import {
  parseExpect,
  parseExport,
  parseQuery,
  parseRecord,
  parseReplay,
  parseServe,
  parseTrace,
} from '../options.ts';
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

it('serve takes a recording or nothing, and no filter', () => {
  expect(parseServe(['--source', 'lab'])).toMatchObject({
    source: 'lab',
    kernel: '6.12',
    recording: undefined,
  });
  expect(parseServe(['a.skbt'])).toMatchObject({ recording: 'a.skbt' });
  expect(refused(() => parseServe(['udp', 'port'])).message).toContain("not by 'port'");
  expect(refused(() => parseServe(['a.skbt', '--source', 'lab'])).message).toContain(
    "leave --source or 'a.skbt' out",
  );
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

describe('record', () => {
  const record = (text: string) => parseRecord(text.split(' '));

  it('prints nothing unless it is asked to, and takes the stacks of drops', () => {
    const options = record('-o a.skbt --group all udp port 53');
    expect(options).toMatchObject({
      record: 'a.skbt',
      expression: 'udp port 53',
      stacks: 'drops',
      printsStacks: false,
      probes: { base: 'all' },
    });
    expect(Object.values(options.shows)).not.toContain(true);
  });

  it('prints what flags ask for, as trace does', () => {
    expect(record('-o a --json').shows).toEqual(parseTrace(['--json']).shows);
    expect(record('-o a --why').shows).toEqual(parseTrace(['--why']).shows);
    expect(record('-o a --callstack')).toMatchObject({ stacks: 'all', printsStacks: true });
  });

  it('ends by itself', () => {
    expect(record('-o a --duration 30s').durationMs).toBe(30_000);
    expect(parseTrace(['--duration', '5m']).durationMs).toBe(300_000);
    expect(parseTrace(['--duration', '2']).durationMs).toBe(2000);
    for (const wrong of ['0', 'soon', '5d', '600h', '-1s'])
      expect(() => parseTrace([`--duration=${wrong}`])).toThrow('--duration takes 500ms, 30s, 5m or 2h');
  });

  it('says what is wrong', () => {
    expect(() => record('udp')).toThrow('give -o FILE');
    expect(() => record('-o - --json')).toThrow('the recording or lines');
    expect(() => record('-o a --tcp')).toThrow('record has connections anyhow');
    expect(() => record('-o a --rotate 1M')).toThrow('there is no flag --rotate');
  });
});

describe('replay', () => {
  it('has the flags that say what is printed, and one recording', () => {
    expect(parseReplay(['a.skbt', '--json', '-c', '3'])).toMatchObject({
      file: 'a.skbt',
      json: true,
      count: 3,
    });
    expect(parseReplay(['-', '--dropstack'])).toMatchObject({
      file: '-',
      stacks: 'drops',
      printsStacks: true,
    });
    expect(() => parseReplay([])).toThrow('give its file');
    expect(() => parseReplay(['a', 'b'])).toThrow("no use for 'b'");
    expect(() => parseReplay(['a', '--group', 'all'])).toThrow('there is no flag --group');
  });
});

describe('export', () => {
  it('knows the format by its name, or by the file’s', () => {
    expect(parseExport(['a.skbt', '-o', 'a.pcapng'])).toMatchObject({ format: 'pcapng', hops: 'interfaces' });
    expect(parseExport(['a.skbt', '-o', '-', '--format', 'csv', '--packet', '3, 12'])).toMatchObject({
      output: '-',
      format: 'csv',
      packets: new Set([3, 12]),
    });
  });

  it('says what is wrong', () => {
    const message = (words: string) => refused(() => parseExport(words.split(' '))).message;
    expect(message('a.skbt')).toContain('give -o FILE');
    expect(message('-o x.csv')).toContain('give its file');
    expect(message('a.skbt -o x.txt')).toContain('give --format jsonl, csv, pcapng, perfetto');
    expect(message('a.skbt -o x --format xml')).toContain('--format is one of jsonl');
    expect(message('a.skbt -o x.csv --hops all')).toContain('--hops is about pcapng');
    expect(message('a.skbt -o x.csv --packet 1,b')).toContain('--packet takes packet ids');
  });
});

describe('expect', () => {
  it('has flags of its own and of a capture, and a command behind --', () => {
    const options = parseExpect(['p.yaml', '--group', 'all', 'udp', '--tap', '--', 'ping', '-c1', '--help']);
    expect(options).toMatchObject({
      file: 'p.yaml',
      format: 'tap',
      command: ['ping', '-c1', '--help'],
      capture: { expression: 'udp', keep: true, probes: { base: 'all' } },
      settleMs: 2000,
    });
    expect(parseExpect(['p.yaml', '--recording', 'a.skbt'])).toMatchObject({
      recording: 'a.skbt',
      command: [],
    });
  });

  it('says what is wrong', () => {
    const message = (words: string) => refused(() => parseExpect(words.split(' '))).message;
    expect(message('-- true')).toContain('expect reads a file of expectations');
    expect(message('p.yaml')).toContain('give it behind --');
    expect(message('p.yaml --recording a -- true')).toContain('give one');
    expect(message('p.yaml --recording a --group all')).toContain('leave out what chooses');
    expect(message('p.yaml --json -- true')).toContain('there is no flag --json');
    expect(message('p.yaml --tail drops -- true')).toContain('there is no flag --tail');
  });
});

it('lines go to a file, and are put aside by its size', () => {
  expect(parseTrace(['-o', 'a.txt', '--rotate', '10M:3'])).toMatchObject({
    lines: 'a.txt',
    rotation: { maxBytes: 10 << 20, files: 3 },
    record: undefined,
  });
  expect(parseTrace(['-o', 'a.txt', '--rotate', '64k']).rotation).toEqual({ maxBytes: 65_536, files: 5 });
  expect(parseTrace([])).toMatchObject({ lines: undefined, rotation: undefined });
  for (const wrong of ['0', 'M', '1M:0', '1M:', '1T', '-1'])
    expect(() => parseTrace(['-o', 'a', `--rotate=${wrong}`])).toThrow('--rotate takes the size of a file');
  expect(() => parseTrace(['--rotate', '1M'])).toThrow('--rotate is about the file of --output');
  expect(() => parseTrace(['-o', '-'])).toThrow('without --output, too');
});

describe('query', () => {
  it('asks one question of one recording', () => {
    expect(parseQuery(['a.skbt', 'SELECT 1'])).toEqual({ file: 'a.skbt', sql: 'SELECT 1', format: 'text' });
    expect(parseQuery(['-', 'SELECT 1', '--csv'])).toMatchObject({ file: '-', format: 'csv' });
  });

  it.each([
    [['a.skbt'], 'give its file and SQL'],
    [['a.skbt', ' '], 'give its file and SQL'],
    [['a.skbt', 'SELECT', '1'], "no use for '1'"],
    [['a.skbt', 'SELECT 1', '--json', '--csv'], 'not both'],
  ])('refuses %j', (words, why) => {
    const error = refused(() => parseQuery(words));
    expect(error.status).toBe(2);
    expect(error.message).toContain(why);
  });
});

describe('serve', () => {
  it('keeps sessions where and as long as it is told', () => {
    const { limits } = parseServe([]);
    expect(parseServe([])).toMatchObject({ recordings: undefined, memoryBytes: 128 << 20 });
    expect(limits).toEqual({ bytes: 2 ** 31, ageMs: 168 * 3_600_000, files: 1000, tables: true });
    const words =
      '--recordings off --memory 1G --recordings-size 20G --recordings-age 24h --recordings-number 5 --recordings-tables off';
    expect(parseServe(words.split(' '))).toMatchObject({
      recordings: null,
      memoryBytes: 2 ** 30,
      limits: { bytes: 20 * 2 ** 30, ageMs: 24 * 3_600_000, files: 5, tables: false },
    });
  });

  it('waits for what it is told to keep', () => {
    expect(parseServe([]).freeze).toBeNull();
    expect(parseServe(['--freeze', 'drop:NO_SOCKET,rst', '--last', '5m', '--after', '2s']).freeze).toEqual({
      triggers: {
        drops: ['NO_SOCKET'],
        slowNs: null,
        newPaths: false,
        resets: true,
        retransmits: false,
        duplicates: false,
      },
      lastMs: 300_000,
      afterMs: 2000,
      times: 10,
    });
  });

  it.each([
    [['--freeze', 'hand'], 'by hand the page freezes anyhow'],
    [['--freeze', 'drop', '--last', '2h'], 'an hour at most'],
    [['--freeze', 'drop', '--last', '50ms'], '--last is from 100ms to 1h'],
    [['--freeze', 'drop', '--recordings', 'off'], '--recordings off says that none are kept'],
    [['--freeze', 'drop', 'a.skbt'], 'of a recording everything has happened'],
    [['--last', '10s'], '--last and --after are about --freeze'],
    [['--memory', '1K'], '--memory is from 64K to 8G'],
    [['--memory', 'much'], '--memory takes a size'],
    [['--recordings-size', '1T'], '--recordings-size takes a size'],
    [['--recordings-age', '7d'], '--recordings-age takes'],
    [['--recordings-number', '0'], '--recordings-number takes a whole number'],
    [['--recordings-tables', 'no'], '--recordings-tables'],
  ])('refuses %j', (words, why) => {
    const error = refused(() => parseServe(words));
    expect(error.status).toBe(2);
    expect(error.message).toContain(why);
  });
});

describe('a flight recorder', () => {
  it('waits for what it is told, with what there is room for', () => {
    expect(parseRecord(['-o', 'a.skbt']).flight).toBeUndefined();
    expect(parseRecord(['-o', 'a.skbt', '--freeze', 'drop']).flight).toEqual({
      triggers: {
        drops: [],
        slowNs: null,
        newPaths: false,
        resets: false,
        retransmits: false,
        duplicates: false,
      },
      limits: { bytes: 64 << 20, ms: 30_000 },
      afterMs: 1000,
    });
    const words =
      '--freeze drop:NETFILTER_DROP,drop:NO_SOCKET,slow:10ms,new,rst,retransmit,duplicate --after 2s';
    expect(parseRecord(['-o', 'a.skbt', ...words.split(' '), '--last', '2m,16M']).flight).toEqual({
      triggers: {
        drops: ['NETFILTER_DROP', 'NO_SOCKET'],
        slowNs: 10e6,
        newPaths: true,
        resets: true,
        retransmits: true,
        duplicates: true,
      },
      limits: { bytes: 16 << 20, ms: 120_000 },
      afterMs: 2000,
    });
    // one limit alone is the only one
    expect(
      parseRecord(['-o', 'a.skbt', '--freeze', 'hand', '--last', '1M']).flight?.limits.ms,
    ).toBeGreaterThan(1e9);
  });

  it.each([
    [['--freeze', 'crash'], '--freeze takes drop, drop:NETFILTER_DROP'],
    [['--freeze', 'drop:'], '--freeze takes'],
    [['--freeze', 'slow:fast'], '--freeze takes'],
    [['--freeze', 'drop', '--last', 'long'], '--last takes a size'],
    [['--last', '5s'], 'are about --freeze'],
  ])('refuses %j', (words, why) => {
    const error = refused(() => parseRecord(['-o', 'a.skbt', ...words]));
    expect(error.status).toBe(2);
    expect(error.message).toContain(why);
  });
});
