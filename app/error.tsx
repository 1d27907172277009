'use client';

import { Button } from '../components/ui/Button.tsx';
import { Notice } from '../components/ui/Notice.tsx';

/** Shown when drawing the dashboard threw. The capture itself goes on in the server. */
export default function ErrorPage({ error, reset }: { error: Error; reset: () => void }) {
  return (
    <Notice
      title="The page hit a fault and stopped drawing"
      action={<Button onClick={reset}>Draw again</Button>}
    >
      The capture goes on; nothing is lost by this. What went wrong: {error.message}
    </Notice>
  );
}
