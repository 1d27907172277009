import { describe, expect, it } from 'vitest';
import { titleOf } from '../views/recordings/title.ts';

describe('the title of a recording', () => {
  it('is of whom and when, with its part', () => {
    expect(titleOf('2026-11-30T11-33-16.164Z-lab')).toEqual({
      of: 'lab',
      part: '',
      text: 'lab, 2026-11-30 11:33:16 UTC',
    });
    expect(titleOf('2026-11-30T11-33-16.164Z-edge-7.example.12')).toEqual({
      of: 'edge-7.example',
      part: '12',
      text: 'edge-7.example, 2026-11-30 11:33:16 UTC, part 12',
    });
  });

  it('is its name where that says nothing more', () => {
    expect(titleOf('dns-outage')).toEqual({ of: 'dns-outage', part: '', text: 'dns-outage' });
  });
});
