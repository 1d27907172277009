import type { Command } from '../../state/commands.ts';
import { packets } from '../../state/packets/store.ts';
import { chooseCompared } from '../../state/paths/compare.ts';
import { usePaths } from '../../state/paths/store.ts';
import { useSelection } from '../../state/selection.ts';
import { showView, useView } from '../../state/view.ts';

/** The newest packet of the selected path where this session's paths are on screen, else the selected packet. */
function chosen(): { readonly packet: number; readonly path: number } | undefined {
  const { analysis, selected, session } = usePaths.getState();
  const path = analysis?.paths.find(({ id }) => id === selected);
  const sample = path?.samples[0];
  const isShown = useView.getState().view === 'paths' && session === packets.session;
  if (isShown && path !== undefined && sample !== undefined) return { packet: sample, path: path.number };
  const { packet } = useSelection.getState();
  return packet === 0 ? undefined : { packet, path: 0 };
}

/** In all views, the page registers it: the two packets may be chosen in different ones, before Paths was ever shown. */
export const COMPARE: Command = {
  id: 'path.compare',
  title: 'Compare with … (run it on one packet or path, then on the other)',
  group: 'Path',
  keys: [{ key: 'c' }],
  enabled: () => chosen() !== undefined,
  run: () => {
    const one = chosen();
    if (one === undefined) return;
    chooseCompared(one);
    showView('paths');
  },
};
