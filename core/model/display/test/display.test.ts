import { describe, expect, it } from 'vitest';
import { ROW_BYTES, readRow } from '../../../wire/rows.ts';
import { packedRows } from '../../../wire/test/rows.ts';
import { compileDisplay } from '../compile.ts';
import { isUnfinished, spotAt, suggest } from '../complete.ts';
import { fieldNamed } from '../fields.ts';
import { rowExpression } from '../pcap.ts';
import { rowTerms, withTerm } from '../terms.ts';
import { occurring } from '../values.ts';
import { book, SAMPLE_NAMES, sampleRows } from './book.ts';

const context = { book: book(), originNs: 1e9 };
const view = sampleRows();

/** Names of the sample's rows that pass. */
function passing(filter: string): string {
  const compiled = compileDisplay(filter, context);
  if (!compiled.ok) return `${compiled.error.message} @${compiled.error.position}`;
  const { value } = compiled;
  return SAMPLE_NAMES.filter((_, i) => value === null || value(view, i * ROW_BYTES)).join(' ');
}

describe('a display filter', () => {
  it.each([
    ['', 'syn synAck drop ping6 arp'],
    ['src == 10.1.0.3', 'syn arp'],
    ['addr == 10.1.0.3', 'syn synAck drop arp'],
    ['host 10.1.0.0/16', 'syn synAck drop arp'],
    ['dst == 10.2.0.0/15', 'syn'],
    ['addr in {192.168.0.0/16, fd00:1::4}', 'drop ping6'],
    ['src == fd00::/8', 'ping6'],
    ['src == ::/0', 'ping6'],
    ['addr != 10.1.0.3', 'ping6'],
    ['addr contains "168.7"', 'drop'],
    ['src ~ "^10\\.[12]\\."', 'syn synAck arp'],
    ['dport == 8080', 'syn'],
    ['port == 8080', 'syn synAck'],
    ['port 9999', 'drop'],
    ['dport in {80, 9000..9999}', 'drop'],
    ['dport != 8080', 'synAck drop ping6 arp'],
    ['sport < 1024', 'drop'],
    ['proto == tcp', 'syn synAck'],
    ['proto == icmp6', 'ping6'],
    ['proto == 17', 'drop'],
    ['proto == ip', 'syn synAck drop'],
    ['tcp', 'syn synAck'],
    ['udp or arp', 'drop arp'],
    ['verdict == dropped', 'drop'],
    ['verdict == inflight', 'synAck'],
    ['dropped', 'drop'],
    ['reason == NETFILTER_DROP', 'drop'],
    ['reason ~ ^net', 'drop'],
    ['reason', 'drop'],
    ['func == udp_rcv', 'drop'],
    ['func contains rcv', 'drop ping6'],
    ['location == nf_hook_slow', 'drop'],
    ['flags == syn', 'syn'],
    ['flags contains syn', 'syn synAck'],
    ['flags syn+ack', 'synAck'],
    ['syn and not ack', 'syn'],
    ['len >= 1000', 'drop'],
    ['hops > 3 and hops <= 12', 'syn synAck'],
    ['duration > 200us', 'syn synAck'],
    ['duration >= 5ms', 'synAck'],
    ['duration < 0.5us', 'ping6 arp'],
    ['time >= 1.5s', 'drop ping6 arp'],
    ['packet == 42', 'drop'],
    ['#42', 'drop'],
    ['parent == 1', 'drop'],
    ['parent', 'drop'],
    ['translated', 'synAck'],
    ['translated == false', 'syn drop ping6 arp'],
    ['ns == web', 'syn drop'],
    ['ns.last == DB', 'syn synAck'],
    ['netns == 2', 'syn synAck'],
    ['iface == eth0', 'syn'],
    ['iface.last == br0', 'syn'],
    ['icmpid == 7', 'ping6'],
  ])('%s', (filter, names) => expect(passing(filter)).toBe(names));

  it.each([
    ['tcp or udp and dropped', 'syn synAck drop'],
    ['(tcp or udp) and dropped', 'drop'],
    ['tcp || udp && dropped', 'syn synAck drop'],
    ['!tcp', 'drop ping6 arp'],
    ['not tcp udp', 'drop'],
    ['not (tcp or udp)', 'ping6 arp'],
    ['ns == web dport == 9999', 'drop'],
    ['not not dropped', 'drop'],
  ])('binds as one reads it: %s', (filter, names) => expect(passing(filter)).toBe(names));

  it.each([
    ['netfilter', 'drop'],
    ['NETFILTER_DROP UDP', 'drop'],
    ['10.1.0', 'syn synAck drop arp'],
    ['0.9:8080', 'syn synAck'],
    ['[fd00:1::3]', ''],
    ['fd00:1::3', 'ping6'],
    ['808', 'syn synAck'],
    ['"echo request"', 'ping6'],
    ['db', 'syn synAck'],
    ['"tcp"', 'syn synAck'],
    ['10.2.0.0/16', 'syn synAck'],
    ['"who has"', 'arp'],
  ])('finds words in what a row shows: %s', (filter, names) => expect(passing(filter)).toBe(names));

  it.each([
    ['dport ==', 'a value is missing @8'],
    ['dport == http', '“http” is no whole number @9'],
    ['tcp and', 'something is missing here @7'],
    ['(tcp', '“)” is missing @4'],
    ['tcp)', 'there is no “(” for this “)” @3'],
    ['colour == red', 'there is no field “colour” @0'],
    ['src == 10.1', '“10.1” is no address: src == 10.1.0.3, 10.1.0.0/16 or fd00::/8 @7'],
    ['src == 10.0.0.0/33', '“10.0.0.0/33” is no address: src == 10.1.0.3, 10.1.0.0/16 or fd00::/8 @7'],
    ['tcp duration > 5', '“5” is no time: give a number with ns, us, ms, s or min @15'],
    ['src < 10.0.0.1', 'addr'],
    ['func ~ "("', '“(” is no regular expression @7'],
    ['ns == "web', 'the closing quotation mark is missing @6'],
    ['dport in 80', 'a list is missing: {80, 443} @9'],
    ['dport in {80', '“}” is missing @12'],
    ['flags == sin', 'there is no TCP flag “sin”'],
    ['verdict == droped', 'there is no verdict “droped”'],
    ['== 3', 'a field is missing before “==” @0'],
    [`${'('.repeat(100)}tcp`, 'too deeply nested @64'],
  ])('says what is wrong, and where: %s', (filter, fault) => {
    const said = passing(filter);
    if (fault === 'addr') expect(said).toMatch(/^src is compared with == != in contains ~, not with < @4$/);
    else expect(said).toContain(fault);
  });

  it('survives whatever is typed', () => {
    const pieces = [
      '(',
      ')',
      '{',
      '}',
      '"',
      "'",
      '==',
      '!',
      'in',
      'dport',
      '80',
      '~',
      ',',
      'and',
      '\\',
      '..',
      ' ',
    ];
    let state = 7;
    for (let i = 0; i < 3000; i += 1) {
      let text = '';
      for (let n = 0; n < 8; n += 1) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        text += pieces[(state >>> 16) % pieces.length] ?? '';
      }
      const compiled = compileDisplay(text, context);
      if (!compiled.ok) expect(compiled.error.position).toBeLessThanOrEqual(text.length);
      spotAt(text, text.length >> 1);
    }
  });
});

