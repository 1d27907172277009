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
    } else {
      if (this.#stacks.size >= STACKS_MAX) return;
      const stack = readStack(cursor);
      this.#stacks.set(stack.id, stack);
    }
  }

  /** Another capture: its stack ids start anew, addresses in the kernel stay what they are. */
  restart(): void {
    this.#stacks.clear();
  }
}
