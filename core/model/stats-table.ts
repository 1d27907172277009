/** What packets did as a whole, as a table that is told again and again (`--stats`): verdicts, times, functions, drops. */
import { asNetnsInode } from '../base/units.ts';
import { SessionAssembler } from './assembler.ts';
import type { TableState } from './drop-top.ts';
import { formatCount, formatDuration, verdictText } from './format.ts';
import type { JsonObject } from './json.ts';
import type { NameBook } from './names.ts';
import { VERDICT, type Verdict } from './packet.ts';
import type { Paint } from './paint.ts';
import { DURATION_BOUNDS_NS, type Durations, type Totals } from './tally.ts';
import { type ColumnSide, textTable } from './text-table.ts';

/** Verdicts and kinds of drops want their lines; the rest of a screen is for functions. */
const DROPS_TOLD = 5;
const FUNCTIONS_TOLD_MIN = 3;
const QUANTILES = [0.5, 0.9, 0.99] as const;

interface FunctionHops {
  readonly name: string;
  readonly hops: number;
  readonly perSecond: number;
}

export class StatsTable {
  readonly #names: NameBook;
  /** Only counts: of records nearly none is kept. */
  readonly #assembler = new SessionAssembler({ budgetBytes: 1 << 16, maxPackets: 1 << 17 });
  #hopsBefore = new Float64Array(0);
  #packetsBefore = 0;

  constructor(names: NameBook) {
    this.#names = names;
  }

  /** Whole records. */
  take(records: Uint8Array): void {
    this.#assembler.takeNamesOf(this.#names);
    this.#assembler.take(records);
  }

