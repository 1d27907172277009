import type { Writable } from 'node:stream';
import type { Ns } from '../../core/base/units.ts';
import { CLASSIC_HEADER, type ClassicOptions, classicLine, decisionLine } from '../../core/model/classic.ts';
import { isNetfilterDecision } from '../../core/model/deciders.ts';
import { explanationLines, explanationToJson, isRemarkable } from '../../core/model/explanation.ts';
import type { Decision, Hop, SocketEvent } from '../../core/model/hop.ts';
import {
  decisionToJson, freeToJson, hopToJson, type JsonObject, lineageToJson, socketToJson, tailToJson,
} from '../../core/model/json.ts'; // biome-ignore format: a list
import type { NameBook } from '../../core/model/names.ts';
import { HopReader, type RecordListener } from '../../core/model/reader.ts';
import { TCP_HEADER, tcpLine } from '../../core/model/tcp-line.ts';
import { SECTION } from '../../core/wire/layout.gen.ts';
import { LastHops } from './last-hops.ts';
import type { Shown } from './modes.ts';
import type { Explanation } from './why.ts';

export interface PrinterOptions {
  readonly json: boolean;
  readonly time: 'clock' | 'seconds';
  readonly shows: Shown;
  /** The control block is told below a line, when it changed. */
  readonly controlBlock: boolean;
  /** Stop after exactly so many events. */
  readonly count: number | undefined;
  readonly baseUnixMs: number;
  readonly names: NameBook;
  /** Which TCP connections are printed. */
  matches(event: SocketEvent): boolean;
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
  #lines: string[] = [];
  #printed = 0;
  #firstNs: Ns | undefined;
  #isOpen = true;

  /** `closed` is called when the output's reader has gone away (as `head` does). */
  constructor(output: Writable, options: PrinterOptions, closed: () => void) {
    this.#output = output;
    this.#options = options;
    this.#listener = this.#listenerFor(options);
    output.on('error', () => {
      this.#isOpen = false;
      closed();
    });
  }

  /** The headings, once the capture runs. */
  begin(): void {
    const { json, shows } = this.#options;
    if (json || !this.#isOpen) return;
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

  /** Prints how a packet ended; as lines only what is remarkable. */
  explain(explanation: Explanation): void {
    const { json, names } = this.#options;
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
    return new Promise((resolve) => {
      if (!this.#isOpen) resolve();
      else this.#output.end(() => resolve());
    });
  }

  #listenerFor({ json, shows, names, baseUnixMs, matches }: PrinterOptions): RecordListener {
    const decides = shows.netfilter || (json && shows.hops);
    const tellsAll = json && shows.hops;
    return {
      symbol: (symbol) => names.take({ symbols: [symbol] }),
      stack: (stack) => names.take({ stacks: [stack] }),
      hop: (hop) => {
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
    const { names, controlBlock } = this.#options;
    const frames = hop.stack === undefined ? [] : names.stackFrames(hop.stack);
    const { control } = hop.state;
    const isNew = controlBlock && control !== undefined && (hop.carried & SECTION.control) !== 0;
    const block = isNew ? [`cb ${control.cb} users ${control.users} dataref ${control.dataref}`] : [];
    return [...block, ...frames].map((text) => `${BELOW}${text}`);
  }

  /** One event: an object with `--json`, else lines. */
  #event(timeNs: Ns, json: () => JsonObject, lines?: (options: ClassicOptions) => readonly string[]): void {
    if (this.isDone) return;
    this.#firstNs ??= timeNs;
    const { time, baseUnixMs } = this.#options;
    if (this.#options.json) this.#lines.push(JSON.stringify(json()));
    else if (lines !== undefined) this.#lines.push(...lines({ time, baseUnixMs, firstNs: this.#firstNs }));
    else return;
    this.#printed += 1;
  }
}
