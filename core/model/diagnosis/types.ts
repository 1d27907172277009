/** What a diagnosis says, and what a rule that makes one looks like. */
import type { Fact, FactQuery } from '../../messages/facts.ts';
import type { Scene } from './scene.ts';

export const CATEGORIES = [
  'netfilter', 'conntrack', 'nat', 'ipsec', 'xdp/tc', 'routing', 'neighbour', 'header', 'checksum', 'fragment',
  'bridge', 'queue', 'device', 'tunnel', 'socket', 'tcp', 'memory', 'ending', 'unknown',
] as const; // biome-ignore format: a table
export type Category = (typeof CATEGORIES)[number];

/** `known`: the kernel's own reason or return value says so. `likely`: it is the usual cause; its title says so. */
export type Certainty = 'known' | 'likely';

/** `problem`: the packet did not get where it should; `notice`: worth knowing; `ordinary`: how packets end. */
export type Tone = 'problem' | 'notice' | 'ordinary';

export interface Evidence {
  readonly text: string;
  /** Index in `path.hops`. */
  readonly hop?: number;
  /** Index in `path.decisions`. */
  readonly decision?: number;
  readonly fact?: Fact;
}

export interface Advice {
  readonly text: string;
  /** For a person's shell, with what enters the namespace; nothing here ever runs it. */
  readonly command?: string;
}

export interface Diagnosis {
  /** The rule that made it, as in docs/diagnosis.md. */
  readonly rule: string;
  /** One sentence: what happened. */
  readonly title: string;
  readonly certainty: Certainty;
  readonly tone: Tone;
  /** The kernel's reason without its prefix, '' when it was not dropped. */
  readonly reason: string;
  readonly category: Category;
  readonly evidence: readonly Evidence[];
  readonly advice: readonly Advice[];
  /** Facts that would tell more; those already given are not asked for again. */
  readonly wants: readonly FactQuery[];
}

/** What a rule found; `certainty` is known and `tone` a problem unless it says otherwise. */
export interface Finding {
  readonly title: string;
  readonly certainty?: Certainty;
  readonly tone?: Tone;
  readonly category?: Category;
  readonly evidence?: readonly Evidence[];
  readonly advice?: readonly Advice[];
  /** What it would like to know: asked for, and told as evidence once it is there. */
  readonly facts?: readonly FactQuery[];
}

export interface DiagnosisRule {
  /** `family.name`. */
  readonly id: string;
  readonly category: Category;
  /** Pure. Undefined when it has nothing to say of this packet. */
  explain(scene: Scene): Finding | undefined;
}
