import type { SideAbout } from '../../../core/messages/browser.ts';
import type { Side } from '../../../core/model/compare/side.ts';
import { formatCount } from '../../../core/model/format.ts';
import { pageOf } from '../../state/recordings.ts';
import { dayAndClock, formatSpan } from '../health/time.ts';
import { titleOf } from '../recordings/title.ts';
import { leftOutText } from './text.ts';

interface SideTitleProps {
  readonly letter: 'A' | 'B';
  readonly name: string;
  readonly about: SideAbout;
  readonly of: Side;
}

/** Which recording it is: of whom, of when, and how much. */
export function SideTitle({ letter, name, about, of }: SideTitleProps) {
  const { hostname, kernel, baseUnixMs, expression } = about;
  const began = baseUnixMs === 0 ? undefined : baseUnixMs + of.fromNs / 1e6;
  const leftOut = leftOutText(of);
  return (
    <section
      aria-label={`Recording ${letter}`}
      className="min-w-0 rounded-md border border-line bg-raised px-3 py-2"
    >
      <h2 className="flex min-w-0 items-baseline gap-2">
        <SideLetter side={letter} />
        <a
          href={pageOf(name)}
          title={`Open ${name}`}
          className="min-w-0 truncate text-sm font-semibold underline-offset-2 hover:underline"
        >
          {titleOf(name).text}
        </a>
      </h2>
      <p className="mt-0.5 text-soft">
        {[
          hostname === '' ? '' : `${hostname}, Linux ${kernel}`,
          began === undefined || of.packets === 0 ? '' : dayAndClock(began, new Date()),
          of.packets === 0
            ? 'no packets'
            : `${formatCount(of.packets)} packets in ${formatSpan(of.toNs - of.fromNs)}`,
        ]
          .filter((text) => text !== '')
          .join(', ')}
      </p>
      <p className="truncate text-soft" title={expression}>
        captured: <code className="font-mono text-text">{expression === '' ? 'everything' : expression}</code>
      </p>
      {leftOut !== '' && <p className="text-lost">Not in its paths: {leftOut}</p>}
    </section>
  );
}

/** A and B, the same everywhere. */
export function SideLetter({ side }: { readonly side: 'A' | 'B' }) {
  return (
    <span className="inline-flex size-[18px] shrink-0 items-center justify-center rounded-sm border border-line-strong text-2xs font-semibold">
      {side}
    </span>
  );
}
