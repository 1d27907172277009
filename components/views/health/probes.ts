/** The rows of the table of probes: what is probed, in groups, and what each has recorded. */
import type { CaptureState, FunctionInfo, PlannedProgram, ProbeBase } from '../../../core/messages/source.ts';
import { STAGES, type Stage } from '../../../core/messages/source.ts';
import { isOther, type ProbePart, partSize } from '../../../core/model/probes/plan.ts';
import { isProgram, isProgramExit } from '../../../core/model/programs.ts';
import { stageOf } from '../../../core/model/stages.ts';
import { WAYPOINTS } from '../../../core/model/waypoints.ts';

export const PROBE_GROUPINGS = ['stage', 'module'] as const;
export type ProbeGrouping = (typeof PROBE_GROUPINGS)[number];
export const PROBE_SORTS = ['order', 'name', 'hops', 'rate'] as const;
export type ProbeSort = (typeof PROBE_SORTS)[number];

export type ProbeState =
  | { readonly is: 'attached' }
  /** The kernel refused. */
  | { readonly is: 'refused'; readonly reason: string }
  /** A waypoint that this kernel does not have. */
  | { readonly is: 'absent' }
  /** No capture runs. */
  | { readonly is: 'off' };

export interface FunctionProbe {
  readonly kind: 'function';
  readonly key: string;
  readonly name: string;
  /** '' for the kernel itself, and where it is not known. */
  readonly module: string;
  readonly stage: Stage;
  /** How its probe is attached, '' when it is not. */
  readonly by: string;
  readonly state: ProbeState;
  /** Only since it was on the stack of a drop. */
  readonly isJoined: boolean;
  /** Takes no skb. */
  readonly isOther: boolean;
  readonly hops: number;
  /** Undefined: not known yet. */
  readonly perSecond: number | undefined;
}

/** An eBPF program of its own on a function or tracepoint: it tells ends, lineage, decisions; it makes no hops. */
export interface ProgramProbe {
  readonly kind: 'program';
  readonly key: string;
  /** What it is attached to. */
  readonly name: string;
  readonly program: string;
  readonly by: PlannedProgram['kind'];
  readonly isOn: boolean;
}

export interface GroupRow {
  readonly kind: 'group';
  readonly key: string;
  readonly name: string;
  /** What switches it while a capture runs; undefined: it cannot be switched. */
  readonly part: ProbePart | undefined;
  /** Functions of it are probed, or would be if the kernel let them. */
  readonly isOn: boolean;
  readonly attached: number;
  /** Of a part that is off: functions that would be probed if it were on. */
  readonly of: number;
  readonly hops: number;
  readonly perSecond: number | undefined;
  readonly isFolded: boolean;
}

export type ProbeRow = GroupRow | FunctionProbe | ProgramProbe;

export interface ProbeFacts {
  readonly functions: readonly FunctionInfo[];
  readonly capture: CaptureState | undefined;
  readonly hops: Float64Array;
  readonly perSecond: Float64Array | undefined;
}

const STAGE_OF_WAYPOINT = new Map(WAYPOINTS.map(({ name, stage }, i) => [name, { stage, at: i }]));

/** What the running (or starting) capture's plan begins with; waypoints while there is none. */
export const baseOf = (capture: CaptureState | undefined): ProbeBase =>
  capture?.phase === 'running' || capture?.phase === 'starting' ? capture.spec.probes.base : 'default';

const howProbed = (one: FunctionInfo, backend = ''): string =>
  isProgram(one) ? (isProgramExit(one) ? 'fexit' : 'fentry') : backend;

