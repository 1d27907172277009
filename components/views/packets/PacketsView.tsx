'use client';

import { Group, Panel } from 'react-resizable-panels';
import { usePanes } from '../../state/panes.ts';
import { selectPacket, useSelection } from '../../state/selection.ts';
import { useSession } from '../../state/session.ts';
import { Divider } from '../../ui/Divider.tsx';
import { LazyPathView } from '../path/LazyPathView.tsx';
import { PacketList } from './PacketList.tsx';

/** The list of packets, and below it the path of the selected one. */
export function PacketsView() {
  const packet = useSelection((state) => state.packet);
  const session = useSession((state) => state.snapshot?.session ?? 0);
  const panes = usePanes('packets', 'vertical', packet === 0 ? ['packets'] : ['packets', 'path']);
  return (
    <Group {...panes} className="h-full">
      <Panel id="packets" minSize="20%" defaultSize={packet === 0 ? '100%' : '36%'}>
        <PacketList />
      </Panel>
      {packet !== 0 && (
        <>
          <Divider label="Height of the path" />
          <Panel id="path" minSize="20%" defaultSize="64%">
            <LazyPathView packet={packet} session={session} onClose={() => selectPacket(0)} />
          </Panel>
        </>
      )}
    </Group>
  );
}
