'use client';

import { ListFilter, Route } from 'lucide-react';
import { useState } from 'react';
import type { DropGroup, DropGrouping } from '../../../core/model/aggregate/drops.ts';
import { formatCount } from '../../../core/model/format.ts';
import type { Path } from '../../../core/model/hop.ts';
import { setDisplay } from '../../state/display.ts';
import { useNames } from '../../state/names.ts';
import { packets } from '../../state/packets/store.ts';
import { selectDecision, selectHop, selectPacket, useSelection } from '../../state/selection.ts';
import { useSession } from '../../state/session.ts';
import { showView } from '../../state/view.ts';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/cn.ts';
import { AdviceList, CertaintyMark, EvidenceList } from '../path/Explanation.tsx';
import { isLongPath, shortPathsOnly } from '../path/long/text.ts';
import { useDiagnosis } from '../path/useDiagnosis.ts';
import { usePacketRow, usePath } from '../path/usePath.ts';
import { DropPackets } from './DropPackets.tsx';
import { type GroupName, groupFilter, nameText } from './text.ts';

interface DropDetailProps {
  readonly by: DropGrouping;
  readonly group: DropGroup;
  readonly name: GroupName;
  readonly listRef: React.RefObject<HTMLDivElement | null>;
}

/** Shows the packet's path in its view; the back button leads here again. */
export function showPath(packet: number): void {
  selectPacket(packet);
  showView('path');
}

/** Lists the group's packets in the Packets view, by the display filter. */
function showOnly(by: DropGrouping, { sample }: DropGroup): void {
  const row = packets.row(packets.indexOf(sample));
  if (row === undefined) return; // let go meanwhile
  setDisplay(groupFilter(by, row, useNames.getState().book));
  showView('packets');
}

/** Why packets of this group end so, by one of them, and which those are. Has the group's key. */
export function DropDetail({ by, group, name, listRef }: DropDetailProps) {
  const session = useSession((state) => state.snapshot?.session ?? 0);
  // the newest when the group was selected: with each newer one the explanation would begin anew
  const [pinned] = useState(group.sample);
  const selected = useSelection((state) => state.packet);
  const packet = group.packets.includes(selected) ? selected : pinned;
  return (
    <section aria-label="The selected group" className="flex h-full min-h-0 flex-col bg-surface">
      <header className="flex min-h-9 shrink-0 items-center gap-2 border-b border-line px-3 py-1">
        <h3 className="min-w-0 truncate text-xs font-semibold" title={nameText(name)}>
          {name.main} <span className="font-normal text-soft">{name.more}</span>
        </h3>
        <Button look="quiet" className="ml-auto" onClick={() => showOnly(by, group)}>
          <ListFilter size={12} aria-hidden /> Show in Packets
        </Button>
        <Button look="quiet" onClick={() => showPath(packet)}>
          <Route size={12} aria-hidden /> Path of {formatCount(packet)}
        </Button>
      </header>
      <Explained key={packet} packet={packet} session={session} isSample={packet === pinned} />
      <DropPackets group={group} current={packet} listRef={listRef} />
    </section>
  );
}

/** The whole diagnosis of one packet, as above its path. */
function Explained({
  packet,
  session,
  isSample,
}: {
  readonly packet: number;
  readonly session: number;
  readonly isSample: boolean;
}) {
  const { row, stamp } = usePacketRow(packet);
  const isLong = isLongPath(row?.hops);
  const { path, failure } = usePath(packet, session, stamp, !isLong);
  const { diagnosis, inquiry } = useDiagnosis(path, session, packet);
  const go = (hop: number, decision: number | undefined) => {
    showPath(packet);
    if (decision === undefined) selectHop(hop);
    else selectDecision(decision, hop);
  };
  return (
    <div
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      role="group"
      aria-label="Why"
      data-tone={diagnosis?.tone}
      className={cn(
        'min-h-24 flex-1 overflow-y-auto border-b border-line px-3 py-2 outline-offset-[-2px]',
        diagnosis?.tone === 'problem' && 'shadow-[inset_3px_0_0_var(--dropped)]',
        diagnosis?.tone === 'notice' && 'shadow-[inset_3px_0_0_var(--in-flight)]',
      )}
    >
      <p className="text-2xs text-muted">
        Packet {formatCount(packet)}
        {isSample ? ', the newest when this group was selected' : ', selected'}
      </p>
      {isLong ? (
        <p className="text-soft">{shortPathsOnly('Why it was dropped is told', row?.hops ?? 0)}</p>
      ) : (
        <Told path={path} failure={failure?.message} diagnosis={diagnosis} inquiry={inquiry} onGo={go} />
      )}
    </div>
  );
}

function Told({
  path,
  failure,
  diagnosis,
  inquiry,
  onGo,
}: ReturnType<typeof useDiagnosis> & {
  readonly path: Path | undefined;
  readonly failure: string | undefined;
  readonly onGo: (hop: number, decision: number | undefined) => void;
}) {
  if (path === undefined)
    return (
      <p className="text-soft" role="status">
        {failure ?? 'Reading its path …'}
      </p>
    );
  if (diagnosis === undefined) return <p className="text-soft">Nothing is known of its end yet.</p>;
  const { title, tone, certainty, category, evidence, advice } = diagnosis;
  return (
    <>
      <p className={cn('mt-0.5 text-sm text-pretty', tone !== 'ordinary' && 'font-semibold')}>{title}</p>
      <p className="mt-1 mb-1.5 flex flex-wrap items-center gap-2 text-2xs text-muted">
        <CertaintyMark certainty={certainty} />
        {category}
        {tone === 'ordinary' && <span>an ordinary end that the kernel calls a drop</span>}
      </p>
      <EvidenceList path={path} evidence={evidence} inquiry={inquiry} onGo={onGo} />
      {advice.length > 0 && (
        <>
          <h4 className="mt-2 mb-0.5 text-2xs font-semibold text-muted">What to do</h4>
          <AdviceList advice={advice} />
        </>
      )}
    </>
  );
}
