import type { Writable } from 'node:stream';
import type { Ns } from '../../core/base/units.ts';
import { CLASSIC_HEADER, type ClassicOptions, classicLine, decisionLine } from '../../core/model/classic.ts';
import { isNetfilterDecision } from '../../core/model/deciders.ts';
import type { DropTop } from '../../core/model/drop-top.ts';
import {
  type Explanation,
  explanationLines,
  explanationToJson,
  isRemarkable,
} from '../../core/model/explanation.ts';
import type { Decision, Hop, SocketEvent } from '../../core/model/hop.ts';
import {
  decisionToJson, freeToJson, hopToJson, type JsonObject, lineageToJson, socketToJson, tailToJson,
} from '../../core/model/json.ts'; // biome-ignore format: a list
import type { NameBook } from '../../core/model/names.ts';
import { type Paint, PLAIN } from '../../core/model/paint.ts';
import { HopReader, type RecordListener } from '../../core/model/reader.ts';
import type { StatsTable } from '../../core/model/stats-table.ts';
import { TCP_HEADER, tcpLine } from '../../core/model/tcp-line.ts';
import type { treeLines } from '../../core/model/tree.ts';
import { SECTION } from '../../core/wire/layout.gen.ts';
import { LastHops } from './last-hops.ts';
import type { Shown } from './modes.ts';

export interface PrinterOptions {
  readonly json: boolean;
  readonly time: 'clock' | 'seconds';
  readonly shows: Shown;
  /** The control block is told below a line, when it changed. */
  readonly controlBlock: boolean;
  /** Kernel stacks stand below lines, where there are any. */
  readonly printsStacks: boolean;
  /** Of a tree and of tables: read only by whom they are for, see {@link viewsFor}. */
  readonly tree?: typeof treeLines;
  readonly top?: DropTop;
  readonly stats?: StatsTable;
  /** How these set off words; not at all without it. */
  readonly paint?: Paint;
  /** Stop after exactly so many events. */
  readonly count: number | undefined;
  readonly baseUnixMs: number;
  readonly names: NameBook;
  /** Room of the terminal that is printed on; undefined where it is none. */
  readonly terminal?: (() => { readonly rows: number; readonly columns: number }) | undefined;
  /** Time goes by as the records say, not as they are read. */
  readonly isRecorded?: boolean;
  /** Events that were lost by now. */
  readonly lost?: () => number;
  /** Which TCP connections are printed. */
  matches(event: SocketEvent): boolean;
}

/** A table is told again after so long. */
const TABLE_MS = 1000;
/** Of a table that is told once. */
const NO_TERMINAL = { rows: 1000, columns: 1000 };
/** To the first line; what is right of it, and below, is cleared. */
const [HOME, CLEAR_RIGHT, CLEAR_BELOW, CLEAR_ALL] = ['\u001b[H', '\u001b[K', '\u001b[J', '\u001b[2J'];

/** The tree's and the table's part of the options: what tells a story is a tenth of the program. */
export async function viewsFor(
  shows: Shown,
  names: NameBook,
): Promise<Pick<PrinterOptions, 'tree' | 'top' | 'stats'>> {
  if (shows.story) return { tree: (await import('../../core/model/tree.ts')).treeLines };
  if (shows.stats) {
    const { StatsTable } = await import('../../core/model/stats-table.ts');
    return { stats: new StatsTable(names) };
  }
  if (!shows.top) return {};
  const { DropTop } = await import('../../core/model/drop-top.ts');
  return { top: new DropTop(names) };
}

/** What stands below a line, as the original indented its stacks. */
const BELOW = '    ';

/**
 * Prints batches as lines, a batch in one write. A reader that is slow is waited for, so that the wait reaches
 * the kernel, which counts what it cannot keep.
 */
export class Printer {
  readonly #output: Writable;
  readonly #options: PrinterOptions;
  readonly #reader = new HopReader();
  readonly #listener: RecordListener;
  readonly #last = new LastHops();
  #begunAt = performance.now();
  #toldAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #lines: string[] = [];
  #printed = 0;
  #firstNs: Ns | undefined;
  #hopsFromNs = Number.POSITIVE_INFINITY;
  #hopsUntilNs = 0;
  #isOpen = true;

