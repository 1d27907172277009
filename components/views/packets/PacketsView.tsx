'use client';

import { Group, Panel, Separator } from 'react-resizable-panels';
import { selectPacket, useSelection } from '../../state/selection.ts';
import { useSession } from '../../state/session.ts';
import { PathView } from '../path/PathView.tsx';
import { PacketList } from './PacketList.tsx';

/** The list of packets, and below it the path of the selected one. */
export function PacketsView() {
  const packet = useSelection((state) => state.packet);
  const session = useSession((state) => state.snapshot?.session ?? 0);
  return (
    <Group orientation="vertical" className="h-full">
      <Panel id="packets" minSize="20%" defaultSize={packet === 0 ? '100%' : '36%'}>
        <PacketList />
      </Panel>
      {packet !== 0 && (
        <>
          <Separator className="h-px bg-line-strong outline-offset-[-1px] data-[separator=hover]:h-[3px] data-[separator=hover]:bg-focus" />
          <Panel id="path" minSize="20%" defaultSize="64%">
            <PathView packet={packet} session={session} onClose={() => selectPacket(0)} />
          </Panel>
        </>
      )}
    </Group>
  );
}
