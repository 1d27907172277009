'use client';

import { ChevronDown, ChevronRight } from 'lucide-react';
import { useEffect, useState } from 'react';
import { formatCount, verdictName } from '../../../core/model/format.ts';
import type { Path } from '../../../core/model/hop.ts';
import { ancestorsOf, childrenOf, originsOf, type Relatives, splitsOf } from '../../../core/model/lineage.ts';
import { commands } from '../../state/commands.ts';
import { useNames } from '../../state/names.ts';
import { packets } from '../../state/packets/store.ts';
import { prefer, usePreferences } from '../../state/preferences.ts';
import { selectHop, selectPacket } from '../../state/selection.ts';
import { cn } from '../../ui/cn.ts';
import { VerdictIcon } from '../../ui/Verdict.tsx';
import { LineageTree } from './LineageTree.tsx';
import { labelOf } from './layout.ts';

/** Relatives named at first; the rest a click away. */
const SHOWN = 8;

/**
 * Where the packet came from and what came out of it: a line of links, and below it when it is open the tree of them
 * all; nothing for a packet that is alone.
 */
export function LineageStrip({ path }: { readonly path: Path }) {
  const [isAll, setAll] = useState(false);
  const lineageOpen = usePreferences((state) => state.lineageOpen);
  const origins = originsOf(path);
  const children = childrenOf(path);
  const isAlone = origins.length === 0 && children.length === 0;
  useEffect(
    () =>
      commands.register([
        { id: 'path.lineage', title: 'Tree of relatives', group: 'Path', keys: [{ key: 'r' }], enabled: () => !isAlone, run: () => prefer({ lineageOpen: !lineageOpen }) },
      ]), // biome-ignore format: a table
    [isAlone, lineageOpen],
  );
  if (isAlone) return null;
  const above =
    path.parent === 0 ? [] : ancestorsOf(path.parent, (id) => packets.row(packets.indexOf(id))?.parent ?? 0);
  const total = [...origins, ...children].reduce((sum, group) => sum + group.packets.length, 0);
  const hidden = isAll ? 0 : [...origins, ...children].reduce((sum, group) => sum + beyond(group), 0);
  const Chevron = lineageOpen ? ChevronDown : ChevronRight;
  return (
    <nav aria-label="Lineage" className="flex shrink-0 flex-col">
      <div
        className={cn(
          'flex min-h-[26px] shrink-0 items-center gap-x-3 border-b border-line px-2 py-0.5',
          isAll ? 'max-h-24 flex-wrap overflow-y-auto' : 'overflow-hidden',
        )}
      >
        <button
          type="button"
          aria-expanded={lineageOpen}
          title={`${lineageOpen ? 'Close' : 'Open'} the tree of relatives (r)`}
          className="-ml-0.5 inline-flex shrink-0 items-center gap-1 rounded-sm text-muted hover:text-text"
          onClick={() => prefer({ lineageOpen: !lineageOpen })}
        >
          <Chevron size={13} aria-hidden /> Relatives
        </button>
        <Splits path={path} />
        {!lineageOpen && (
          <>
            {origins.map((group) => (
              <Group key={group.words} group={group} isAll={isAll}>
                {above.map((packet) => (
                  <span key={packet} className="inline-flex items-center gap-1">
                    <span className="text-muted">out of</span>
                    <PacketLink packet={packet} />
                  </span>
                ))}
              </Group>
            ))}
            {origins.length > 0 && children.length > 0 && (
              <span aria-hidden className="text-faint">
                ·
              </span>
            )}
            {children.map((group) => (
              <Group key={group.words} group={group} isAll={isAll} />
            ))}
            {(hidden > 0 || isAll) && total > SHOWN && (
              <button
                type="button"
                aria-expanded={isAll}
                className="shrink-0 text-soft underline decoration-line-strong underline-offset-2 hover:text-text"
                onClick={() => setAll(!isAll)}
              >
                {isAll ? 'fewer' : `and ${formatCount(hidden)} more`}
              </button>
            )}
          </>
        )}
      </div>
      {lineageOpen && <LineageTree path={path} />}
    </nav>
  );
}

/** Where one became several: a click puts the cursor on the first such hop. */
function Splits({ path }: { readonly path: Path }) {
  const { book } = useNames();
  const splits = splitsOf(path);
  const [first] = splits;
  const hop = first && path.hops[first.hop];
  if (first === undefined || hop === undefined) return null;
  return (
    <button
      type="button"
      title="Show the hop at which it splits"
      className="shrink-0 font-medium text-text underline decoration-line-strong underline-offset-2 hover:decoration-current"
      onClick={() => selectHop(first.hop)}
    >
      Splits at {labelOf(hop, book)} in {book.netnsName(hop.netns)}
      {splits.length > 1 && ` and at ${formatCount(splits.length - 1)} more`}
    </button>
  );
}

const beyond = ({ packets: all }: Relatives): number => Math.max(0, all.length - SHOWN);

function Group({
  group,
  isAll,
  children,
}: {
  readonly group: Relatives;
  readonly isAll: boolean;
  readonly children?: React.ReactNode;
}) {
  const shown = isAll ? group.packets : group.packets.slice(0, SHOWN);
  return (
    <span
      className={cn(
        'inline-flex items-center gap-x-2 whitespace-nowrap',
        isAll && 'flex-wrap',
        !isAll && 'shrink-0',
      )}
    >
      <span className="text-muted">{group.words}</span>
      {shown.map((packet) => (
        <PacketLink key={packet} packet={packet} />
      ))}
      {children}
    </span>
  );
}

/** A packet's number, with how it ended when the page has its row. */
function PacketLink({ packet }: { readonly packet: number }) {
  const row = packets.row(packets.indexOf(packet));
  return (
    <button
      type="button"
      className="inline-flex items-center gap-0.5 text-link hover:underline"
      title="Show this packet’s path"
      onClick={() => selectPacket(packet)}
    >
      #{packet}
      {row !== undefined && <VerdictIcon verdict={verdictName(row.verdict)} />}
    </button>
  );
}