describe('what can stand at the caret', () => {
  const valuesOf = (field: Parameters<typeof occurring>[1]) =>
    occurring(
      { view, size: SAMPLE_NAMES.length, offsetOf: (index) => index * ROW_BYTES },
      field,
      context.book,
    );
  const offered = (text: string) =>
    suggest(spotAt(text, text.length), valuesOf, context.book).map(({ label }) => label);

  it('is a field, an operator, a value, a word between', () => {
    expect(offered('')).toContain('ns');
    expect(offered('sp')[0]).toBe('sport');
    expect(offered('tcp and dur')).toEqual(['duration']);
    expect(offered('sport ')).toContain('<=');
    expect(offered('ns ')).not.toContain('<');
    expect(offered('src == ').slice(0, 2)).toEqual(['10.1.0.3', '10.2.0.9']);
    expect(offered('reason == ')).toEqual(['NETFILTER_DROP', 'NO_SOCKET']);
    expect(offered('dport in {8080, 9')).toEqual(['9999']);
    expect(offered('flags contains s')).toEqual(['syn', 'rst', 'psh']);
    expect(offered('dport == 80 ')).toEqual(['and', 'or']);
    expect(offered('netf')).toEqual(['reason == NETFILTER_DROP']);
  });

  it('takes the place of the word that is being written', () => {
    const spot = spotAt('tcp and ns == "we', 17);
    expect(spot).toMatchObject({ from: 14, to: 17, prefix: 'we', expects: 'value' });
    expect(suggest(spot, valuesOf, context.book)[0]?.insert).toBe('web ');
  });

  it('may be a name that is not written out yet', () => {
    expect(['s', 'tcp and du', 'src', 'host'].map(isUnfinished)).toEqual([true, true, true, true]);
    expect(['syn', 'src ', 'ns == d', 'zebra', '10.', 'udp'].map(isUnfinished)).toEqual([
      false, false, false, false, false, false,
    ]); // biome-ignore format: short
  });

  it('knows how often a value occurs', () => {
    const field = fieldNamed('proto');
    expect(field && valuesOf(field)).toContainEqual({ text: 'tcp', count: 2 });
  });
});

