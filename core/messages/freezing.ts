/** The last of the session that runs, kept as a recording: now, or once something happens. */
import * as v from 'valibot';
import { list, matching, whole } from '../base/schema.ts';

const REASONS_MAX = 64;
const HOUR_NS = 3_600_000_000_000;
export const FREEZE_MS_MAX = 3_600_000;

export const triggerChoiceSchema = v.object({
  /** Names of drop reasons, none for every reason; null: drops are no trigger. */
  drops: v.nullable(list(matching(/^[A-Z0-9_]{1,64}$/, 'a drop reason of the kernel'), REASONS_MAX)),
  /** Longer than this from first hop to last, ns; null: time is no trigger. */
  slowNs: v.nullable(whole(1000, HOUR_NS)),
  /** A path that no packet took until then. */
  newPaths: v.boolean(),
  /** TCP RST. */
  resets: v.boolean(),
  /** A retransmission of TCP. */
  retransmits: v.boolean(),
  /** A datagram that is given to sockets twice, as two packets that came out of one. */
  duplicates: v.boolean(),
});
export type TriggerChoice = Readonly<v.InferOutput<typeof triggerChoiceSchema>>;

/** As much as there is, if that is less. */
export const LAST_MS_MIN = 100;
const lastMsSchema = whole(LAST_MS_MIN, FREEZE_MS_MAX);
export const DEFAULT_LAST_MS = 30_000;
export const DEFAULT_AFTER_MS = 1000;
export const DEFAULT_TIMES = 10;
/** Recordings that are made before somebody looks after them. */
export const FREEZES_MAX = 100;

export const freezeOrderSchema = v.object({
  triggers: triggerChoiceSchema,
  /** So much of what was before. What happens again within that time is in one more, made when it is over. */
  lastMs: lastMsSchema,
  /** What follows is worth seeing, too. */
  afterMs: whole(0, FREEZE_MS_MAX),
  /** Recordings that are made, then it ends. */
  times: whole(1, FREEZES_MAX),
});
export type FreezeOrder = Readonly<v.InferOutput<typeof freezeOrderSchema>>;

export const freezeNowSchema = v.object({ lastMs: lastMsSchema });
export type FreezeNow = Readonly<v.InferOutput<typeof freezeNowSchema>>;

/** Recordings that are told; their list has all. */
export const FROZEN_TOLD_MAX = 20;

/** A recording that was made so. */
export interface Frozen {
  readonly name: string;
  /** 0: somebody asked for it. */
  readonly packet: number;
  /** After "packet 12": `dropped NETFILTER_DROP`. */
  readonly why: string;
  readonly atUnixMs: number;
}

export type Freezing =
  /** None can be made; why. */
  | { readonly phase: 'off'; readonly why: string }
  | {
      /** What was waited for has happened, and what follows is waited for; it is being written. */
      readonly phase: 'ready' | 'after' | 'writing';
      /** What is waited for; null for nothing. */
      readonly order: FreezeOrder | null;
      /** The newest first. */
      readonly frozen: readonly Frozen[];
      /** Why the last one failed; '' when it did not. */
      readonly fault: string;
    };

/** In a fixed order. */
export const chosenTriggers = (choice: TriggerChoice): readonly (keyof TriggerChoice)[] =>
  TRIGGERS.filter((one) => choice[one] !== null && choice[one] !== false);

export const TRIGGERS = [
  'drops', 'slowNs', 'newPaths', 'resets', 'retransmits', 'duplicates',
] as const satisfies readonly (keyof TriggerChoice)[]; // biome-ignore format: a list

export const NO_TRIGGER: TriggerChoice = {
  drops: null,
  slowNs: null,
  newPaths: false,
  resets: false,
  retransmits: false,
  duplicates: false,
};
