import type { NameTables } from '../../messages/browser.ts';
import type { Verdict } from '../packet.ts';
import { playRole, ROLE, roleOf, verdictOf } from '../verdict.ts';

const NO_SOCKET = 'NO_SOCKET';

/** How packets end: what they did until now, by slot, and the verdict that follows from it when one is dropped or freed. */
export class Outcomes {
  /** Sets of {@link ROLE}. */
  readonly #played: Uint8Array;
  /** A raw socket got a clone of the packet. */
  readonly #handedOver: Uint8Array;
  /** By function id. */
  #roles = new Uint8Array(0);
  #rawReceivers = new Set<number>();
  #noSocket = -1;

  constructor(capacity: number) {
    this.#played = new Uint8Array(capacity);
    this.#handedOver = new Uint8Array(capacity);
  }

  /** Functions and drop reasons of the source: what verdicts are told by. */
  takeNames({ functions, reasons }: NameTables): void {
    if (functions !== undefined) {
      this.#roles = new Uint8Array(functions.reduce((max, { id }) => Math.max(max, id), 0) + 1);
      for (const { id, name } of functions) this.#roles[id] = roleOf(name);
      this.#rawReceivers = new Set(
        functions.filter(({ name }) => /^raw(v6)?_rcv$/.test(name)).map((f) => f.id),
      );
    }
    if (reasons !== undefined) this.#noSocket = reasons.find(({ name }) => name === NO_SOCKET)?.value ?? -1;
  }

  /** Another packet is in this slot now. */
  begin(slot: number): void {
    this.#played[slot] = 0;
    this.#handedOver[slot] = 0;
  }

  /** The packet reached a function. */
  reached(slot: number, func: number): void {
    this.#played[slot] = playRole(this.#played[slot] ?? 0, this.#roles[func] ?? ROLE.none);
  }

  /** What reaches this function is a clone, made for a raw socket. */
  isRawReceiver(func: number): boolean {
    return this.#rawReceivers.has(func);
  }

  /** A raw socket gets a clone of this packet. */
  handOver(slot: number): void {
    this.#handedOver[slot] = 1;
  }

  /** What should have taken it in refused it in silence. */
  refuse(slot: number): void {
    this.#played[slot] = (this.#played[slot] ?? 0) | ROLE.refused;
  }

  /** The verdict of a packet that the kernel dropped for a reason. */
  ofDrop(slot: number, reason: number): Verdict {
    const handedOver = this.#handedOver[slot] === 1 && reason === this.#noSocket;
    return verdictOf(false, true, handedOver, this.#played[slot] ?? 0);
  }

  /** The verdict of one that was freed. @param dropped the kernel said so, but the record that said why was lost */
  ofFree(slot: number, dropped: boolean): Verdict {
    return verdictOf(true, dropped, false, this.#played[slot] ?? 0);
  }
}