describe('a row', () => {
  const row = (name: string) => readRow(view, SAMPLE_NAMES.indexOf(name) * ROW_BYTES);

  it('gives terms that it passes itself', () => {
    for (const name of SAMPLE_NAMES)
      for (const term of Object.values(rowTerms(row(name), context.book)).flat()) {
        expect(`${term}: ${passing(term)}`).toContain(name);
        expect(passing(withTerm('', term, true)).split(' ')).not.toContain(name);
      }
  });

  it('adds them to a filter without changing what that means', () => {
    expect(withTerm('', 'src == 10.1.0.3', false)).toBe('src == 10.1.0.3');
    expect(withTerm('tcp or udp', 'dport == 80', true)).toBe('(tcp or udp) and dport != 80');
    expect(withTerm('tcp', 'src == 10.1.0.3 and dport == 80', true)).toBe(
      'tcp and not (src == 10.1.0.3 and dport == 80)',
    );
  });

  it('is a capture filter for its flow', () => {
    expect(rowExpression(row('syn'))).toBe(
      'tcp and host 10.1.0.3 and host 10.2.0.9 and port 40000 and port 8080',
    );
    expect(rowExpression(row('ping6'))).toBe('icmp6 and host fd00:1::3 and host fd00:1::4');
    expect(rowExpression(row('arp'))).toBe('arp and host 10.1.0.3 and host 10.1.0.1');
  });
});

describe('what a packet went through', () => {
  const names = book();
  // web eth0: ip_rcv; db br0: udp_rcv, and a drop there
  const words = [2, 1, 1, 2, 2, 2, 2, 3, 1, 1, 2, 2, 2, 2, 0x8000_0008, 2, 2];
  const told = (session: number, ...all: number[]) =>
    names.take({ paths: { session, first: 1, words: Uint32Array.from(all).buffer } });
  told(1, ...words);
  const ends = { firstNetns: 1, firstIfindex: 2, lastNetns: 1, lastIfindex: 2, lastFunc: 1 };
  const rows = new DataView(
    packedRows(
      { packet: 1, ...ends, path: 1 },
      { packet: 2, ...ends, path: 2 },
      { packet: 3, ...ends, path: 0 },
      { packet: 4, ...ends, path: 0xffff_ffff },
    ),
  );
  const found = (filter: string) => {
    const compiled = compileDisplay(filter, { book: names, originNs: 0 });
    if (!compiled.ok || compiled.value === null) throw new Error(filter);
    const test = compiled.value;
    return () => [1, 2, 3, 4].filter((packet) => test(rows, (packet - 1) * ROW_BYTES)).join(' ');
  };

  it.each([
    ['path == 1', '1'],
    ['path in {1, 2}', '1 2'],
    ['path != 1', '2 3 4'],
    ['func == udp_rcv', '1 2'],
    ['func == db/udp_rcv', '1 2'],
    ['func == web/udp_rcv', ''],
    ['func ~ ^udp', '1 2'],
    ['func.last == udp_rcv', ''],
    ['func == ip_rcv', '1 2 3 4'],
    ['ns == db', '1 2'],
    ['ns != db', '3 4'],
    ['ns.last == db', ''],
    ['through == br0', '1 2'],
    ['iface == db/br0', '1 2'],
    ['iface == web/br0', ''],
    ['iface contains db', ''],
  ])('%s', (filter, expected) => {
    expect(found(filter)()).toBe(expected);
  });

  it('is offered with how many packets went there', () => {
    const field = fieldNamed('func');
    if (field === undefined) throw new Error('no field func');
    expect(occurring({ view: rows, size: 4, offsetOf: (index) => index * ROW_BYTES }, field, names)).toEqual([
      { text: 'ip_rcv', count: 4 },
      { text: 'udp_rcv', count: 2 },
    ]);
    // of a word without its field a few: it may be meant as it stands
    const many = Array.from({ length: 9 }, (_, i) => ({ text: `udp_${i}`, count: 9 - i }));
    const offered = suggest(spotAt('udp', 3), ({ id }) => (id === 'func' ? many : []), names);
    expect(offered.map(({ label }) => label)).toEqual(['func == udp_0', 'func == udp_1', 'func == udp_2']);
    const paths = suggest(spotAt('path ', 5), () => [], names);
    expect(paths.map(({ label }) => label)).toContain('in');
  });

  it('is looked up anew when the numbers are of another session', () => {
    const isAtUdp = found('func == udp_rcv');
    expect(isAtUdp()).toBe('1 2');
    told(2, 1, 1, 1, 2);
    expect(isAtUdp()).toBe('');
    told(1, ...words);
    expect(isAtUdp()).toBe('1 2');
  });
});
