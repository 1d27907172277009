'use client';

import { asNs } from '../../../core/base/units.ts';
import { formatClock, formatCount } from '../../../core/model/format.ts';
import { sourceText } from '../../../core/model/source-text.ts';
import { useDisplay } from '../../state/display.ts';
import { packets } from '../../state/packets/store.ts';
import { useSession } from '../../state/session.ts';
import { PRINTED_ROWS_MAX, usePrinting } from '../../ui/printing.ts';

/** What stands above a printed view: what it is of, what was captured and shown, and when. */
export function PrintHeader({ view }: { readonly view: string }) {
  const isPrinting = usePrinting();
  const { snapshot, baseUnixMs } = useSession();
  const { inForce, range } = useDisplay();
  if (!isPrinting || snapshot === null) return null;
  const { source, capture } = snapshot;
  const hello = source.phase === 'connected' ? source.hello : undefined;
  const filter = 'spec' in capture ? capture.spec.filter.expression : undefined;
  const clock = (ns: number) => formatClock(asNs(ns), baseUnixMs);
  const facts: readonly (readonly [string, string])[] = [
    ['Host', hello === undefined ? 'the source is gone' : sourceText(hello)],
    ['Captured', filter === undefined ? 'not capturing now' : filter || 'everything'],
    ['Shown', inForce.trim() || 'everything that was captured'],
    ...(range === null ? [] : [['First seen', `${clock(range.fromNs)} to ${clock(range.toNs)}`] as const]),
    ['First packet', clock(packets.originNs)],
    ['Printed', `${new Date().toISOString().slice(0, 19).replace('T', ' ')} UTC`],
  ];
  return (
    <header data-print-header className="mb-3 border-b border-line-strong pb-2">
      <p className="text-base font-semibold">skbtracer: {view}</p>
      <dl className="mt-1 grid grid-cols-[5.5rem_1fr] gap-x-2">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="font-mono">{value}</dd>
          </div>
        ))}
      </dl>
      {packets.size > PRINTED_ROWS_MAX && (
        <p className="mt-1">
          Of a list, at most {formatCount(PRINTED_ROWS_MAX)} rows before and after those on screen are
          printed.
        </p>
      )}
    </header>
  );
}
