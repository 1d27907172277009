/** What passes between the server and the thread that keeps sessions. */
import type { Fact } from '../../core/messages/facts.ts';
import type { Keeping } from '../../core/messages/keeping.ts';
import type { SourceMessage } from '../../core/messages/source.ts';
import type { FreezeRequest } from './frozen.ts';
import type { KeptPath } from './keeper.ts';
import type { KeepLimits } from './limits.ts';
import type { KeptRecords } from './records.ts';
import type { SavedSession } from './saved.ts';

export interface KeeperSettings {
  readonly folder: string;
  readonly limits: KeepLimits;
  readonly product: string;
}

export type ToKeeper =
  | { readonly type: 'message'; readonly message: Exclude<SourceMessage, { type: 'reply' }> }
  | { readonly type: 'batch'; readonly records: Uint8Array<ArrayBuffer> }
  | { readonly type: 'explained'; readonly packet: number; readonly facts: readonly Fact[] }
  | { readonly type: 'path'; readonly id: number; readonly packet: number }
  | { readonly type: 'records'; readonly id: number; readonly packets: Float64Array }
  | { readonly type: 'freeze'; readonly id: number; readonly request: FreezeRequest }
  | { readonly type: 'save'; readonly id: number }
  /** Of what was held for who saves with this number; see Keeper.release. */
  | { readonly type: 'release'; readonly saving: number; readonly what: 'oldest' | 'all' }
  | { readonly type: 'close' };

export type FromKeeper =
  | { readonly type: 'taken' }
  | { readonly type: 'keeping'; readonly keeping: Keeping }
  | { readonly type: 'answer'; readonly id: number; readonly answer: KeeperAnswer }
  | { readonly type: 'closed' };

export type KeeperAnswer = KeptPath | KeptRecords | FrozenAnswer | SavedAnswer;

export type FrozenAnswer =
  | { readonly phase: 'written' }
  /** This session is not on the disk. */
  | { readonly phase: 'not kept' }
  | { readonly phase: 'failed'; readonly why: string };

export type SavedAnswer =
  | { readonly phase: 'kept'; readonly saving: number; readonly saved: SavedSession }
  /** No session is on the disk. */
  | { readonly phase: 'not kept' };
