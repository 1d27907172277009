import { describe, expect, test } from 'vitest';
import { parseLabOptions, UsageError } from '../options.ts';

describe("the lab's command line", () => {
  test('without words: a shell on 6.12', () => {
    expect(parseLabOptions([])).toMatchObject({
      kernel: '6.12',
      net: false,
      traffic: false,
      memoryMb: 2048,
      cpus: 2,
      timeoutSeconds: 0,
      forwards: [],
      modules: [],
      keep: undefined,
      command: [],
    });
  });

  test('all flags', () => {
    const words =
      '--kernel 6.1 --net --memory 512 --cpus 1 --timeout 9 --forward 8000:80 --forward 8001:81 --modules veth,br_netfilter --keep /x --prepare';
    expect(parseLabOptions(words.split(' '))).toMatchObject({
      kernel: '6.1',
      net: true,
      traffic: false,
      memoryMb: 512,
      cpus: 1,
      timeoutSeconds: 9,
      forwards: [
        { host: 8000, guest: 80 },
        { host: 8001, guest: 81 },
      ],
      modules: ['veth', 'br_netfilter'],
      keep: '/x',
      prepare: true,
    });
  });

  test.each([
    ['after --', ['--net', '--', '--kernel', 'x'], ['--kernel', 'x']],
    [
      'from the first word that is no flag',
      ['--net', 'ls', '--kernel', '--', '-l'],
      ['ls', '--kernel', '--', '-l'],
    ],
    ['not a flag’s value', ['--kernel', '6.1', 'ls'], ['ls']],
    ['not a value behind =', ['--kernel=6.1', 'ls'], ['ls']],
    ['with its empty words', ['--', 'printf', '', ' '], ['printf', '', ' ']],
  ])('the command begins %s', (_, words, command) => {
    expect(parseLabOptions(words).command).toEqual(command);
  });

  test('traffic needs the network', () => {
    expect(parseLabOptions(['--traffic'])).toMatchObject({ net: true, traffic: true });
  });

  test('counted time has one CPU', () => {
    expect(parseLabOptions(['--counted', '--cpus', '4']).cpus).toBe(1);
  });

  test.each([
    [['--memory', 'lots'], '--memory takes a whole number from 256 to 1048576'],
    [['--memory', '1'], '--memory takes a whole number'],
    [['--cpus', '0'], '--cpus takes a whole number from 1 to 64'],
    [['--timeout', '-3'], '--timeout'],
    [['--forward', '80'], '--forward takes HOST:GUEST'],
    [['--forward', '80:99999'], '--forward takes HOST:GUEST'],
    [['--modules', 'a;b'], '--modules takes names'],
    [['--kernels', '6.1'], '--kernels'],
    [['--kernel'], '--kernel'],
  ])('%j is refused with the reason', (words, reason) => {
    expect(() => parseLabOptions(words)).toThrow(UsageError);
    expect(() => parseLabOptions(words)).toThrow(reason);
  });
});
