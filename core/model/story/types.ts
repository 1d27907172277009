import type { NetnsInode, Ns } from '../../base/units.ts';
import type { Stage } from '../../messages/source.ts';
import type { VerdictName } from '../packet.ts';

/** What a step is about. `pass`: functions of which nothing better can be told than their stage. */
export type Chapter =
  | 'origin' | 'output' | 'forward' | 'fragment' | 'queue' | 'transmit' | 'cross' | 'loop' | 'arrive' | 'bridge-in'
  | 'bridge-dev' | 'bridge-forward' | 'bridge-flood' | 'bridge-up' | 'nat' | 'input' | 'deliver' | 'defrag'
  | 'transport' | 'icmp' | 'arp' | 'raw' | 'tap' | 'read' | 'tunnel-out' | 'tunnel-in' | 'xfrm-out' | 'xfrm-in' | 'tc'
  | 'xdp' | 'pass' | 'drop'; // biome-ignore format: a table

/** `change`: the packet left it as another one; `slow`: time went by there; `end`: there is no next step. */
export type StepTone = 'normal' | 'change' | 'slow' | 'end';

/** A stretch of a path's hops, in a sentence. Steps follow each other without a gap: every hop is in one of them. */
export interface StoryStep {
  readonly chapter: Chapter;
  /** Without its full stop; the packet is who does it, or to whom it is done. */
  readonly text: string;
  /** What else is known of it: what was decided, who came out of it, where the time went. */
  readonly notes: readonly string[];
  /** Indices in `path.hops`, both of them within the step. */
  readonly from: number;
  readonly to: number;
  /** Index in `path.decisions` of what the step is about, -1 when it is about no single one. */
  readonly decision: number;
  /** Where it began, as far as that is known. */
  readonly netns: NetnsInode;
  /** From its first hop to the next step's, or to the packet's end. */
  readonly tookNs: Ns;
  readonly tone: StepTone;
  /** How the packet ended, of the last step. */
  readonly ended: VerdictName | undefined;
}

/** Hops that belong together, before they are told. */
export interface Segment {
  readonly chapter: Chapter;
  readonly from: number;
  readonly to: number;
  /** Of `pass`: the part of the stack. */
  readonly stage: Stage;
  /** The rest of a chapter that something interrupted (NAT): it is told with what follows. */
  readonly isRest: boolean;
}
