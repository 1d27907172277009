'use client';

import { ContextMenu } from 'radix-ui';
import { type ReactNode, useState } from 'react';
import { rowTerms } from '../../../core/model/display/terms.ts';
import { addTerm } from '../../state/display.ts';
import { selectPacket } from '../../state/selection.ts';
import type { CellFacts } from './columns.tsx';
import { COPIES, type CopyAs } from './copy.ts';
import { clickedTerms } from './PacketRowView.tsx';

interface RowMenuProps {
  /** The row of what was clicked, or the selected one for the keyboard; undefined: no menu. */
  readonly factsAt: (target: EventTarget | null) => CellFacts | undefined;
  readonly onCopy: (as: CopyAs, facts: CellFacts) => void;
  readonly children: ReactNode;
}

interface Asked {
  readonly facts: CellFacts;
  /** Of the cell; of the whole row when none was clicked. */
  readonly terms: readonly string[];
}

const PANEL =
  'z-50 min-w-52 max-w-[min(30rem,calc(100vw-16px))] rounded-md border border-line-strong bg-overlay p-1 text-xs shadow-pop';
const ITEM =
  'flex h-6 cursor-default items-center gap-2 rounded-sm px-2 outline-none data-[highlighted]:bg-selected';

/** What can be done with a value of the list, and with its row. */
export function RowMenu({ factsAt, onCopy, children }: RowMenuProps) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const onContextMenu = (event: React.MouseEvent) => {
    const facts = factsAt(event.target);
    if (facts === undefined) {
      event.preventDefault();
      return;
    }
    const cell = clickedTerms(event.target, facts);
    const all = Object.values(rowTerms(facts.row, facts.names)).flat();
    setAsked({ facts, terms: cell.length > 0 ? cell : all });
    selectPacket(facts.row.packet);
  };
  return (
    <ContextMenu.Root modal={false}>
      <ContextMenu.Trigger asChild onContextMenu={onContextMenu}>
        {children}
      </ContextMenu.Trigger>
      <ContextMenu.Portal container={landmark()}>
        {asked !== null && (
          <ContextMenu.Content
            className={PANEL}
            aria-label={`Packet ${asked.facts.row.packet}`}
            collisionPadding={8}
          >
            <Terms label="Only" terms={asked.terms} onTerm={(term) => addTerm(term, false)} />
            <Terms label="Not" terms={asked.terms} onTerm={(term) => addTerm(term, true)} />
            <ContextMenu.Separator className="my-1 h-px bg-line" />
            {COPIES.map((as) => (
              <ContextMenu.Item key={as} className={ITEM} onSelect={() => onCopy(as, asked.facts)}>
                Copy as {as}
              </ContextMenu.Item>
            ))}
          </ContextMenu.Content>
        )}
      </ContextMenu.Portal>
    </ContextMenu.Root>
  );
}

/** Menus are part of the page's main content, for those who go from landmark to landmark. */
const landmark = () => (typeof document === 'undefined' ? null : document.querySelector('main'));

/** A few terms stand in the menu itself, many in one of their own. */
function Terms({
  label,
  terms,
  onTerm,
}: {
  readonly label: string;
  readonly terms: readonly string[];
  readonly onTerm: (term: string) => void;
}) {
  const items = (prefix: string) =>
    terms.map((term) => (
      <ContextMenu.Item key={term} className={ITEM} onSelect={() => onTerm(term)}>
        {prefix !== '' && <span className="w-8 shrink-0 text-muted">{prefix}</span>}
        <span className="truncate font-mono">{term}</span>
      </ContextMenu.Item>
    ));
  if (terms.length <= 3) return items(label);
  return (
    <ContextMenu.Sub>
      <ContextMenu.SubTrigger className={ITEM}>
        {label} … <span className="ml-auto text-muted">▸</span>
      </ContextMenu.SubTrigger>
      <ContextMenu.Portal container={landmark()}>
        <ContextMenu.SubContent className={PANEL} collisionPadding={8}>
          {items('')}
        </ContextMenu.SubContent>
      </ContextMenu.Portal>
    </ContextMenu.Sub>
  );
}
