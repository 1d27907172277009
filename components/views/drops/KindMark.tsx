import { CircleAlert, Minus, TriangleAlert } from 'lucide-react';
import type { Tone } from '../../../core/model/diagnosis/index.ts';
import { cn } from '../../ui/cn.ts';
import type { GroupKind } from './tones.ts';

const LOOKS: Readonly<
  Record<Tone, { readonly icon: typeof Minus; readonly colour: string; readonly meaning: string }>
> = {
  problem: {
    icon: TriangleAlert,
    colour: 'text-dropped',
    meaning: 'the packet did not get where it should',
  },
  notice: { icon: CircleAlert, colour: 'text-text', meaning: 'worth knowing' },
  ordinary: {
    icon: Minus,
    colour: 'text-muted',
    meaning: 'how packets end; the kernel calls it a drop all the same',
  },
};

/** What the diagnosis makes of a group that the kernel calls dropped. */
export function KindMark({ kind }: { readonly kind: GroupKind | undefined }) {
  if (kind?.tone === undefined)
    return <span className="text-muted">{kind === undefined ? '…' : 'not known'}</span>;
  const { icon: Icon, colour, meaning } = LOOKS[kind.tone];
  return (
    <span
      className={cn('inline-flex items-center gap-1', colour)}
      title={`${kind.isMixed ? 'Of the packets looked at, the worst: ' : ''}${meaning}. ${kind.title}`}
    >
      <Icon size={12} aria-hidden className="shrink-0" />
      {kind.tone}
      {kind.isMixed && <span className="text-muted">+</span>}
    </span>
  );
}
