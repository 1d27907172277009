import { describe, expect, it } from 'vitest';
import { asKernelAddress } from '../../base/units.ts';
import { describeDecision, isRefusal, outcomeOf, priorityOf, verdictWord } from '../decisions.ts';
import { type DecisionFields, decision } from '../diagnosis/test/build.ts';
import {
  conntrackStatusNames, errnoText, gsoNames, hookName, nfVerdictText, pfName, relationName, tcActionName, tcpStateName,
} from '../kernel-names.ts'; // biome-ignore format: a list
import { NameBook } from '../names.ts';

const HOOK_BY = asKernelAddress('ffffffff81000010');
const names = new NameBook();
names.take({ symbols: [{ address: HOOK_BY, name: 'nf_confirm', module: 'nf_conntrack', offset: 0 }] });

const NFT = { table: 'filter', chain: 'input', handle: 7 };
const LEGACY = { table: 'nat', chain: '', handle: 0 };

describe('a decision in words', () => {
  it.each<[DecisionFields, string, ReturnType<typeof outcomeOf>]>([
    [{ what: 'hook', value: 1, pf: 2, hook: 2, by: HOOK_BY }, 'netfilter ip FORWARD: ACCEPT', 'pass'],
    [{ what: 'hook', value: -1, pf: 2, hook: 4, by: HOOK_BY }, 'netfilter ip POSTROUTING: DROP (EPERM), by nf_confirm', 'refuse'],
    [{ what: 'hook', value: 0, pf: 10, hook: 0 }, 'netfilter ip6 PREROUTING: STOLEN or QUEUE', 'take'],
    [{ what: 'table', value: 0, pf: 1, hook: 1, rule: NFT }, 'nftables inet filter input rule 7: DROP', 'refuse'],
    [{ what: 'table', value: 0x10002, pf: 1, hook: 1, rule: NFT }, 'nftables inet filter input rule 7: DROP (EPERM)', 'refuse'],
    [{ what: 'table', value: 0x30003, pf: 1, hook: 1, rule: NFT }, 'nftables inet filter input rule 7: QUEUE 3', 'take'],
    [{ what: 'table', value: 1, pf: 2, hook: 0, rule: LEGACY }, 'iptables nat PREROUTING: ACCEPT', 'pass'],
    [{ what: 'table', value: 0, pf: 10, hook: 1, rule: LEGACY }, 'ip6tables nat INPUT: DROP', 'refuse'],
    [{ what: 'table', value: 0, pf: 7, hook: 5, rule: LEGACY }, 'ebtables nat BROUTING: DROP', 'pass'],
    [{ what: 'table', value: 0, pf: 3, hook: 0 }, 'netfilter arp INPUT: DROP', 'refuse'],
    [{ what: 'conntrack', value: 1, used: 2, limit: 1 }, 'conntrack: NEW', 'pass'],
    [{ what: 'conntrack', value: 1, used: 3, limit: 1 }, 'conntrack: ESTABLISHED_REPLY', 'pass'],
    [{ what: 'conntrack', value: 1, used: 0, limit: 0 }, 'conntrack: INVALID', 'pass'],
    [{ what: 'conntrack', value: 1, used: 7, limit: 0 }, 'conntrack: UNTRACKED', 'pass'],
    [{ what: 'conntrack', value: 0 }, 'conntrack: DROP', 'refuse'],
    [{ what: 'nat', value: 1, used: 1 }, 'NAT: destination rewritten', 'pass'],
    [{ what: 'route', value: -113 }, 'route: no route to host (EHOSTUNREACH)', 'refuse'],
    [{ what: 'route', value: 0 }, 'route: found', 'pass'],
    [{ what: 'source', value: -18 }, 'source address: refused, not on the way back (EXDEV)', 'refuse'],
    [{ what: 'neighbour', value: 0, used: 2 }, 'neighbour: known (REACHABLE)', 'pass'],
    [{ what: 'neighbour', value: 1, used: 1 }, 'neighbour: not known (INCOMPLETE)', 'pass'],
    [{ what: 'neighbour', value: 1, used: 32 }, 'neighbour: not known (FAILED)', 'refuse'],
    [{ what: 'listener', value: 0 }, 'socket lookup: none', 'refuse'],
    [{ what: 'backlog', value: 1, used: 1001, limit: 1000 }, 'CPU backlog: full, 1,001 of 1,000', 'refuse'],
    [{ what: 'filter', value: -1 }, 'socket filter: refused (EPERM)', 'refuse'],
    [{ what: 'tc', value: 2, rule: { table: '', chain: 'deny', handle: 0 } }, 'tc deny: SHOT', 'refuse'],
    [{ what: 'tc', value: -1 }, 'tc: UNSPEC', 'pass'],
    [{ what: 'tc', value: 7 }, 'tc: REDIRECT', 'take'],
    [{ what: 'xdp', value: 2 }, 'XDP: PASS', 'pass'],
    [{ what: 'xdp', value: 0 }, 'XDP: ABORTED', 'refuse'],
    [{ what: 'xdp', value: 3, used: 1 }, 'XDP: TX', 'take'],
    [{ what: 'xdp', value: 4, used: 1, limit: 22 }, 'XDP: REDIRECT, which failed (EINVAL)', 'refuse'],
    [{ what: 'policy', value: 0, used: 2 }, 'IPsec policy fwd: not allowed', 'refuse'],
    [{ what: 'accept', used: 129, limit: 128 }, 'accept queue: full, 129 of 128', 'refuse'],
    [{ what: 'receive', value: -12, used: 212992, limit: 212992 }, 'receive buffer: full, 212,992 of 212,992 bytes', 'refuse'],
    [{ what: 'receive', value: -105, used: 1, limit: 2 }, 'receive buffer: no buffer space (ENOBUFS)', 'refuse'],
    [{ what: 'receive', value: 0, used: 768, limit: 212992 }, 'receive buffer: taken, 768 of 212,992 bytes', 'pass'],
    [{ what: 'transmit', value: 1 }, 'transmission: DROP', 'refuse'],
    [{ what: 'transmit', value: -100 }, 'transmission: the network is down (ENETDOWN)', 'refuse'],
    [{ what: 'transmit', value: 2 }, 'transmission: CN', 'pass'],
  ])('%o is %s, %s', (fields, text, outcome) => {
    const one = decision(fields);
    expect(describeDecision(one, names)).toBe(text);
    expect(outcomeOf(one)).toBe(outcome);
    expect(isRefusal(one)).toBe(outcome === 'refuse');
  }); // biome-ignore format: a table
});

