import { describe, expect, it } from 'vitest';
import { placeQuery, readPlace, sessionName } from '../state/place.ts';

const NOWHERE = { view: 'packets', packet: 0, session: '' };

describe('where one is on the page', () => {
  it('is in the address, and read from it again', () => {
    const place = { view: 'path', packet: 4711, session: '3.lq2x' } as const;
    expect(placeQuery(place)).toBe('?view=path&packet=4711&session=3.lq2x');
    expect(readPlace(placeQuery(place))).toEqual(place);
    expect(placeQuery({ ...place, view: 'packets', packet: 0 })).toBe('');
  });

  it('has no packet without its session: another session gives its number to another packet', () => {
    expect(readPlace('?packet=5')).toEqual(NOWHERE);
    expect(placeQuery({ view: 'packets', packet: 5, session: '' })).toBe('');
    expect(sessionName(2, 1_700_000_000_000)).not.toBe(sessionName(2, 1_700_000_060_000));
    expect(sessionName(0, 1_700_000_000_000)).toBe('');
  });

  it('passes over what no page of ours wrote', () => {
    expect(readPlace('?view=<script>&packet=-1&session=x')).toEqual(NOWHERE);
    expect(readPlace('?view=path&packet=1e9&session=x')).toEqual({ ...NOWHERE, view: 'path' });
    expect(readPlace('?%%%')).toEqual(NOWHERE);
  });
});
