/** Drops by reason, function and namespace, as a table that is told again and again (`--drops`). */
import { formatCount, formatDuration } from './format.ts';
import type { Hop } from './hop.ts';
import type { NameBook } from './names.ts';
import type { Paint } from './paint.ts';
import { packetText } from './story/words.ts';
import { type ColumnSide, textTable } from './text-table.ts';

/** Kinds that are told apart; those beyond are one. */
const KINDS_MAX = 4096;

interface Kind {
  readonly reason: string;
  /** Where, without the offset. */
  readonly place: string;
  readonly netns: string;
  count: number;
  /** When the table was last told. */
  before: number;
  last: string;
}

export interface TableState {
  /** Since the first packet was waited for. */
  readonly elapsedMs: number;
  /** Since the table was told before. */
  readonly sinceMs: number;
  /** Packets seen, and events lost on the way here. */
  readonly packets: number;
  readonly lost: number;
  /** Lines and columns that there is room for. */
  readonly rows: number;
  readonly columns: number;
}

type DropHop = Extract<Hop, { kind: 'drop' }>;

export class DropTop {
  readonly #names: NameBook;
  readonly #kinds = new Map<string, Kind>();
  #total = 0;

  constructor(names: NameBook) {
    this.#names = names;
  }

  /** Drops so far. */
  get total(): number {
    return this.#total;
  }

  take(hop: DropHop): void {
    const names = this.#names;
    const reason = names.reasonName(hop.reason);
    const place = names.locationName(hop.location).replace(/\+0x[0-9a-f]+/, '');
    const netns = names.netnsName(hop.netns);
    const key = `${reason} ${place} ${netns}`;
    let kind = this.#kinds.get(key);
    if (kind === undefined && this.#kinds.size >= KINDS_MAX) kind = this.#kinds.get(OTHERS);
    if (kind === undefined) {
      const isOther = this.#kinds.size >= KINDS_MAX;
      kind = isOther
        ? { reason: 'others', place: '', netns: '', count: 0, before: 0, last: '' }
        : { reason, place, netns, count: 0, before: 0, last: '' };
      this.#kinds.set(isOther ? OTHERS : key, kind);
    }
    kind.count += 1;
    kind.last = packetText(hop.state);
    this.#total += 1;
  }

  /** The table; what was counted until now is what the next one's rate begins with. */
  lines(state: TableState, paint: Paint): readonly string[] {
    const kinds = [...this.#kinds.values()].sort(
      (a, b) => b.count - b.before - (a.count - a.before) || b.count - a.count,
    );
    const room = Math.max(1, state.rows - HEAD_LINES);
    const shown = kinds.slice(0, room);
    const seconds = Math.max(0.001, state.sinceMs / 1000);
    const cells = shown.map(({ reason, place, netns, count, before, last }) => [
      formatCount(count),
      rateText((count - before) / seconds),
      reason,
      place,
      netns,
      last,
    ]);
    for (const kind of kinds) kind.before = kind.count;
    const [titles = '', ...lines] = textTable([TITLES, ...cells], SIDES).map((line) =>
      line.slice(0, state.columns),
    );
    const share = state.packets === 0 ? 0 : (100 * this.#total) / state.packets;
    const rest = kinds.length - shown.length;
    const head = `${formatCount(this.#total)} dropped of ${formatCount(state.packets)} packets (${share.toFixed(1)} %) in ${formatDuration(state.elapsedMs * 1e6)}${rest > 0 ? `, ${formatCount(rest)} kinds more` : ''}`;
    const lost = state.lost === 0 ? '' : `  ${formatCount(state.lost)} events lost`;
    return [`${paint.strong(head.slice(0, state.columns))}${paint.bad(lost)}`, paint.faint(titles), ...lines];
  }
}

const OTHERS = '';
const HEAD_LINES = 3;
const TITLES = ['COUNT', 'PER S', 'REASON', 'IN', 'NAMESPACE', 'LAST PACKET'] as const;
const SIDES: readonly ColumnSide[] = ['right', 'right', 'left', 'left', 'left', 'left'];

const rateText = (perSecond: number): string =>
  perSecond === 0 ? '0' : perSecond < 10 ? perSecond.toFixed(1) : formatCount(perSecond);