/** Every function that is probed or should be, waypoints that the kernel lacks included; in the order of the way. */
export function functionProbes({
  functions,
  capture,
  hops,
  perSecond,
}: ProbeFacts): readonly FunctionProbe[] {
  const running = capture?.phase === 'running' ? capture : undefined;
  const refused = new Map(running?.refused.map(({ name, reason }) => [name, reason]));
  const probed = running?.probed && new Set(running.probed);
  const joined = new Set(running?.joined);
  const isProbed = (one: FunctionInfo) => probed?.has(one.id) ?? (one.isDefault || baseOf(capture) === 'all');
  const state = (name: string): ProbeState => {
    const reason = refused.get(name);
    if (running === undefined) return { is: 'off' };
    return reason === undefined ? { is: 'attached' } : { is: 'refused', reason };
  };
  const there = functions.filter(isProbed).map((one): FunctionProbe => {
    const own = state(one.name);
    return {
      kind: 'function',
      key: `f${one.id}`,
      name: one.name,
      module: one.module,
      stage: stageOf(one.name, one.module),
      by: own.is === 'attached' ? howProbed(one, running?.backend) : '',
      state: own,
      isJoined: joined.has(one.id),
      isOther: isOther(one),
      hops: hops[one.id] ?? 0,
      perSecond: perSecond && (perSecond[one.id] ?? 0),
    };
  });
  const known = new Set(functions.map(({ name }) => name));
  // what was told of no function at all says nothing about single ones
  const absent = functions.length === 0 ? [] : WAYPOINTS.filter(({ name }) => !known.has(name));
  const missing = absent.map(
    ({ name, stage }): FunctionProbe => ({
      kind: 'function', key: `w${name}`, name, module: '', stage, by: '', state: { is: 'absent' }, isJoined: false, isOther: false, hops: 0, perSecond: undefined,
    }), // biome-ignore format: short
  );
  const at = ({ name }: FunctionProbe) => STAGE_OF_WAYPOINT.get(name)?.at ?? Number.POSITIVE_INFINITY;
  return [...there, ...missing].sort((a, b) => {
    const [first, second] = [at(a), at(b)];
    return first === second ? a.name.localeCompare(b.name) : first - second;
  });
}

export const programProbes = (
  programs: readonly PlannedProgram[],
  capture: CaptureState | undefined,
): readonly ProgramProbe[] =>
  programs.map(({ name, target, kind }) => ({
    kind: 'program',
    key: `p${name}`,
    name: target,
    program: name,
    by: kind,
    isOn: capture?.phase === 'running',
  }));

const STAGE_RANK: ReadonlyMap<string, number> = new Map(STAGES.map((stage, i) => [stage, i]));
const KERNEL = 'the kernel itself';
const NOT_THERE = 'not in this kernel';
export const PROGRAMS = 'ends, lineage, decisions';

const groupName = (by: ProbeGrouping, probe: FunctionProbe): string => {
  if (by === 'stage') return probe.stage;
  return probe.state.is === 'absent' ? NOT_THERE : probe.module || KERNEL;
};

const COMPARE: Readonly<Record<ProbeSort, (a: FunctionProbe, b: FunctionProbe) => number>> = {
  order: () => 0,
  name: (a, b) => a.name.localeCompare(b.name),
  hops: (a, b) => b.hops - a.hops,
  rate: (a, b) => (b.perSecond ?? 0) - (a.perSecond ?? 0),
};

/** A stage or module of this kernel, and how many functions a plan has of it, or would have if it were on. */
export interface SwitchableGroup {
  readonly part: ProbePart;
  readonly of: number;
}

/** All stages or modules that have functions, by the name of their group; none while no capture runs. */
export function switchable(
  functions: readonly FunctionInfo[],
  capture: CaptureState | undefined,
  by: ProbeGrouping,
): ReadonlyMap<string, SwitchableGroup> {
  const groups = new Map<string, SwitchableGroup>();
  if (capture?.phase !== 'running') return groups;
  const members = new Map<string, { readonly part: ProbePart; readonly own: FunctionInfo[] }>();
  for (const one of functions) {
    if (isOther(one)) continue;
    const part: ProbePart =
      by === 'stage' ? { by, name: stageOf(one.name, one.module) } : { by, name: one.module };
    const name = part.name || KERNEL;
    const known = members.get(name);
    if (known === undefined) members.set(name, { part, own: [one] });
    else known.own.push(one);
  }
  for (const [name, { part, own }] of members)
    groups.set(name, { part, of: partSize(capture.spec.probes, part, own) });
  return groups;
}

