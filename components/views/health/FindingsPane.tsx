'use client';

import type { Finding } from '../../../core/model/doctor/index.ts';
import { FindingMark } from './marks.tsx';

/** What the doctor found, worst first: what one does not see because of it, and what to do. */
export function FindingsPane({
  findings,
  untold,
}: {
  readonly findings: readonly Finding[];
  /** Why some of it could not be looked at, '' when all was. */
  readonly untold: string;
}) {
  const wanting = findings.filter(({ state }) => state !== 'ok');
  const fine = findings.filter(({ state }) => state === 'ok');
  return (
    <section aria-label="Findings" className="px-3 py-2">
      <h2 className="mb-1 text-xs font-semibold">
        Findings{' '}
        <span className="font-normal text-soft">
          {findings.length === 0
            ? 'none yet: no source is connected'
            : wanting.length === 0
              ? 'nothing is wanting'
              : `${wanting.length} of ${findings.length} want a look`}
        </span>
      </h2>
      <ul className="divide-y divide-line text-xs">
        {wanting.map(({ id, title, state, found, effect, advice }) => (
          <li key={id} data-finding={id} className="space-y-0.5 py-1.5">
            <div className="flex items-baseline gap-2">
              <b className="font-medium">{title}</b>
              <FindingMark state={state} />
            </div>
            <p className="break-words text-soft">{found}</p>
            <p>{effect}</p>
            <p className="text-soft">→ {advice}</p>
          </li>
        ))}
        {fine.map(({ id, title, found }) => (
          <li key={id} data-finding={id} className="flex items-baseline gap-2 py-0.5">
            <FindingMark state="ok" />
            <span className="min-w-0">
              <b className="font-medium">{title}</b> <span className="break-words text-soft">{found}</span>
            </span>
          </li>
        ))}
      </ul>
      {untold !== '' && <p className="mt-1 text-xs text-muted">{untold}</p>}
    </section>
  );
}