  /** `closed` is called when the output takes no more: its reader has gone away (as `head` does), or the disk is full. */
  constructor(output: Writable, options: PrinterOptions, closed: (error: Error) => void) {
    this.#output = output;
    this.#options = options;
    this.#listener = this.#listenerFor(options);
    output.on('error', (error) => {
      this.#isOpen = false;
      closed(error);
    });
  }

  /** The headings, once the capture runs. */
  begin(): void {
    const { json, shows, terminal } = this.#options;
    this.#begunAt = performance.now();
    this.#toldAt = this.#begunAt;
    if (json || !this.#isOpen) return;
    if (this.#table !== undefined && terminal !== undefined) {
      this.#output.write(CLEAR_ALL);
      this.#timer = setInterval(() => this.#tellTable(), TABLE_MS);
    }
    if (shows.hops || shows.drops || shows.netfilter) this.#output.write(`${CLASSIC_HEADER}\n`);
    if (shows.tcp) this.#output.write(`${TCP_HEADER}\n`);
  }

  /** Events printed. */
  get printed(): number {
    return this.#printed;
  }

  get isDone(): boolean {
    return !this.#isOpen || this.#printed >= (this.#options.count ?? Number.POSITIVE_INFINITY);
  }

  /** Events that arrived, records skipped, and packets seen. */
  get counts(): { readonly arrived: number; readonly malformed: number; readonly packets: number } {
    const { events: arrived, malformed, packets } = this.#reader;
    return { arrived, malformed, packets };
  }

  /** Prints a batch; the promise, when there is one, resolves once the output has room again. */
  print(batch: Uint8Array): Promise<void> | undefined {
    this.#reader.read(batch, this.#listener);
    this.#options.stats?.take(batch);
    return this.#write();
  }

  #write(): Promise<void> | undefined {
    if (this.#lines.length === 0) return undefined;
    const text = `${this.#lines.join('\n')}\n`;
    this.#lines = [];
    if (this.#output.write(text)) return undefined;
    return new Promise((resolve) => {
      const go = () => {
        this.#output.off('drain', go).off('error', go);
        resolve();
      };
      this.#output.on('drain', go).on('error', go);
    });
  }

  /** Prints how a packet ended, as lines only what is remarkable; as a tree all of its life. */
  explain(explanation: Explanation): void {
    const { json, names, tree, paint = PLAIN } = this.#options;
    if (tree !== undefined) {
      this.#event(
        explanation.row.firstNs,
        () => explanationToJson(explanation, names),
        (options) => tree(explanation, names, options, paint),
      );
      this.#write();
      return;
    }
    if (!json && !isRemarkable(explanation)) return;
    this.#event(
      explanation.row.lastNs,
      () => explanationToJson(explanation, names),
      (options) => explanationLines(explanation, names, options),
    );
    this.#write();
  }

