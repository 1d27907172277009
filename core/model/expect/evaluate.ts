/** Holds what was captured against what was expected of it. */
import { asNs } from '../../base/units.ts';
import { ROW_BYTES, readRow } from '../../wire/rows.ts';
import { compileDisplay, type RowTest } from '../display/compile.ts';
import { formatCount, formatDuration, verdictText } from '../format.ts';
import type { Path } from '../hop.ts';
import { hookName } from '../kernel-names.ts';
import type { NameBook } from '../names.ts';
import { type PacketRow, VERDICT } from '../packet.ts';
import { packetText } from '../story/words.ts';
import type { Expectation, Range } from './schema.ts';

/** What was captured. */
export interface Evidence {
  readonly book: NameBook;
  /** Packed rows of all packets (core/wire/rows.ts). */
  readonly rows: Uint8Array<ArrayBuffer>;
  /** Undefined when its records are no longer there. */
  pathOf(packet: number): Path | undefined;
}

export interface Outcome {
  readonly name: string;
  readonly isMet: boolean;
  /** Packets that it was about. */
  readonly packets: number;
  /** What does not hold, each in a line; the first few packets of each kind. */
  readonly problems: readonly string[];
}

/** An expectation that cannot be understood: which field, and why. */
export class ExpectationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ExpectationError';
  }
}

const PACKETS_TOLD = 3;
const NO_LIMIT: Range = { min: 1, max: Number.POSITIVE_INFINITY };

/** Filters are compiled first: throws an {@link ExpectationError} before anything else. */
export function compileExpectation(expectation: Expectation, book: NameBook) {
  const compiled = (field: 'packets' | 'never' | 'always'): RowTest | undefined => {
    const filter = expectation[field];
    if (filter === undefined) return undefined;
    const result = compileDisplay(filter, { book, originNs: 0 });
    if (result.ok) return result.value ?? undefined;
    const at = result.error.position === undefined ? '' : ` (at ${result.error.position + 1})`;
    throw new ExpectationError(`'${expectation.name}': ${field}: ${result.error.message}${at}`);
  };
  return { packets: compiled('packets'), never: compiled('never'), always: compiled('always') };
}

export function evaluate(expectation: Expectation, evidence: Evidence): Outcome {
  const { book, rows } = evidence;
  const tests = compileExpectation(expectation, book);
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  const problems = new Problems();
  let packets = 0;
  for (let at = 0; at < rows.byteLength; at += ROW_BYTES) {
    if (tests.packets?.(view, at) === false) continue;
    const row = readRow(view, at);
    if (expectation.from !== undefined && book.netnsName(row.firstNetns) !== expectation.from) continue;
    packets += 1;
    for (const [kind, text] of problemsOf(expectation, row, evidence))
      problems.add(kind, row, text, evidence);
    if (tests.never?.(view, at) === true)
      problems.add('never', row, `'${expectation.never}' holds for it`, evidence);
    if (tests.always?.(view, at) === false)
      problems.add('always', row, `'${expectation.always}' does not hold for it`, evidence);
  }
  const count = countProblem(expectation.count ?? NO_LIMIT, packets);
  const told = [...(count === '' ? [] : [count]), ...problems.lines];
  return { name: expectation.name, isMet: told.length === 0, packets, problems: told };
}

function countProblem({ min, max }: Range, packets: number): string {
  if (packets >= min && packets <= max) return '';
  const expected =
    min === max
      ? formatCount(min)
      : max === Number.POSITIVE_INFINITY
        ? `at least ${formatCount(min)}`
        : `${formatCount(min)} to ${formatCount(max)}`;
  return `${expected} ${(max === Number.POSITIVE_INFINITY ? min : max) === 1 ? 'packet was' : 'packets were'} expected, ${formatCount(packets)} ${packets === 1 ? 'was' : 'were'} there`;
}

function* problemsOf(
  expectation: Expectation,
  row: PacketRow,
  evidence: Evidence,
): Generator<readonly [string, string]> {
  const { book } = evidence;
  const { reaches, within, passes, verdict } = expectation;
  const last = book.netnsName(row.lastNetns);
  if (reaches !== undefined && last !== reaches)
    yield ['reaches', `it was last seen in ${last}, not in ${reaches}`];
  if (verdict !== undefined && row.verdict !== verdict)
    yield ['verdict', `it was ${verdictText(row.verdict)}, not ${verdictText(verdict)}`];
  const tookNs = row.lastNs - row.firstNs;
  if (within !== undefined && tookNs > within)
    yield ['within', `it took ${formatDuration(tookNs)}, more than ${formatDuration(asNs(within))}`];
  if (passes === undefined) return;
  const path = evidence.pathOf(row.packet);
  if (path === undefined) {
    yield ['passes', 'its path is no longer in memory'];
    return;
  }
  const missing = firstMissing(passes, stationsOf(path, book));
  if (missing !== undefined)
    yield [
      'passes',
      `it did not pass ${passes[missing]}${missing === 0 ? '' : ` after ${passes[missing - 1]}`}`,
    ];
}

/** What a packet passed, in the order of time: at each moment all names that fit. */
function stationsOf(path: Path, book: NameBook): readonly ReadonlySet<string>[] {
  const stations = path.hops.map((hop) => {
    const netns = book.netnsName(hop.netns);
    const device =
      hop.ifindex === 0 ? undefined : (hop.state.device ?? book.interfaceName(hop.netns, hop.ifindex));
    const names = [
      ...(hop.netns === 0 ? [] : [netns]),
      ...(device === undefined ? [] : [`${netns}/${device}`]),
      ...(hop.kind === 'hop' ? [book.functionName(hop.func)] : []),
    ];
    return { timeNs: hop.timeNs, names: new Set(names) };
  });
  const hooks = path.decisions
    .filter(({ pf }) => pf !== 0)
    .map(({ timeNs, pf, hook }) => ({ timeNs, names: new Set([hookName(pf, hook)]) }));
  return [...stations, ...hooks].sort((a, b) => a.timeNs - b.timeNs).map(({ names }) => names);
}

/** Index of the first place that does not come behind those before it; undefined when all do. */
function firstMissing(
  places: readonly string[],
  stations: readonly ReadonlySet<string>[],
): number | undefined {
  let next = 0;
  // one moment is several places: `web`, `web/eth0` and a function
  for (const names of stations) while (next < places.length && names.has(places[next] ?? '')) next += 1;
  return next === places.length ? undefined : next;
}

/** Problems by kind: the first packets of each are told, the others counted. */
class Problems {
  readonly #kinds = new Map<string, { readonly lines: string[]; count: number }>();

  add(kind: string, row: PacketRow, text: string, { book, pathOf }: Evidence): void {
    const known = this.#kinds.get(kind) ?? { lines: [], count: 0 };
    this.#kinds.set(kind, known);
    known.count += 1;
    if (known.count > PACKETS_TOLD) return;
    const path = pathOf(row.packet);
    const what = path === undefined ? '' : ` ${packetText(path.hops.at(-1)?.state ?? {})}`;
    const reason = row.verdict === VERDICT.dropped ? ` (dropped ${book.reasonName(row.reason)})` : '';
    known.lines.push(`packet ${row.packet}${what}${reason}: ${text}`);
  }

  get lines(): readonly string[] {
    return [...this.#kinds.values()].flatMap(({ lines, count }) =>
      count > lines.length ? [...lines, `and ${formatCount(count - lines.length)} more`] : lines,
    );
  }
}
