/**
 * A packet's path as a story: numbered steps that a person can read. Only what the records say, and the same for the
 * same records; where it ended, the explanation (core/model/diagnosis) may have the last word.
 */
import { asNetnsInode, asNs, type Ns } from '../../base/units.ts';
import { DECISION_KIND } from '../../wire/layout.gen.ts';
import type { Diagnosis } from '../diagnosis/index.ts';
import { formatDuration, verdictName } from '../format.ts';
import type { Decision, Path } from '../hop.ts';
import type { LongEnds } from '../long-ends.ts';
import type { NameBook } from '../names.ts';
import { VERDICT, type Verdict, type VerdictName } from '../packet.ts';
import { playRole, ROLE, roleOf, verdictOf } from '../verdict.ts';
import { dropDecision } from './drop.ts';
import { fold } from './fold.ts';
import { notesOf, slowestIn } from './notes.ts';
import { prepare, type Scene } from './scene.ts';
import { tell } from './tell.ts';
import type { Chapter, Segment, StepTone, StoryStep } from './types.ts';

export type { StepTone, StoryStep } from './types.ts';

export interface StoryOptions {
  readonly diagnosis?: Diagnosis | undefined;
  /** The session's, which knows more than the path: that a raw socket had a clone of what was dropped. */
  readonly verdict?: Verdict | undefined;
  /** Of a part of a path: there were hops before it, or there are some behind it. */
  readonly isBegun?: boolean;
  readonly goesOn?: boolean;
}

/** The steps of a path; none for one without hops. */
export function storyOf(path: Path, names: NameBook, options: StoryOptions = {}): StoryStep[] {
  const scene = prepare(path, names, options.isBegun);
  const segments = fold(scene);
  const decisions = bySegment(path, segments);
  const verdict = verdictName(options.verdict ?? verdictFrom(scene));
  return segments.map((segment, i): StoryStep => {
    const own = decisions[i] ?? [];
    const isLast = i === segments.length - 1 && options.goesOn !== true;
    const told = notesOf(scene, segment, own);
    return {
      chapter: segment.chapter,
      // a drop that was none: the session knows better
      text:
        verdict === 'delivered' ? tell(scene, segment).replace(/^Dropped/, 'Freed') : tell(scene, segment),
      notes: isLast ? [...told, ...endNotes(scene, verdict, options.diagnosis)] : told,
      from: segment.from,
      to: segment.to,
      decision: decisionOf(scene, segment, own),
      netns: scene.namespaces[segment.from] ?? asNetnsInode(0),
      tookNs: tookNs(path, segment, segments[i + 1]),
      tone: isLast ? 'end' : toneOf(scene, segment),
      ended: isLast ? verdict : undefined,
    };
  });
}

/** The steps of a long path's ends, with the numbers that its hops have on the whole path. */
export function storyOfEnds(
  { head, tail, between }: LongEnds,
  names: NameBook,
  verdict: Verdict | undefined,
): { readonly steps: readonly StoryStep[]; readonly ofHead: number } {
  const goesOn = tail.hops.length > 0;
  const first = storyOf(head, names, { verdict, goesOn });
  const from = head.hops.length + between;
  const last = storyOf(tail, names, { verdict, isBegun: true });
  const steps = last.map((step) => ({ ...step, from: step.from + from, to: step.to + from, decision: -1 }));
  return { steps: [...first.map((step) => ({ ...step, decision: -1 })), ...steps], ofHead: first.length };
}

/** Index of the step that a hop is in, -1 for none. */
export const stepAt = (steps: readonly StoryStep[], hop: number): number =>
  steps.findIndex(({ from, to }) => hop >= from && hop <= to);

/** What is said of hops that are not told, before the step of that index. */
export interface Rest {
  readonly before: number;
  readonly text: string;
}

/** A line for each step, its notes indented below it, to be pasted somewhere else. */
export function storyText(steps: readonly StoryStep[], rest?: Rest): string {
  const width = String(steps.length).length;
  return steps
    .flatMap(({ text, notes, tookNs: took, ended }, i) => [
      ...(rest?.before === i ? [rest.text] : []),
      `${String(i + 1).padStart(width)}. ${text}${ended === undefined ? '' : ` (${endWord(ended)})`}  [${formatDuration(took)}]`,
      ...notes.map((note) => `${' '.repeat(width + 2)}- ${note}`),
    ])
    .join('\n');
}

const endWord = (ended: VerdictName): string => (ended === 'inFlight' ? 'in flight' : ended);

/** Decisions by the segment of the hop before them; those before the first hop are the first segment's. */
function bySegment({ decisions }: Path, segments: readonly Segment[]): Decision[][] {
  const groups: Decision[][] = segments.map(() => []);
  let at = 0;
  for (const decision of decisions) {
    while (at < segments.length - 1 && decision.index > (segments[at]?.to ?? 0)) at += 1;
    groups[at]?.push(decision);
  }
  return groups;
}

const ABOUT: Readonly<Partial<Record<Chapter, number>>> = {
  nat: DECISION_KIND.nat,
  tc: DECISION_KIND.tc,
  xdp: DECISION_KIND.xdp,
};

function decisionOf(scene: Scene, segment: Segment, own: readonly Decision[]): number {
  if (segment.chapter === 'drop') return dropDecision(scene, segment);
  const found = own.findLast(({ decision }) => decision === ABOUT[segment.chapter]);
  return found === undefined ? -1 : scene.path.decisions.indexOf(found);
}

function tookNs({ hops, free }: Path, { from, to }: Segment, next: Segment | undefined): Ns {
  const begun = hops[from]?.timeNs ?? 0;
  const end = (next === undefined ? free : hops[next.from])?.timeNs ?? hops[to]?.timeNs ?? begun;
  return asNs(Math.max(0, end - begun));
}

const CHANGES: ReadonlySet<Chapter> = new Set([
  'nat',
  'tunnel-out',
  'tunnel-in',
  'xfrm-out',
  'xfrm-in',
  'fragment',
]);

function toneOf(scene: Scene, segment: Segment): StepTone {
  if (CHANGES.has(segment.chapter)) return 'change';
  return slowestIn(scene, segment) === undefined ? 'normal' : 'slow';
}

function verdictFrom({ path, functions }: Scene): Verdict {
  const isDropped = path.free?.dropped === true || path.hops.some(({ kind }) => kind === 'drop');
  const played = functions.reduce<number>((roles, name) => playRole(roles, roleOf(name)), ROLE.none);
  return verdictOf(path.free !== undefined, isDropped, false, played);
}

function endNotes({ path }: Scene, verdict: VerdictName, diagnosis: Diagnosis | undefined): string[] {
  const isDropHop = path.hops.at(-1)?.kind === 'drop';
  return [
    ...(isDropHop && verdict === verdictName(VERDICT.delivered)
      ? ['a raw socket had got a clone of it before: that is how it was delivered']
      : []),
    ...(!path.hops.some(({ kind }) => kind === 'drop') && verdict === 'dropped'
      ? ['the record of where and why it was dropped was lost']
      : []),
    ...(diagnosis === undefined || (diagnosis.tone === 'ordinary' && !isDropHop)
      ? []
      : [`${diagnosis.title}${diagnosis.certainty === 'likely' ? ' (likely)' : ''}`]),
  ];
}
