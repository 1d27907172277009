import { commands } from '../../state/commands.ts';
import { chooseCompared } from '../../state/paths/compare.ts';
import { usePaths } from '../../state/paths/store.ts';
import { useSelection } from '../../state/selection.ts';
import { showView, useView } from '../../state/view.ts';

/** The selected path's newest packet where paths are on screen, else the selected packet. */
function chosen(): { readonly packet: number; readonly path: number } | undefined {
  const { analysis, selected } = usePaths.getState();
  const path = analysis?.paths.find(({ id }) => id === selected);
  const sample = path?.samples[0];
  if (useView.getState().view === 'paths' && path !== undefined && sample !== undefined)
    return { packet: sample, path: path.number };
  const { packet } = useSelection.getState();
  return packet === 0 ? undefined : { packet, path: 0 };
}

// in all views: the two packets may be chosen in different ones
commands.register([
  {
    id: 'compare',
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
  },
]);