  /** Resolves when everything is written. */
  end(): Promise<void> {
    clearInterval(this.#timer);
    this.#tellTable();
    return new Promise((resolve) => {
      if (!this.#isOpen) resolve();
      else this.#output.end(() => resolve());
    });
  }

  get #table(): Pick<StatsTable, 'lines'> | undefined {
    return this.#options.top ?? this.#options.stats;
  }

  /** On a terminal, over the one before. */
  #tellTable(): void {
    const { json, stats, terminal, paint = PLAIN, lost, isRecorded = false } = this.#options;
    const table = this.#table;
    if (table === undefined || !this.#isOpen) return;
    const now = performance.now();
    const recordedMs = isRecorded ? Math.max(0, this.#hopsUntilNs - this.#hopsFromNs) / 1e6 : undefined;
    const state = {
      elapsedMs: recordedMs ?? now - this.#begunAt,
      sinceMs: recordedMs ?? now - this.#toldAt,
      packets: this.#reader.packets,
      lost: lost?.() ?? 0,
      ...(terminal?.() ?? NO_TERMINAL),
    };
    this.#toldAt = now;
    if (json && stats !== undefined) {
      this.#output.write(`${JSON.stringify(stats.json(state))}\n`);
      return;
    }
    const lines = table.lines(state, paint);
    this.#output.write(
      terminal === undefined
        ? `${lines.join('\n')}\n`
        : `${HOME}${lines.map((line) => `${line}${CLEAR_RIGHT}\n`).join('')}${CLEAR_BELOW}`,
    );
  }

  #listenerFor({ json, shows, top, names, baseUnixMs, matches }: PrinterOptions): RecordListener {
    const decides = shows.netfilter || (json && shows.hops);
    const tellsAll = json && shows.hops;
    return {
      symbol: (symbol) => names.take({ symbols: [symbol] }),
      stack: (stack) => names.take({ stacks: [stack] }),
      hop: (hop) => {
        this.#hopsFromNs = Math.min(this.#hopsFromNs, hop.timeNs);
        this.#hopsUntilNs = Math.max(this.#hopsUntilNs, hop.timeNs);
        if (hop.kind === 'drop') top?.take(hop);
        if (shows.netfilter && !json) this.#last.set(hop);
        if (hop.kind === 'hop' ? shows.hops : shows.drops) this.#hop(hop);
      },
      free: (free) => {
        this.#last.end(free.packet);
        if (tellsAll) this.#event(free.timeNs, () => freeToJson(free, baseUnixMs));
      },
      ...(decides && {
        decision: (decision) => {
          if (tellsAll || isNetfilterDecision(decision)) this.#decision(decision);
        },
      }),
      ...(tellsAll && {
        tail: (tail) => this.#event(tail.timeNs, () => tailToJson(tail, baseUnixMs)),
        lineage: (lineage) => this.#event(lineage.timeNs, () => lineageToJson(lineage, baseUnixMs)),
      }),
      ...(shows.tcp && {
        socket: (event) => {
          if (!matches(event)) return;
          this.#event(
            event.timeNs,
            () => socketToJson(event, names, baseUnixMs),
            (options) => [tcpLine(event, names, options)],
          );
        },
      }),
    };
  }

  #hop(hop: Hop): void {
    const { names, baseUnixMs } = this.#options;
    this.#event(
      hop.timeNs,
      () => hopToJson(hop, names, baseUnixMs),
      (options) => [classicLine(hop, names, options), ...this.#below(hop)],
    );
  }

  #decision(decision: Decision): void {
    const { names, baseUnixMs } = this.#options;
    this.#event(
      decision.timeNs,
      () => decisionToJson(decision, names, baseUnixMs),
      (options) => [decisionLine(decision, this.#last.get(decision.packet), names, options)],
    );
  }

  /** Stack frames, innermost first, and the control block when it is new. */
  #below(hop: Hop): readonly string[] {
    const { names, controlBlock, printsStacks } = this.#options;
    const frames = hop.stack === undefined || !printsStacks ? [] : names.stackFrames(hop.stack);
    const { control } = hop.state;
    const isNew = controlBlock && control !== undefined && (hop.carried & SECTION.control) !== 0;
    const block = isNew ? [`cb ${control.cb} users ${control.users} dataref ${control.dataref}`] : [];
    return [...block, ...frames].map((text) => `${BELOW}${text}`);
  }

  /** One event: an object with `--json`, else lines. */
  #event(timeNs: Ns, json: () => JsonObject, lines?: (options: ClassicOptions) => readonly string[]): void {
    if (this.isDone) return;
    this.#firstNs ??= timeNs;
    const { time, baseUnixMs, paint = PLAIN } = this.#options;
    if (this.#options.json) this.#lines.push(JSON.stringify(json()));
    else if (lines !== undefined)
      this.#lines.push(...lines({ time, baseUnixMs, firstNs: this.#firstNs, paint }));
    else return;
    this.#printed += 1;
  }
}
