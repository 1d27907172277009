/** A path's hops, folded into the segments that are told: by chapter first, then joined to what one would say at once. */
import type { Stage } from '../../messages/source.ts';
import { stageOf } from '../stages.ts';
import { BEGINNINGS, chapterOf, NAT_FUNCTION } from './chapters.ts';
import { rewritesAt } from './rewrites.ts';
import type { Scene } from './scene.ts';
import type { Chapter, Segment } from './types.ts';

/** Parts of the stack that work within any other: their functions belong to whatever goes on. */
const WITHIN: ReadonlySet<Stage> = new Set(['netfilter', 'skb', 'other']);
/** Stage of what belongs to a chapter although nobody named it. */
const STAGE_OF: Readonly<Partial<Record<Chapter, readonly Stage[]>>> = {
  origin: ['transport', 'ip', 'socket'],
  output: ['ip', 'tunnel'],
  forward: ['ip', 'tunnel'],
  fragment: ['ip'],
  queue: ['qdisc'],
  transmit: ['qdisc', 'driver'],
  arrive: ['driver', 'gro'],
  input: ['ip', 'transport'],
  deliver: ['ip', 'transport'],
  transport: ['transport', 'socket'],
  icmp: ['transport', 'ip', 'socket'],
  arp: ['ip'],
  raw: ['transport', 'socket'],
  tap: ['socket'],
  read: ['socket', 'transport'],
};
const BRIDGES = /^bridge-/;
const TUNNELS = /^(tunnel|xfrm)-/;

/** Every hop in one segment, in order. */
export function fold(scene: Scene): Segment[] {
  return join(scene, split(scene));
}

function split(scene: Scene): Segment[] {
  const { path, functions } = scene;
  const segments: Segment[] = [];
  const put = (chapter: Chapter, from: number, to: number, stage: Stage, isRest = false) =>
    segments.push({ chapter, from, to, stage, isRest });
  for (const [i, hop] of path.hops.entries()) {
    const name = functions[i] ?? '';
    const current = segments.at(-1);
    if (hop.kind === 'drop') {
      put('drop', i, i, 'other');
      continue;
    }
    const interrupted = setApartNat(scene, segments, i);
    const stage = stageOf(name);
    const chapter = chapterOf(name) ?? goesOn(interrupted ?? current?.chapter, stage);
    if (chapter === undefined) {
      if (current?.stage === stage && isSame(scene, current, 'pass', i)) extend(segments, i);
      else put('pass', i, i, stage);
    } else if (interrupted === undefined && current !== undefined && isSame(scene, current, chapter, i))
      extend(segments, i);
    else if (resumes(scene, segments, chapter, i)) {
      segments.pop();
      extend(segments, i);
    } else {
      const beginning = BEGINNINGS[chapter];
      put(chapter, i, i, stage, beginning !== undefined && !beginning.test(name));
    }
  }
  return segments;
}

/** The chapter that a function without one belongs to. */
function goesOn(chapter: Chapter | undefined, stage: Stage): Chapter | undefined {
  // what gives its memory back belongs to the drop
  if (chapter === 'drop') return stage === 'skb' ? chapter : undefined;
  if (chapter === undefined || chapter === 'pass' || chapter === 'nat') return undefined;
  if (WITHIN.has(stage)) return chapter;
  if (stage === 'bridge') return BRIDGES.test(chapter) ? chapter : undefined;
  if (stage === 'tunnel' && TUNNELS.test(chapter)) return chapter;
  return STAGE_OF[chapter]?.includes(stage) === true ? chapter : undefined;
}

function extend(segments: Segment[], to: number): void {
  const last = segments.at(-1);
  if (last !== undefined) segments[segments.length - 1] = { ...last, to };
}

/** What goes out twice, or comes in twice, does so by two devices. */
const AGAIN: Readonly<Partial<Record<Chapter, string>>> = {
  transmit: '__dev_queue_xmit',
  forward: 'ip_forward',
  'bridge-in': 'br_handle_frame',
};

