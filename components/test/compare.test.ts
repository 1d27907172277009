import { describe, expect, it } from 'vitest';
import type { SideAbout } from '../../core/messages/browser.ts';
import { compileDisplay } from '../../core/model/display/compile.ts';
import { NameBook } from '../../core/model/names.ts';
import { readPlace } from '../state/place.ts';
import { chooseForComparison, chosenPair, useRecordings } from '../state/recordings.ts';
import { causeLink, pathLink, serviceLink, timeLink, verdictLink } from '../views/compare/links.ts';
import { pairSteps } from '../views/compare/steps.ts';
import { caveats, changeText, ratioText, shareText } from '../views/compare/text.ts';

const ABOUT: SideAbout = {
  hostname: 'edge-7',
  kernel: '6.12',
  baseUnixMs: 1,
  expression: '',
  probed: undefined,
  lost: 0,
  note: '',
};
const step = (func: string, netns = 'web') => ({ func, reason: '', netns, device: 'eth0' });

describe('a link of the comparison', () => {
  it.each([
    verdictLink('a', 'inFlight'),
    causeLink('a', { reason: 'NO_SOCKET', func: '__udp4_lib_rcv' }),
    serviceLink('a', { protocol: 'ICMPv6', address: 'fe80::1', port: 0 }),
    serviceLink('a', { protocol: 'TCP', address: '10.1.0.3', port: 80 }),
  ])('is a filter that the page can read: %s', (link) => {
    const { filter } = readPlace(new URL(link, 'http://localhost').search);
    expect(filter).not.toBe('');
    expect(compileDisplay(filter, { book: new NameBook(), originNs: 0 })).toMatchObject({ ok: true });
  });

  it('leads to a path by what it is made of, and to a stage by its name', () => {
    expect(readPlace(new URL(pathLink('a', 2 ** 52 + 1), 'http://localhost').search)).toMatchObject({
      view: 'paths',
      parts: { path: (2 ** 52 + 1).toString(36) },
    });
    expect(readPlace(new URL(timeLink('a', 'qdisc queue'), 'http://localhost').search)).toMatchObject({
      view: 'latency',
      parts: { series: 'qdisc queue' },
    });
  });
});

it('what makes two recordings differ by itself is said', () => {
  expect(caveats(ABOUT, ABOUT)).toEqual([]);
  const other = { ...ABOUT, kernel: '6.1', expression: 'icmp', lost: 3, probed: ['ip_rcv'], note: 'cut off' };
  expect(caveats({ ...ABOUT, probed: ['ip_rcv', 'ip_output'] }, other)).toEqual([
    'A captured everything, B icmp',
    'A ran Linux 6.12, B 6.1: functions may have other names, and drops other reasons',
    '1 function was probed in one of both only: it makes no difference here',
    'Lost: 0 events of A, 3 of B; a path that lacks some is another one',
    'B: cut off',
  ]);
});

it('shares, changes and ratios are told so that one can reckon with them', () => {
  expect([0, 0.0004, 0.123, 0.9996, 1].map(shareText)).toEqual([
    '0 %',
    '< 0.1 %',
    '12.3 %',
    '> 99.9 %',
    '100 %',
  ]);
  expect([0, 0.0001, -0.0225, 0.107].map(changeText)).toEqual(['=', '=', '−2.3', '+10.7']);
  expect([ratioText(100, 210), ratioText(210, 100), ratioText(100, 104), ratioText(0, 5)]).toEqual([
    '× 2.1',
    '÷ 2.1',
    '=',
    '',
  ]);
});

it('steps stand beside what they are the same as, wherever that was', () => {
  const pairs = pairSteps([step('a'), step('b'), step('c')], [step('a'), step('x'), step('c', 'db')]);
  expect(pairs?.map(({ a, b, relation }) => [a?.func, b?.func, relation])).toEqual([
    ['a', 'a', 'same'],
    ['b', 'x', 'apart'],
    ['c', 'c', 'elsewhere'],
  ]);
  const far = (from: number) => Array.from({ length: 1024 }, (_, i) => step(`f${from + i}`));
  expect(pairSteps(far(0), far(5000))).toBeUndefined();
});

it('two are chosen, a third takes the place of the first, and the older one comes first', () => {
  const listed = ['new', 'mid', 'old'].map((name, i) => ({
    name, note: '', bytes: 1, createdUnixMs: 3 - i, lastedNs: 1, events: 1, packets: 1, lost: 0, isWritten: false, fault: '',
  })); // biome-ignore format: short
  const list = { folder: '', why: '', recordings: listed };
  const pair = () =>
    chosenPair({ list, compared: useRecordings.getState().compared })?.map(({ name }) => name);
  chooseForComparison('old', true);
  expect(pair()).toBeUndefined();
  chooseForComparison('new', true);
  expect(pair()).toEqual(['old', 'new']);
  chooseForComparison('mid', true);
  expect(pair()).toEqual(['mid', 'new']);
  chooseForComparison('mid', false);
  chooseForComparison('gone', true);
  expect(pair()).toBeUndefined();
});
