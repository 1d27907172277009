import { describe, expect, it } from 'vitest';
import { placeQuery, readPlace, sessionName } from '../state/place.ts';
import { PLACE_PARTS } from '../state/place-parts.ts';

const NOWHERE = { view: 'packets', packet: 0, session: '', filter: '', range: null, parts: {} } as const;

describe('where one is on the page', () => {
  it('is in the address, and read from it again', () => {
    const place = { ...NOWHERE, view: 'path', packet: 4711, session: '3.lq2x' } as const;
    expect(placeQuery(place)).toBe('?view=path&packet=4711&session=3.lq2x');
    expect(readPlace(placeQuery(place))).toEqual(place);
    expect(placeQuery({ ...place, view: 'packets', packet: 0 })).toBe('');
  });

  it('has no packet without its session: another session gives its number to another packet', () => {
    expect(readPlace('?packet=5')).toEqual(NOWHERE);
    expect(placeQuery({ ...NOWHERE, packet: 5 })).toBe('');
    expect(sessionName(2, 1_700_000_000_000)).not.toBe(sessionName(2, 1_700_000_060_000));
    expect(sessionName(0, 1_700_000_000_000)).toBe('');
  });

  it('has the display filter, and the time range with its session', () => {
    const filter = 'ns == "my web" and (dport in {80, 443} or not tcp)';
    const range = { fromNs: 1_500_000, toNs: 2_000_000 };
    const place = { ...NOWHERE, session: '3.lq2x', filter, range };
    expect(readPlace(placeQuery(place))).toEqual(place);
    expect(readPlace(placeQuery({ ...place, session: '' }))).toEqual({ ...NOWHERE, filter });
    expect(placeQuery({ ...place, filter: ' ', range: { fromNs: 1_500_999, toNs: 1_999_001 } })).toBe(
      '?t=1500-2000&session=3.lq2x',
    );
    expect(readPlace('?t=9-3&session=3.lq2x')).toEqual(NOWHERE);
    expect(readPlace('?t=1e3-2e3&session=3.lq2x')).toEqual(NOWHERE);
  });

  it('has what the view has chosen, and nothing that another view has', () => {
    const drops = { ...NOWHERE, view: 'drops', parts: { by: 'function', drop: 'ip_rcv & more' } } as const;
    expect(readPlace(placeQuery(drops))).toEqual(drops);
    expect(readPlace('?view=flows&flow=1.2.3&path=ab')).toEqual({
      ...NOWHERE,
      view: 'flows',
      parts: { flow: '1.2.3' },
    });
    expect(readPlace(`?sort=length-down&group=${'x'.repeat(999)}`)).toEqual({
      ...NOWHERE,
      parts: { sort: 'length-down' },
    });
  });

  it('has a cell of times with its session only: its time is none of another one’s', () => {
    const parts = { times: 'edge', series: 'ip_rcv-ip_rcv_core', cell: '5000-20' };
    const latency = { ...NOWHERE, view: 'latency', session: '3.lq2x', parts } as const;
    expect(readPlace(placeQuery(latency))).toEqual(latency);
    const { cell: _, ...rest } = parts;
    expect(readPlace(placeQuery({ ...latency, session: '' }))).toEqual({
      ...latency,
      session: '',
      parts: rest,
    });
    expect(readPlace('?view=latency&cell=5000-20')).toEqual({ ...NOWHERE, view: 'latency' });
  });

  it.each([
    ['path', '2gosa7pa2gv'],
    ['by', 'interface'],
    ['drop', '6 nf_hook_slow'],
    ['flow', 'a.b.c'],
    ['times', 'edge'],
    ['series', 'ip_rcv-nf_hook_slow'],
    ['series', 'softirq backlog'],
    ['cell', '1234567890-41'],
    ['group', 'path'],
    ['sort', 'length-down'],
    ['sort', 'duration'],
  ] as const)('takes a choice from the address, as it wrote it: %s', (name, text) => {
    PLACE_PARTS[name].choose(text);
    expect(PLACE_PARTS[name].text()).toBe(text);
    PLACE_PARTS[name].choose('');
    expect(PLACE_PARTS[name].text()).toBe('');
  });

  it.each(['path', 'by', 'times', 'cell', 'group', 'sort'] as const)(
    'chooses nothing that there is not: %s',
    (name) => {
      PLACE_PARTS[name].choose('<script>');
      expect(PLACE_PARTS[name].text()).toBe('');
    },
  );

  it('passes over what no page of ours wrote', () => {
    expect(readPlace('?view=<script>&packet=-1&session=x')).toEqual(NOWHERE);
    expect(readPlace('?view=path&packet=1e9&session=x')).toEqual({ ...NOWHERE, view: 'path' });
    expect(readPlace('?%%%')).toEqual(NOWHERE);
  });
});
