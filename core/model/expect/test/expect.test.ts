import { describe, expect, it } from 'vitest';
import { SessionAssembler } from '../../assembler.ts';
import { readPath } from '../../path.ts';
import { readFrames } from '../../test/recording.ts';
import { type Evidence, ExpectationError, evaluate } from '../evaluate.ts';
import { junitReport, tapReport, textReport } from '../report.ts';
import { parseCount, parseSpan, readExpectations } from '../schema.ts';

const { names, batches } = readFrames('capture');
const session = new SessionAssembler();
session.takeNames({ functions: [...names.functions.values()], reasons: names.reasons });
session.restart();
for (const batch of batches) session.take(batch);
const { rows } = session.rowsSince(0, 100_000);
names.take({ paths: { session: session.session, first: 1, words: session.paths.wordsAfter(0) } });
const evidence: Evidence = {
  book: names,
  rows,
  pathOf(packet) {
    const records = session.pathRecords(packet);
    return records && readPath(records, packet);
  },
};

function outcome(fields: object) {
  const read = readExpectations({ expect: [{ name: 'it', ...fields }] });
  if (!read.ok) throw new Error(read.problem);
  const [one] = read.value;
  if (one === undefined) throw new Error('none');
  return evaluate(one, evidence);
}
const problem = (fields: object) => outcome(fields).problems.join('\n');
const refusal = (file: unknown) => {
  const read = readExpectations(file);
  return read.ok ? '' : read.problem;
};

const READ = 'udp and dport == 7000';
const DROPPED = 'udp and dport == 9999';
const FORWARDED = 'tcp and dport == 8080 and syn';

describe('what is expected of packets', () => {
  it.each([
    ['they are there', { packets: READ }],
    ['so many', { packets: DROPPED, count: '2-20' }],
    ['none', { packets: 'udp and dport == 1', count: 0 }],
    ['from where to where', { packets: READ, from: 'web', reaches: 'db' }],
    ['in time', { packets: READ, within: '1s' }],
    ['ended so', { packets: DROPPED, verdict: 'dropped' }],
    ['this never', { packets: READ, never: 'dropped' }],
    ['that always', { packets: DROPPED, always: 'reason == NETFILTER_DROP and ns.last == db' }],
    [
      'on this way',
      {
        packets: FORWARDED,
        passes: [
          'outside',
          'PREROUTING',
          'host',
          'ip_forward',
          'FORWARD',
          'host/br0',
          'db/eth0',
          'tcp_v4_rcv',
        ],
      },
    ],
  ])('is met: %s', (_, fields) => expect(outcome(fields)).toMatchObject({ isMet: true, problems: [] }));

  it.each([
    ['at least 1 packet', { packets: 'udp and dport == 1' }, 'at least 1 packet was expected, 0 were there'],
    ['a number', { packets: DROPPED, count: 1 }, '1 packet was expected'],
    ['its namespace', { packets: READ, from: 'db' }, '0 were there'],
    ['where it got to', { packets: READ, reaches: 'outside' }, 'it was last seen in db, not in outside'],
    ['how long', { packets: READ, within: '10us' }, /it took [\d.]+ ms, more than 10\.0 µs/],
    [
      'how it ended',
      { packets: DROPPED, verdict: 'delivered' },
      '(dropped NETFILTER_DROP): it was dropped, not delivered',
    ],
    ['never', { packets: DROPPED, never: 'dropped' }, "'dropped' holds for it"],
    ['always', { packets: READ, always: 'dropped' }, "'dropped' does not hold for it"],
    ['a place', { packets: READ, passes: ['web', 'outside'] }, 'it did not pass outside after web'],
    [
      'the order',
      { packets: FORWARDED, passes: ['FORWARD', 'PREROUTING'] },
      'it did not pass PREROUTING after FORWARD',
    ],
  ])('is not met, and says: %s', (_, fields, text) => expect(problem(fields)).toMatch(text));

  it('tells the first packets of a problem, and counts the others', () => {
    const { problems, packets } = outcome({ packets: 'icmp', never: 'icmp' });
    expect(packets).toBeGreaterThan(10);
    expect(problems).toHaveLength(4);
    expect(problems[0]).toMatch(
      /^packet \d+ ICMP echo request id \d+ seq \d+, \S+ → \S+: 'icmp' holds for it$/,
    );
    expect(problems[3]).toBe(`and ${packets - 3} more`);
  });

  it('cannot be understood, and says which field', () => {
    expect(() => outcome({ packets: 'dport ==' })).toThrow(ExpectationError);
    expect(() => outcome({ packets: 'udp', never: 'nosuch == 1' })).toThrow(/^'it': never: /);
    expect(refusal({ expect: [] })).toContain('a list of 1 to 1000');
    expect(refusal({ expect: [{ packets: 'udp' }] })).toBe('expect.0.name is missing');
    expect(refusal({ expect: [{ name: 'a', packets: 'udp', wihtin: '5ms' }] })).toContain('wihtin');
    expect(refusal({ expect: [{ name: 'a', packets: 'udp', within: 5 }] })).toContain('expected a duration');
    expect(refusal({ expect: [{ name: 'a', packets: 'udp', count: 'many' }] })).toContain("1, '>= 2'");
    expect(refusal('text')).not.toBe('');
    expect(refusal(null)).not.toBe('');
  });

  it('numbers and durations are what they look like', () => {
    expect([3, '3', '>= 2', '<=5', '2 - 5'].map(parseCount)).toEqual([
      { min: 3, max: 3 },
      { min: 3, max: 3 },
      { min: 2, max: Number.POSITIVE_INFINITY },
      { min: 0, max: 5 },
      { min: 2, max: 5 },
    ]);
    expect(['5-2', '-1', '1.5', ''].map(parseCount)).toEqual([undefined, undefined, undefined, undefined]);
    expect(['5ms', '1.5 s', '200us', '3µs', '7ns'].map(parseSpan)).toEqual([5e6, 1.5e9, 2e5, 3e3, 7]);
    expect(['5', 'ms', '5 m', '-1s'].map(parseSpan)).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('reports', () => {
  const outcomes = [
    { name: 'good # one', isMet: true, packets: 1, problems: [] },
    { name: 'bad <one>', isMet: false, packets: 2, problems: ['packet 1: "x" & y', 'and 1 more\u0000'] },
  ];

  it('for people', () =>
    expect(textReport(outcomes)).toBe(
      '✓ good # one (1 packet)\n✗ bad <one> (2 packets)\n    packet 1: "x" & y\n    and 1 more\u0000\n1 of 2 expectations are met\n',
    ));

  it('as TAP', () => {
    const lines = tapReport(outcomes).split('\n');
    expect(lines.slice(0, 4)).toEqual([
      'TAP version 14',
      '1..2',
      'ok 1 - good \\# one',
      'not ok 2 - bad <one>',
    ]);
    expect(lines).toContain('    - "packet 1: \\"x\\" & y"');
  });

  it('as JUnit', () => {
    const text = junitReport(outcomes, 'paths.yaml', 1.5);
    expect(text).toContain('<testsuite name="paths.yaml" tests="2" failures="1" errors="0" time="1.500">');
    expect(text).toContain('<testcase name="bad &lt;one&gt;" classname="paths.yaml">');
    expect(text).toContain('<failure message="packet 1: &quot;x&quot; &amp; y">');
    expect(text).not.toContain('\u0000');
  });
});
