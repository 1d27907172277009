/** Which drop reasons the packets of a session have had, told as new ones come. No DOM. */
import { VERDICT } from '../../../core/model/packet.ts';
import { rowReason, rowVerdict } from '../../../core/wire/rows.ts';
import type { PacketStore } from './store.ts';

export class DropKinds {
  readonly #store: PacketStore;
  readonly #seen = new Set<number>();
  #session = -1;
  #version = -1;

  constructor(store: PacketStore) {
    this.#store = store;
  }

  /** Reasons that no packet of the session had when this was asked last. Reads only rows that came since. */
  fresh(): number[] {
    const { view, size, session } = this.#store;
    if (session !== this.#session) {
      this.#seen.clear();
      this.#session = session;
      this.#version = -1;
    }
    const found: number[] = [];
    for (let i = 0; i < size; i += 1) {
      if (this.#store.stampOf(i) <= this.#version) continue;
      const at = this.#store.offsetOf(i);
      if (rowVerdict(view, at) !== VERDICT.dropped) continue;
      const reason = rowReason(view, at);
      if (this.#seen.has(reason)) continue;
      this.#seen.add(reason);
      found.push(reason);
    }
    this.#version = this.#store.version();
    return found;
  }
}
