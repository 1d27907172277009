import { beforeEach, expect, it } from 'vitest';
import { setDisplay, setRange, useDisplay } from '../state/display.ts';
import { prefer, usePreferences } from '../state/preferences.ts';
import { showInPackets } from '../state/show.ts';
import { showView, useView } from '../state/view.ts';

const shown = () => {
  const { inForce, range } = useDisplay.getState();
  return { inForce, range, view: useView.getState().view, strip: usePreferences.getState().stripOpen };
};

beforeEach(() => {
  setDisplay('udp');
  setRange(null);
  prefer({ stripOpen: false });
  showView('map');
});

it('a term joins the display filter once, and a range that is in force stays', () => {
  const range = { fromNs: 1e9, toNs: 2e9 };
  setRange(range);
  showInPackets('dropped');
  showInPackets('dropped');
  expect(shown()).toEqual({ inForce: 'udp and dropped', range, view: 'packets', strip: false });
});

it('what was counted within a range is listed within it, and the strip shows that', () => {
  showInPackets('dropped', { fromNs: 5e9, toNs: 10e9 });
  expect(shown()).toMatchObject({ range: { fromNs: 5e9, toNs: 10e9 }, view: 'packets', strip: true });
});

it.each([
  ['both', { fromNs: 6e9, toNs: 20e9 }, { fromNs: 6e9, toNs: 10e9 }],
  ['the narrower', { fromNs: 6e9, toNs: 7e9 }, { fromNs: 6e9, toNs: 7e9 }],
  ['nothing, where they do not meet', { fromNs: 1e9, toNs: 2e9 }, { fromNs: 5e9, toNs: 5e9 }],
])('a range that is in force leaves %s of it', (_, range, left) => {
  setRange(range);
  showInPackets('dropped', { fromNs: 5e9, toNs: 10e9 });
  expect(shown().range).toEqual(left);
});