const NONE_SWITCHABLE: ReadonlyMap<string, SwitchableGroup> = new Map();

export interface ProbeChoice {
  readonly by: ProbeGrouping;
  readonly sort: ProbeSort;
  readonly folded: ReadonlySet<string>;
  /** Part of a function's name, its module or its state; '' for all. */
  readonly search: string;
}

const STATE_WORDS: Readonly<Record<ProbeState['is'], string>> = {
  attached: 'attached', refused: 'refused', absent: 'not in kernel', off: 'off',
}; // biome-ignore format: short
export const stateWord = ({ is }: ProbeState): string => STATE_WORDS[is];

const matches = (probe: FunctionProbe | ProgramProbe, word: string): boolean =>
  (probe.kind === 'program'
    ? [probe.name, probe.program, probe.by]
    : [
        probe.name,
        probe.module,
        stateWord(probe.state),
        probe.isJoined ? 'joined' : '',
        probe.isOther ? 'no skb' : '',
      ]
  ).some((text) => text.toLowerCase().includes(word));

/** Group by group, each with its head; what is folded has its head only, unless something is searched. */
export function probeRows(
  functions: readonly FunctionProbe[],
  programs: readonly ProgramProbe[],
  { by, sort, folded, search }: ProbeChoice,
  parts = NONE_SWITCHABLE,
): readonly ProbeRow[] {
  const word = search.trim().toLowerCase();
  const groups = new Map<string, FunctionProbe[]>();
  const on = new Set<string>();
  for (const probe of functions) {
    const name = groupName(by, probe);
    if (probe.state.is === 'attached' || probe.state.is === 'refused') on.add(name);
    if (word !== '' && !matches(probe, word)) continue;
    const own = groups.get(name);
    if (own === undefined) groups.set(name, [probe]);
    else own.push(probe);
  }
  const order = (name: string) =>
    by === 'stage' ? (STAGE_RANK.get(name) ?? 0) : rank(name, !groups.has(name));
  const off = [...parts.keys()].filter(
    (name) => !groups.has(name) && !on.has(name) && name.toLowerCase().includes(word),
  );
  const names = [...groups.keys(), ...off].sort((a, b) => order(a) - order(b) || a.localeCompare(b));
  const rows: ProbeRow[] = [];
  for (const name of names) {
    const own = groups.get(name) ?? [];
    const isFolded = word === '' && folded.has(name);
    rows.push(headOf(name, own, isFolded, { isOn: on.has(name), ...parts.get(name) }));
    if (!isFolded) rows.push(...own.sort(COMPARE[sort]));
  }
  const shown = programs.filter((probe) => word === '' || matches(probe, word));
  if (shown.length === 0) return rows;
  const isFolded = word === '' && folded.has(PROGRAMS);
  const attached = shown.filter(({ isOn }) => isOn).length;
  rows.push({
    kind: 'group', key: `g${PROGRAMS}`, name: PROGRAMS, part: undefined, isOn: attached > 0, attached, of: shown.length, hops: 0, perSecond: undefined, isFolded,
  }); // biome-ignore format: short
  return isFolded ? rows : [...rows, ...shown];
}

/** The kernel, modules that are probed, modules that are not, what is not there. */
const rank = (name: string, isOff: boolean): number =>
  name === KERNEL ? 0 : name === NOT_THERE ? 3 : isOff ? 2 : 1;

function headOf(
  name: string,
  probes: readonly FunctionProbe[],
  isFolded: boolean,
  { isOn, part, of }: Partial<SwitchableGroup> & { readonly isOn: boolean },
): GroupRow {
  const rates = probes.map(({ perSecond }) => perSecond).filter((rate) => rate !== undefined);
  return {
    kind: 'group',
    key: `g${name}`,
    name,
    part,
    isOn,
    attached: probes.filter(({ state }) => state.is === 'attached').length,
    of: isOn || of === undefined ? probes.length : of,
    hops: probes.reduce((sum, { hops }) => sum + hops, 0),
    perSecond: rates.length === 0 ? undefined : rates.reduce((sum, rate) => sum + rate, 0),
    isFolded,
  };
}
