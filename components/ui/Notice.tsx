import type { ReactNode } from 'react';

interface NoticeProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly icon?: ReactNode;
  readonly action?: ReactNode;
  /** Heading level; the page's own heading is 1. */
  readonly level?: 1 | 2 | 3;
}

/** A full-area message: empty, loading, refused, broken. Says what is the case and what to do. */
export function Notice({ title, children, icon, action, level = 2 }: NoticeProps) {
  const Heading = `h${level}` as const;
  return (
    <div className="flex h-full min-h-40 w-full items-center justify-center overflow-auto p-6">
      <div className="max-w-[52ch] space-y-2 text-center">
        {icon !== undefined && <div className="flex justify-center pb-1 text-muted">{icon}</div>}
        <Heading className="text-sm font-semibold text-text">{title}</Heading>
        <div className="text-sm text-pretty text-soft">{children}</div>
        {action !== undefined && <div className="flex justify-center gap-2 pt-2">{action}</div>}
      </div>
    </div>
  );
}