describe('a table', () => {
  it.each([
    ['raw', 2, 0, -300],
    ['mangle', 2, 2, -150],
    ['nat', 2, 0, -100],
    ['nat', 10, 4, 100],
    ['filter', 2, 2, 0],
    ['security', 2, 1, 50],
    ['filter', 7, 2, -200],
    ['nat', 7, 4, 300],
  ])('%s of family %d at hook %d has the priority %d', (table, pf, hook, priority) => {
    expect(priorityOf(decision({ what: 'table', pf, hook, rule: { ...LEGACY, table } }))).toBe(priority);
  });

  it('of nftables has the one that its chain says', () => {
    expect(priorityOf(decision({ what: 'table', priority: -10, rule: { ...NFT, table: 'raw' } }))).toBe(-10);
    expect(priorityOf(decision({ what: 'table', rule: { ...NFT, table: 'raw' } }))).toBe(0);
  });
});

it.each<[DecisionFields, string]>([
  [{ what: 'hook', value: -1 }, 'DROP'],
  [{ what: 'table', value: 0x10002, pf: 1, hook: 1, rule: NFT }, 'DROP'],
  [{ what: 'table', value: 0x30003, pf: 1, hook: 1, rule: NFT }, 'QUEUE'],
  [{ what: 'conntrack', value: 1, used: 2, limit: 1 }, 'ACCEPT'],
  [{ what: 'route', value: 0 }, 'OK'],
  [{ what: 'route', value: -113 }, 'EHOSTUNREACH'],
  [{ what: 'neighbour', value: 1, used: 32 }, 'UNKNOWN'],
  [{ what: 'listener', value: 0 }, 'NONE'],
  [{ what: 'backlog', value: 1, used: 1001, limit: 1000 }, 'FULL'],
  [{ what: 'tc', value: 2 }, 'SHOT'],
  [{ what: 'policy', value: 0 }, 'DENIED'],
  [{ what: 'accept', value: 0, used: 129, limit: 128 }, 'FULL'],
  [{ what: 'receive', value: -12, used: 9, limit: 8 }, 'ENOMEM'],
  [{ what: 'transmit', value: 0x10001 }, 'DROP'],
  [{ what: 'transmit', value: -100 }, 'ENETDOWN'],
])('%o has the verdict %s, in one word', (fields, word) => {
  expect(verdictWord(decision(fields))).toBe(word);
}); // biome-ignore format: a table

it('numbers have the names that people know', () => {
  expect(hookName(5, 0)).toBe('INGRESS');
  expect(hookName(3, 1)).toBe('OUTPUT');
  expect(hookName(2, 9)).toBe('hook 9');
  expect(nfVerdictText(5)).toBe('STOP');
  expect(errnoText(-22)).toBe('invalid (EINVAL)');
  expect(errnoText(-999)).toBe('errno 999');
  expect(conntrackStatusNames(0x8e)).toEqual(['SEEN_REPLY', 'ASSURED', 'CONFIRMED', 'SRC_NAT_DONE']);
  expect(relationName(10)).toBe('retransmit');
  expect(pfName(10)).toBe('ip6');
  expect(tcpStateName(8)).toBe('CLOSE_WAIT');
  expect(gsoNames(0x100001)).toEqual(['TCPv4', 'bit 20']);
  expect(tcActionName(0x20000001)).toBe('GOTO_CHAIN');
});
