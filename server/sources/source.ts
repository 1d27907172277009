/**
 * A source as the rest of the server sees it: an agent on this host, one in the lab, later a remote one or a
 * recording. They differ in nothing but their name.
 */
import type { Result } from '../../core/base/result.ts';
import type { FactQuery } from '../../core/messages/facts.ts';
import type { CaptureSpec, ProbePlan, SourceMessage, SourceRequest } from '../../core/messages/source.ts';

export interface SourceListener {
  /** A validated message; `reply`s are taken by `request()` and do not come here. */
  message(message: SourceMessage): void;
  /**
   * Whole records. The source reads no further until the returned promise (when there is one) resolves: the
   * kernel's ring then fills, and the kernel counts what it loses.
   */
  batch(records: Uint8Array): Promise<void> | undefined;
  /** The stream ended; `note` says why. Nothing follows. */
  gone(note: string): void;
}

export type RequestBody =
  | { readonly method: 'apply'; readonly spec: CaptureSpec }
  | { readonly method: 'stop' }
  | { readonly method: 'compile'; readonly expression: string }
  | { readonly method: 'programs' }
  | { readonly method: 'cost' }
  | { readonly method: 'price'; readonly probes: ProbePlan }
  | { readonly method: 'selfTest' }
  | { readonly method: 'names' }
  | { readonly method: 'others'; readonly names: readonly string[] }
  /** `packet`: whom it is to explain, which a recording knows its answers by. */
  | { readonly method: 'facts'; readonly queries: readonly FactQuery[]; readonly packet?: number };

export interface Source {
  /** Asks the source; fails with SOURCE_GONE when the stream ends before the reply. */
  request(body: RequestBody): Promise<Result<unknown>>;
  /** Ends the stream; the agent detaches and exits by itself. Resolves when it is gone. */
  close(): Promise<void>;
}

export type { SourceRequest };