  /** The table; what was counted until now is what the next one's rates begin with. */
  lines(state: TableState, paint: Paint): readonly string[] {
    const { totals } = this.#assembler;
    const seconds = Math.max(0.001, state.sinceMs / 1000);
    const functions = this.#functions(seconds);
    const rate = (totals.packets - this.#packetsBefore) / seconds;
    this.#packetsBefore = totals.packets;
    const head = `${formatCount(totals.packets)} packets, ${formatCount(totals.hops)} hops in ${formatDuration(state.elapsedMs * 1e6)}; ${formatCount(Math.round(rate))} packets a second`;
    const lost = state.lost === 0 ? '' : `  ${formatCount(state.lost)} events lost`;
    const verdicts = table(
      ['VERDICT', 'PACKETS', 'SHARE'],
      verdictsOf(totals).map(({ verdict, packets }) => [
        verdictText(verdict),
        formatCount(packets),
        shareText(packets, totals.packets),
      ]),
    );
    const times = table(
      ['TIME', ...QUANTILES.map((q) => `P${q * 100}`), 'MEAN'],
      [
        ['of a packet, first to last hop', ...timesText(totals.lives)],
        ['from one hop to the next', ...timesText(totals.between)],
      ],
    );
    const drops = dropsOf(totals, this.#names);
    const dropped = table(
      ['DROPPED', 'REASON', 'IN', 'NAMESPACE'],
      drops
        .slice(0, DROPS_TOLD)
        .map(({ count, reason, place, netns }) => [formatCount(count), reason, place, netns]),
      ['right', 'left', 'left', 'left'],
    );
    const parts = [verdicts, times, ...(drops.length > 0 ? [dropped] : [])];
    const used = 2 + parts.reduce((sum, part) => sum + part.length + 1, 0);
    const room = Math.max(FUNCTIONS_TOLD_MIN, state.rows - used - 2);
    const hops = table(
      ['HOPS', 'PER S', 'FUNCTION'],
      functions
        .slice(0, room)
        .map(({ name, hops: count, perSecond }) => [
          formatCount(count),
          formatCount(Math.round(perSecond)),
          name,
        ]),
      ['right', 'right', 'left'],
    );
    const cut = (line: string) => line.slice(0, state.columns);
    return [
      `${paint.strong(cut(head))}${paint.bad(lost)}`,
      ...[...parts, hops].flatMap(([titles = '', ...rows]) => [
        '',
        paint.faint(cut(titles)),
        ...rows.map(cut),
      ]),
    ];
  }

  /** The same for programs; docs/json-output.md. */
  json({ elapsedMs, lost }: Pick<TableState, 'elapsedMs' | 'lost'>): JsonObject {
    const { totals } = this.#assembler;
    return {
      kind: 'stats',
      duration_ms: Math.round(elapsedMs),
      packets: totals.packets,
      hops: totals.hops,
      lost,
      verdicts: Object.fromEntries(verdictsOf(totals).map((one) => [verdictText(one.verdict), one.packets])),
      lives: timesJson(totals.lives),
      between_hops: timesJson(totals.between),
      drops: dropsOf(totals, this.#names),
      functions: Object.fromEntries(this.#functions(1).map(({ name, hops }) => [name, hops])),
    };
  }

  /** Those that packets passed, by what they were passed since the last time. */
  #functions(seconds: number): readonly FunctionHops[] {
    const { hopsAt } = this.#assembler;
    const before = this.#hopsBefore;
    this.#hopsBefore = hopsAt;
    const passed = [...this.#names.functions.values()].filter(({ id }) => (hopsAt[id] ?? 0) > 0);
    return passed
      .map(({ id, name }) => ({
        name,
        hops: hopsAt[id] ?? 0,
        perSecond: ((hopsAt[id] ?? 0) - (before[id] ?? 0)) / seconds,
      }))
      .sort((a, b) => b.perSecond - a.perSecond || b.hops - a.hops || (a.name < b.name ? -1 : 1));
  }
}

/** Those of packets that have ended, and of the others. */
function verdictsOf(totals: Totals): readonly { readonly verdict: Verdict; readonly packets: number }[] {
  const ended = Object.values(VERDICT)
    .filter((verdict) => verdict !== VERDICT.inFlight)
    .map((verdict) => ({ verdict, packets: totals.ended[verdict] }));
  const all = ended.reduce((sum, { packets }) => sum + packets, 0);
  return [...ended, { verdict: VERDICT.inFlight, packets: Math.max(0, totals.packets - all) }];
}

function dropsOf(totals: Totals, names: NameBook) {
  return totals.drops
    .map(({ reason, location, netns, count }) => ({
      count,
      reason: names.reasonName(reason),
      place: names.locationName(location).replace(/\+0x[0-9a-f]+/, ''),
      netns: names.netnsName(asNetnsInode(netns)),
    }))
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
}

/** Upper bound (ns) of the part that has this share of them; undefined: none, or longer than the last bound. */
function quantileBound({ counts }: Durations, share: number): number | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (const [i, count] of counts.entries()) {
    seen += count;
    if (all > 0 && seen >= share * all) return DURATION_BOUNDS_NS[i];
  }
  return undefined;
}

const countOf = ({ counts }: Durations): number => counts.reduce((sum, count) => sum + count, 0);

function timesText(durations: Durations): readonly string[] {
  const all = countOf(durations);
  if (all === 0) return [...QUANTILES, 0].map(() => '–');
  const bounds = QUANTILES.map((share) => {
    const bound = quantileBound(durations, share);
    return bound === undefined ? '> 10 s' : `≤ ${formatDuration(bound)}`;
  });
  return [...bounds, formatDuration(durations.sumNs / all)];
}

function timesJson(durations: Durations): JsonObject {
  const all = countOf(durations);
  return {
    count: all,
    mean_ns: all === 0 ? 0 : Math.round(durations.sumNs / all),
    ...Object.fromEntries(
      QUANTILES.map((share) => [`p${share * 100}_below_ns`, quantileBound(durations, share) ?? null]),
    ),
  };
}

const shareText = (part: number, all: number): string =>
  all === 0 ? '' : `${((100 * part) / all).toFixed(1)} %`;

/** The first column stands to the left, numbers to the right, if nothing else is said. */
const table = (
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  sides: readonly ColumnSide[] = titles.map((_, i) => (i === 0 ? 'left' : 'right')),
): readonly string[] => textTable([titles, ...rows], sides);
