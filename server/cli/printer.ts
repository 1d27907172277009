import type { Writable } from 'node:stream';
import type { Ns } from '../../core/base/units.ts';
import { CLASSIC_HEADER, classicLine } from '../../core/model/classic.ts';
import { freeToJson, hopToJson, lineageToJson } from '../../core/model/json.ts';
import type { NameBook } from '../../core/model/names.ts';
import { HopReader } from '../../core/model/reader.ts';

export interface PrinterOptions {
  readonly json: boolean;
  readonly time: 'clock' | 'seconds';
  /** Stop after exactly so many lines. */
  readonly count: number | undefined;
  readonly baseUnixMs: number;
  readonly names: NameBook;
}

/**
 * Prints batches as lines, a batch in one write. A reader that is slow is waited for, so that the wait reaches
 * the kernel, which counts what it cannot keep.
 */
export class Printer {
  readonly #output: Writable;
  readonly #options: PrinterOptions;
  readonly #reader = new HopReader();
  #lines: string[] = [];
  #printed = 0;
  #firstNs: Ns | undefined;
  #isOpen = true;

  /** `closed` is called when the output's reader has gone away (as `head` does). */
  constructor(output: Writable, options: PrinterOptions, closed: () => void) {
    this.#output = output;
    this.#options = options;
    output.on('error', () => {
      this.#isOpen = false;
      closed();
    });
  }

  /** The heading, once the capture runs. */
  begin(): void {
    if (!this.#options.json && this.#isOpen) this.#output.write(`${CLASSIC_HEADER}\n`);
  }

  /** Lines printed. */
  get printed(): number {
    return this.#printed;
  }

  get isDone(): boolean {
    return !this.#isOpen || this.#printed >= (this.#options.count ?? Number.POSITIVE_INFINITY);
  }

  /** Events missing from the records' numbers, records skipped, and packets seen. */
  get counts(): { readonly missing: number; readonly malformed: number; readonly packets: number } {
    const { missing, malformed, packets } = this.#reader;
    return { missing, malformed, packets };
  }

  /** Prints a batch; the promise, when there is one, resolves once the output has room again. */
  print(batch: Uint8Array): Promise<void> | undefined {
    const { json, names, baseUnixMs, time } = this.#options;
    this.#reader.read(batch, {
      symbol: (symbol) => names.take({ symbols: [symbol] }),
      hop: (hop) => {
        this.#firstNs ??= hop.timeNs;
        if (json) this.#line(() => JSON.stringify(hopToJson(hop, names, baseUnixMs)));
        else
          this.#line(() =>
            classicLine(hop, names, { time, baseUnixMs, firstNs: this.#firstNs ?? hop.timeNs }),
          );
      },
      ...(json && {
        free: (free) => this.#line(() => JSON.stringify(freeToJson(free, baseUnixMs))),
        lineage: (lineage) => this.#line(() => JSON.stringify(lineageToJson(lineage, baseUnixMs))),
      }),
    });
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

  /** Resolves when everything is written. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#isOpen) resolve();
      else this.#output.end(() => resolve());
    });
  }

  #line(make: () => string): void {
    if (this.isDone) return;
    this.#lines.push(make());
    this.#printed += 1;
  }
}
