import { type Count, change, isChance } from '../../../core/model/compare/compare.ts';
import { formatCount } from '../../../core/model/format.ts';
import { cn } from '../../ui/cn.ts';
import { changeText, shareText } from './text.ts';

/** A number that leads to its packets; one that has none leads nowhere. */
export function CountLink({ of, href }: { readonly of: Count | undefined; readonly href: string }) {
  if (of === undefined || of.count === 0) return <span className="text-muted">–</span>;
  return (
    <a
      href={href}
      title={`${formatCount(of.count)}: show them`}
      className="underline-offset-2 hover:underline"
    >
      {shareText(of.share)} <span className="text-muted max-sm:block">{formatCount(of.count)}</span>
    </a>
  );
}

interface ChangeProps {
  readonly a: Count;
  readonly b: Count;
  /** More of it is worse. */
  readonly isBad?: boolean;
}

/** How much more of the packets have it in B. */
export function Change({ a, b, isBad = false }: ChangeProps) {
  const text = changeText(change({ a, b }));
  if (text === '=' || isChance({ a, b }))
    return (
      <span className="text-muted" title={text === '=' ? undefined : 'So few packets that it may be chance'}>
        {text}
      </span>
    );
  return <span className={cn('font-medium', isBad && text.startsWith('+') && 'text-dropped')}>{text}</span>;
}
