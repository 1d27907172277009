'use client';

import type { Failure } from '../../../core/base/result.ts';
import { NO_RECORDING } from '../../state/session.ts';
import { Notice } from '../../ui/Notice.tsx';

/** In the place of the page that the server does not give. */
export function NotLetIn({ error }: { readonly error: Failure }) {
  if (error.code === NO_RECORDING)
    return (
      <Notice
        title="This recording cannot be shown"
        level={1}
        action={
          <a href="/recordings" className="underline underline-offset-2">
            All recordings
          </a>
        }
      >
        {error.message}
      </Notice>
    );
  return (
    <Notice title="This page needs its token" level={1}>
      Open the address that skbtracer printed when it started: it ends in{' '}
      <code className="font-mono">?token=…</code>. The token keeps other users and other sites out.
    </Notice>
  );
}
