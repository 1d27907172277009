import type { SymbolInfo } from '../../messages/browser.ts';
import type { RecordCursor } from '../../wire/cursor.ts';
import { KIND } from '../../wire/layout.gen.ts';
import type { StackTrace } from '../hop.ts';
import { readStack, readSymbol } from '../reader.ts';

const SYMBOLS_MAX = 65_536;
/** No kernel-side stack table is larger. */
const STACKS_MAX = 65_536;

/** What records name once and others refer to: drop locations, and stacks. Bounded; the first are kept. */
export class CaptureNames {
  readonly #symbols = new Map<string, SymbolInfo>();
  readonly #stacks = new Map<number, StackTrace>();
  /** The same as they came, by the same keys. */
  readonly #symbolRecords = new Map<string, Uint8Array>();
  readonly #stackRecords = new Map<number, Uint8Array>();

  get symbols(): readonly SymbolInfo[] {
    return [...this.#symbols.values()];
  }

  get symbolCount(): number {
    return this.#symbols.size;
  }

  /** By stack id. */
  get stacks(): ReadonlyMap<number, StackTrace> {
    return this.#stacks;
  }

  /** The record that the cursor is on names something. */
  take(cursor: RecordCursor): void {
    if (cursor.kind === KIND.symbol) {
      if (this.#symbols.size >= SYMBOLS_MAX) return;
      const symbol = readSymbol(cursor);
      this.#symbols.set(symbol.address, symbol);
      this.#symbolRecords.set(symbol.address, bytesOf(cursor));
    } else {
      if (this.#stacks.size >= STACKS_MAX) return;
      const stack = readStack(cursor);
      this.#stacks.set(stack.id, stack);
      this.#stackRecords.set(stack.id, bytesOf(cursor));
    }
  }

  /** Another capture: its stack ids start anew, addresses in the kernel stay what they are. */
  restart(): void {
    this.#stacks.clear();
    this.#stackRecords.clear();
  }

  /** All that was named, as whole records: what a batch that was let go had of it is here still. */
  get records(): Uint8Array<ArrayBuffer> {
    const all = [...this.#symbolRecords.values(), ...this.#stackRecords.values()];
    const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const one of all) {
      bytes.set(one, at);
      at += one.length;
    }
    return bytes;
  }
}

const bytesOf = ({ bytes, offset, size }: RecordCursor): Uint8Array => bytes.slice(offset, offset + size);
