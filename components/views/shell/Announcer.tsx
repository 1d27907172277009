'use client';

import { useEffect, useRef } from 'react';
import { formatCount } from '../../../core/model/format.ts';
import { announce, useAnnouncements } from '../../state/announce.ts';
import { useDisplay } from '../../state/display.ts';
import { useNames } from '../../state/names.ts';
import { DropKinds } from '../../state/packets/drop-kinds.ts';
import { packets } from '../../state/packets/store.ts';
import { visible } from '../../state/packets/visible.ts';
import { type Missing, nowMissing, type Situation, useSession } from '../../state/session.ts';

/** A filter is said when the person stopped writing; drops are looked at this often. */
const SETTLED_MS = 800;
const DROPS_MS = 2000;

/** What a person who does not see the page must hear of: one polite region for all of it. */
export function Announcer({ situation }: { readonly situation: Situation }) {
  const said = useAnnouncements((state) => state.said);
  useSituation(situation);
  useCaptureFilter();
  useShown();
  useDrops();
  return (
    <div role="log" aria-live="polite" aria-label="Announcements" className="sr-only">
      {said.map(({ id, text }) => (
        <p key={id}>{text}.</p>
      ))}
    </div>
  );
}

/** That something is wrong is the banner's to say, at once; this says that it is well again. */
function useSituation({ kind }: Situation): void {
  const before = useRef<Missing>('');
  useEffect(() => {
    const { missing, text } = nowMissing(before.current, kind);
    before.current = missing;
    if (text !== '') announce(text);
  }, [kind]);
}

/** What runs, when it is another filter than before. */
function useCaptureFilter(): void {
  const capture = useSession((state) => state.snapshot?.capture);
  const expression = capture?.phase === 'running' ? capture.spec.filter.expression : undefined;
  const before = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (expression === undefined) return;
    if (before.current !== undefined && before.current !== expression)
      announce(`Filter applied: ${expression === '' ? 'everything is captured' : expression}`);
    before.current = expression;
  }, [expression]);
}

/** How many packets display filter and time range let through, when one of them is another. */
function useShown(): void {
  const inForce = useDisplay((state) => state.inForce);
  const range = useDisplay((state) => state.range);
  const isFirst = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: they are what makes it worth saying
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    const timer = setTimeout(() => {
      const rows = visible.rows();
      announce(
        rows === null
          ? `All ${formatCount(packets.size)} packets are shown`
          : `${formatCount(rows.length)} of ${formatCount(packets.size)} packets are shown`,
      );
    }, SETTLED_MS);
    return () => clearTimeout(timer);
  }, [inForce, range]);
}

/** Reasons for drops that the session did not have yet. */
function useDrops(): void {
  useEffect(() => {
    const kinds = new DropKinds(packets);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      timer = undefined;
      const { book } = useNames.getState();
      const names = kinds.fresh().map((reason) => book.reasonName(reason));
      if (names.length > 0) announce(`New kind of drop: ${names.join(', ')}`);
    };
    const off = packets.subscribe(() => {
      timer ??= setTimeout(look, DROPS_MS);
    });
    return () => {
      off();
      clearTimeout(timer);
    };
  }, []);
}
