import { describe, expect, it } from 'vitest';
import { EMPTY_FORM, expressionToForm, formToExpression, joinExpressions, parseAddress } from '../filter.ts';

const FORMS: readonly [Partial<typeof EMPTY_FORM>, string][] = [
  [{}, ''],
  [{ protocol: 'any' }, ''],
  [{ protocol: 'tcp' }, 'tcp'],
  [{ protocol: '47' }, '(ip proto 47 or ip6 proto 47)'],
  [{ host: '10.1.0.3' }, 'host 10.1.0.3'],
  [{ host: 'FD00:1::3' }, 'host fd00:1::3'],
  [{ port: '80' }, '(tcp port 80 or udp port 80)'],
  [{ protocol: 'udp', host: '10.1.0.3', port: '53' }, 'udp and host 10.1.0.3 and port 53'],
  [{ protocol: 'arp', host: '10.1.0.1' }, 'arp and host 10.1.0.1'],
  [
    { protocol: 'icmp', icmpId: '7' },
    'icmp and ((icmp[icmptype] = icmp-echo or icmp[icmptype] = icmp-echoreply) and icmp[4:2] = 7)',
  ],
];

describe('the form', () => {
  it.each(FORMS)('%j is the expression %j', (form, expression) => {
    expect(formToExpression({ ...EMPTY_FORM, ...form })).toEqual({ ok: true, value: expression });
  });

  it.each(FORMS.filter(([form]) => form.protocol !== 'any' && form.host !== 'FD00:1::3'))(
    '%j comes back from its expression',
    (form, expression) => {
      expect(expressionToForm(expression)).toEqual({ ...EMPTY_FORM, ...form });
    },
  );

  it.each([
    [{ protocol: 'tpc' }, 'BAD_PROTOCOL'],
    [{ protocol: '256' }, 'BAD_PROTOCOL'],
    [{ host: '10.1.0.256' }, 'BAD_HOST'],
    [{ host: 'example.org' }, 'BAD_HOST'],
    [{ host: '1::2::3' }, 'BAD_HOST'],
    [{ port: '0' }, 'BAD_PORT'],
    [{ port: '65536' }, 'BAD_PORT'],
    [{ port: '-1' }, 'BAD_PORT'],
    [{ protocol: 'icmp', port: '80' }, 'BAD_PORT'],
    [{ icmpId: '65536' }, 'BAD_ICMP_ID'],
    [{ protocol: 'tcp', icmpId: '7' }, 'BAD_ICMP_ID'],
    [{ port: '80', icmpId: '7' }, 'BAD_ICMP_ID'],
  ])('refuses %j', (form, code) => {
    expect(formToExpression({ ...EMPTY_FORM, ...form })).toMatchObject({ ok: false, error: { code } });
  });
});

describe('an expression', () => {
  it.each([
    'tcp or udp',
    'tcp[tcpflags] & tcp-syn != 0',
    'host 10.1.0.3 and host 10.1.0.2',
    'vlan 7 and icmp',
    'net 10.0.0.0/8',
  ])('%j says more than the form can', (expression) => {
    expect(expressionToForm(expression)).toBeUndefined();
  });

  it('is joined with another so that both must hold', () => {
    expect(joinExpressions('tcp', '')).toBe('tcp');
    expect(joinExpressions('', 'udp or icmp')).toBe('udp or icmp');
    expect(joinExpressions('host 10.1.0.3', 'udp or icmp')).toBe('host 10.1.0.3 and (udp or icmp)');
  });
});

it.each([
  ['::', '::'],
  ['::1', '::1'],
  ['::ffff:10.1.0.3', '::ffff:10.1.0.3'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['010.001.0.3', '10.1.0.3'],
  ['1:2:3:4:5:6:7', undefined],
  ['1:2:3:4:5:6:7:8:9', undefined],
  ['12345::', undefined],
  ['::ffff:10.1.0.300', undefined],
  ['10.1.0', undefined],
])('the address %j is %j', (text, address) => {
  expect(parseAddress(text)).toBe(address);
});
