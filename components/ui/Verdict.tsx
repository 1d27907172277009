import { ArrowRight, Check, CircleDashed, Minus, X } from 'lucide-react';
import type { VerdictName } from '../../core/model/packet.ts';
import { cn } from './cn.ts';

const LOOKS: Record<
  VerdictName,
  { readonly icon: typeof Check; readonly colour: string; readonly text: string }
> = {
  delivered: { icon: Check, colour: 'text-delivered', text: 'delivered' },
  forwarded: { icon: ArrowRight, colour: 'text-forwarded', text: 'forwarded' },
  dropped: { icon: X, colour: 'text-dropped', text: 'dropped' },
  consumed: { icon: Minus, colour: 'text-consumed', text: 'consumed' },
  inFlight: { icon: CircleDashed, colour: 'text-in-flight', text: 'in flight' },
};

/** How a packet ended: icon, colour and word, and the kernel's reason behind it. */
export function VerdictBadge({
  verdict,
  reason,
}: {
  readonly verdict: VerdictName;
  readonly reason?: string;
}) {
  const { icon: Icon, colour, text } = LOOKS[verdict];
  return (
    <span className={cn('inline-flex min-w-0 items-center gap-1', colour)}>
      <Icon size={12} strokeWidth={2.6} aria-hidden className="shrink-0" />
      <span className="truncate">
        {text}
        {reason !== undefined && reason !== '' && <span className="font-medium"> {reason}</span>}
      </span>
    </span>
  );
}

/** The same in an icon, for beside a packet's number. */
export function VerdictIcon({ verdict }: { readonly verdict: VerdictName }) {
  const { icon: Icon, colour, text } = LOOKS[verdict];
  return (
    <span className={colour} title={text}>
      <Icon size={11} strokeWidth={2.6} aria-hidden />
      <span className="sr-only">{text}</span>
    </span>
  );
}
