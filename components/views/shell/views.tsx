'use client';

import type { ComponentType } from 'react';
import { selectPacket, useSelection } from '../../state/selection.ts';
import { useSession } from '../../state/session.ts';
import { showView, VIEW_IDS, type ViewId } from '../../state/view.ts';
import { Button } from '../../ui/Button.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { PacketsView } from '../packets/PacketsView.tsx';
import { LazyPathView } from '../path/LazyPathView.tsx';
import { lazily } from './lazy.tsx';

export interface View {
  readonly id: ViewId;
  readonly label: string;
  /** What it answers: for the palette, and the tab's title. */
  readonly about: string;
  readonly Component: ComponentType;
}

/** The first view's script is the page's; that of others comes later. */
const MapView = lazily(() => import('../map/MapView.tsx').then((module) => module.MapView));
const PathsView = lazily(() => import('../paths/PathsView.tsx').then((module) => module.PathsView));
const DropsView = lazily(() => import('../drops/DropsView.tsx').then((module) => module.DropsView));
const LatencyView = lazily(() => import('../latency/LatencyView.tsx').then((module) => module.LatencyView));
const HealthView = lazily(() => import('../health/HealthView.tsx').then((module) => module.HealthView));
const FlowsView = lazily(() => import('../flows/FlowsView.tsx').then((module) => module.FlowsView));

/** The page's views. One is a component without properties, which fills the room that it gets. */
export const VIEWS: readonly [View, ...View[]] = [
  { id: 'packets', label: 'Packets', about: 'Every packet, a row each', Component: PacketsView },
  { id: 'path', label: 'Path', about: 'The selected packet, hop by hop', Component: WholePath },
  { id: 'map', label: 'Map', about: 'The network as it is wired, with packets on it', Component: MapView },
  { id: 'paths', label: 'Paths', about: 'All packets folded into distinct paths', Component: PathsView },
  { id: 'drops', label: 'Drops', about: 'What the kernel dropped, by cause, and why', Component: DropsView },
  {
    id: 'latency',
    label: 'Latency',
    about: 'Where packets spend their time, and wait',
    Component: LatencyView,
  },
  { id: 'flows', label: 'Flows', about: 'Who talks to whom, and the TCP connections', Component: FlowsView },
  {
    id: 'health',
    label: 'Health',
    about: 'Probes, losses, source: what can be trusted',
    Component: HealthView,
  },
];

/** The key that shows a view: its place among all, whether they are there or not. */
export const viewKey = (id: ViewId): string => String(VIEW_IDS.indexOf(id) + 1);

/** The selected packet's path on the whole page. */
function WholePath() {
  const packet = useSelection((state) => state.packet);
  const session = useSession((state) => state.snapshot?.session ?? 0);
  if (packet === 0)
    return (
      <Notice
        title="No packet is selected"
        level={2}
        action={<Button onClick={() => showView('packets')}>Show the packets</Button>}
      >
        Select one in the list: its path is drawn here, from first sight to its end.
      </Notice>
    );
  return <LazyPathView packet={packet} session={session} onClose={closePath} />;
}

function closePath(): void {
  selectPacket(0);
  showView('packets');
}
