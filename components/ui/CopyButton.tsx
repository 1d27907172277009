'use client';

import { Check, Copy } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { Button } from './Button.tsx';

/** How long the button shows that it copied. */
const SAID_MS = 1600;

interface CopyButtonProps {
  /** Made when it is asked for. */
  readonly text: () => string;
  /** What is copied, for the title and for what is said: `the command`. */
  readonly what: string;
  /** Beside the icon; without it the button is a square. */
  readonly children?: ReactNode;
  readonly className?: string;
}

/** Copies a text, and says so: with a tick for a moment, and politely to assistive technology. */
export function CopyButton({ text, what, children, className }: CopyButtonProps) {
  const [said, setSaid] = useState<'' | 'copied' | 'refused'>('');
  useEffect(() => {
    if (said === '') return;
    const timer = setTimeout(() => setSaid(''), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setSaid('copied');
    } catch {
      // no clipboard outside https and localhost
      setSaid('refused');
    }
  };
  const Icon = said === 'copied' ? Check : Copy;
  return (
    <>
      <Button
        look="quiet"
        square={children === undefined}
        className={className}
        title={said === 'refused' ? 'The browser does not let the page copy' : `Copy ${what}`}
        aria-label={children === undefined ? `Copy ${what}` : undefined}
        onClick={copy}
      >
        <Icon size={12} aria-hidden /> {children}
      </Button>
      <span role="status" className="sr-only">
        {said === 'copied' && `Copied ${what}`}
        {said === 'refused' && 'The browser does not let the page copy'}
      </span>
    </>
  );
}