function isSame({ namespaces, functions }: Scene, current: Segment, chapter: Chapter, i: number): boolean {
  if (current.chapter !== chapter || namespaces[current.to] !== namespaces[i]) return false;
  return !(functions[i] === AGAIN[chapter] && functions.slice(current.from, i).includes(functions[i] ?? ''));
}

/** After functions that nobody named, what was going on before goes on. */
function resumes(scene: Scene, segments: readonly Segment[], chapter: Chapter, i: number): boolean {
  const before = segments.at(-2);
  if (segments.at(-1)?.chapter !== 'pass' || before === undefined) return false;
  return isSame(scene, before, chapter, i);
}

/**
 * Where a hop sees another address than the one before, and NAT's functions stand between: they are a segment of
 * their own. Returns the chapter that they interrupted.
 */
function setApartNat(scene: Scene, segments: Segment[], seenAt: number): Chapter | undefined {
  const current = segments.at(-1);
  if (current === undefined || rewritesAt(scene.path.hops[seenAt]).length === 0) return undefined;
  let from = current.to + 1;
  for (let i = current.to; i >= current.from; i -= 1) {
    const name = scene.functions[i] ?? '';
    if (NAT_FUNCTION.test(name)) from = i;
    else if (stageOf(name) !== 'netfilter' || name === 'nf_hook_slow') break;
  }
  if (from > current.to) return undefined;
  segments.pop();
  if (from > current.from) segments.push({ ...current, to: from - 1 });
  segments.push({ chapter: 'nat', from, to: current.to, stage: 'netfilter', isRest: false });
  return current.chapter;
}

/** Pairs that are told as their first, and as their second. */
const AS_FIRST: ReadonlySet<string> = new Set([
  'bridge-up arrive', 'tunnel-in arrive', 'cross arrive', 'loop arrive', 'forward output', 'tunnel-out origin',
  'bridge-flood bridge-forward', 'xfrm-out output',
]); // biome-ignore format: a table
const AS_SECOND: ReadonlySet<string> = new Set(['input forward', 'input deliver', 'transmit bridge-dev']);

/** The chapter of two neighbours that one would tell as one; undefined when they are two steps. */
function joined(scene: Scene, a: Segment, b: Segment): Chapter | undefined {
  if (b.chapter === 'drop' || a.chapter === 'drop') return undefined;
  const last = scene.functions.slice(a.from, a.to + 1).findLast((name) => chapterOf(name) === 'transmit');
  const pair = `${a.chapter} ${b.chapter}`;
  if (pair === 'transmit arrive' && last === 'veth_xmit') return 'cross';
  if (pair === 'transmit arrive' && last === 'loopback_xmit') return 'loop';
  if (pair === 'transmit queue') return waitsLong(scene, b) ? undefined : 'transmit';
  if (pair === 'queue transmit') return waitsLong(scene, a) ? undefined : 'transmit';
  if (pair === 'transmit transmit' && scene.functions[b.from] !== AGAIN.transmit) return 'transmit';
  if (AS_FIRST.has(pair)) return a.chapter;
  if (AS_SECOND.has(pair)) return b.chapter;
  // the rest of what was interrupted is told with what follows
  return a.isRest && b.chapter !== 'nat' && b.chapter !== 'pass' ? b.chapter : undefined;
}

/** Time went by between the queue and what came next. */
function waitsLong({ path, slowNs }: Scene, { to }: Segment): boolean {
  const [from, next] = [path.hops[to], path.hops[to + 1]];
  return from !== undefined && next !== undefined && next.timeNs - from.timeNs >= slowNs;
}

function join(scene: Scene, segments: readonly Segment[]): Segment[] {
  const result: Segment[] = [];
  for (const segment of segments) {
    let next = segment;
    for (let last = result.at(-1); last !== undefined; last = result.at(-1)) {
      const chapter = joined(scene, last, next);
      if (chapter === undefined) break;
      result.pop();
      const isRest = last.isRest && next.isRest;
      next = { chapter, from: last.from, to: next.to, stage: next.stage, isRest };
    }
    result.push(next);
  }
  return result;
}
