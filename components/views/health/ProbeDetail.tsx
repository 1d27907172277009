'use client';

import { ListFilter } from 'lucide-react';
import { quote } from '../../../core/model/display/tokens.ts';
import { formatCount } from '../../../core/model/format.ts';
import { explainFunction } from '../../../core/model/functions/index.ts';
import { setDisplay } from '../../state/display.ts';
import { showView } from '../../state/view.ts';
import { Button } from '../../ui/Button.tsx';
import type { FunctionProbe, GroupRow, ProbeRow } from './probes.ts';

/** Shows, in the list, the packets that a function was the last to see: all that a row tells of functions. */
export function showLastSeen({ name }: FunctionProbe): void {
  setDisplay(`func == ${quote(name)}`);
  showView('packets');
}

/** What the selected probe is for. */
export function ProbeDetail({
  row,
  onPrice,
}: {
  readonly row: ProbeRow | undefined;
  /** Measures what a group that is off would cost; undefined: that cannot be done now. */
  readonly onPrice: ((row: GroupRow) => void) | undefined;
}) {
  return (
    <section
      aria-label="The selected probe"
      className="flex min-h-[4.6rem] shrink-0 flex-col gap-1 border-t border-line bg-raised px-3 py-1.5 text-xs"
    >
      {row === undefined ? (
        <p className="text-muted">Nothing is selected.</p>
      ) : (
        <Body row={row} onPrice={onPrice} />
      )}
    </section>
  );
}

function Body({
  row,
  onPrice,
}: {
  readonly row: ProbeRow;
  readonly onPrice: ((row: GroupRow) => void) | undefined;
}) {
  if (row.kind === 'group')
    return (
      <>
        <div className="flex items-center gap-2">
          <h3 className="min-w-0 truncate font-semibold">{row.name}</h3>
          {row.part !== undefined && !row.isOn && (
            <Button
              look="quiet"
              className="ml-auto"
              aria-disabled={onPrice === undefined}
              title="Measures for a second what it would cost; nothing is recorded there meanwhile"
              onClick={() => onPrice?.(row)}
            >
              Price
            </Button>
          )}
        </div>
        <p className="text-soft">
          {row.isOn || row.part === undefined
            ? `${formatCount(row.attached)} of ${formatCount(row.of)} attached. Enter ${row.isFolded ? 'opens' : 'folds'} the group.`
            : `Off: paths have no hop here. On, it would be ${formatCount(row.of)} functions.`}
        </p>
        {row.part !== undefined && (
          <p className="text-muted">
            x switches it {row.isOn ? 'off' : 'on'}: at once, for packets that are on their way too. The
            session goes on.
          </p>
        )}
      </>
    );
  if (row.kind === 'program')
    return (
      <>
        <h3 className="font-semibold">{row.name}</h3>
        <p className="text-pretty text-soft">
          <code className="font-mono">{row.program}</code>, an eBPF program of its own ({row.by}): it tells an
          end, a relation or a decision, or who owns a socket. It makes no hops, so that none are counted.
        </p>
      </>
    );
  return (
    <>
      <div className="flex items-center gap-2">
        <h3 className="min-w-0 truncate font-semibold">
          {row.name}{' '}
          <span className="font-normal text-soft">
            {row.stage}
            {row.module !== '' && `, module ${row.module}`}
          </span>
        </h3>
        <Button
          look="quiet"
          className="ml-auto"
          title="Packets whose last hop so far is here (Enter)"
          onClick={() => showLastSeen(row)}
        >
          <ListFilter size={12} aria-hidden /> Packets last seen here
        </Button>
      </div>
      <p className="text-pretty text-soft">
        {explainFunction(row.name, row.module) ?? 'Nobody has written down what this function does.'}
      </p>
      <p className="text-muted empty:hidden">{stateText(row)}</p>
    </>
  );
}

function stateText({ state, isJoined, isOther }: FunctionProbe): string {
  switch (state.is) {
    case 'refused':
      return `Not probed: the kernel refused, ${state.reason}. Paths have no hop here.`;
    case 'absent':
      return 'Not probed: this kernel has no such function to attach to. It was inlined or renamed, or its module is not loaded.';
    case 'off':
      return 'Not probed: no capture runs.';
    case 'attached':
      if (isOther)
        return 'It takes no skb: a hop of the packet whose probed function is on the same stack, above it.';
      return isJoined ? 'Joined: it was on the stack of a drop. Packets from then on have hops here.' : '';
  }
}
