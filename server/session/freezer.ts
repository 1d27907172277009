/** Keeps the last of a session as a recording: when somebody asks for it, or once what is waited for happens. */
import { rmSync } from 'node:fs';
import { fail, ok, type Result } from '../../core/base/result.ts';
import { parse } from '../../core/base/schema.ts';
import { factsSchema } from '../../core/messages/facts.ts';
import {
  chosenTriggers,
  FROZEN_TOLD_MAX,
  type FreezeOrder,
  type Freezing,
  type Frozen,
} from '../../core/messages/freezing.ts';
import type { RecordingTrigger } from '../../core/messages/source.ts';
import { NameBook } from '../../core/model/names.ts';
import { VERDICT } from '../../core/model/packet.ts';
import { readPath } from '../../core/model/path.ts';
import type { Trigger } from '../../core/model/triggers.ts';
import { ROW_BYTES, rowLastNs, rowPacket, rowVerdict } from '../../core/wire/rows.ts';
import { type AskFacts, askSeldom, explainPath } from '../explain.ts';
import { type SavedHub, SessionOver, saveSession } from '../recording/save.ts';
import { openFileSink } from '../recording/sink.ts';
import type { FreezeRequest } from '../store/frozen.ts';
import { recordingName } from '../store/shelf.ts';
import type { Hub } from './hub.ts';

/** Where recordings are made; see {@link Library.keep}. */
export interface FrozenShelf {
  keep(name: string, note: string, write: (path: string) => Promise<void>): Promise<string>;
}

export type FreezableHub = SavedHub &
  Pick<Hub, 'request' | 'explained' | 'freezeKept'> & {
    readonly session: Pick<Hub['session'], 'watch' | 'pulse' | 'rowsSince' | 'path'>;
    on(event: 'happened', listener: (trigger: Trigger, session: number) => void): unknown;
  };

interface Happened {
  readonly trigger: RecordingTrigger;
  /** In which the packet is. */
  readonly session: number;
}

/** Rows that are looked through for dropped packets, and of these so many are explained, the newest. */
const ROWS_MAX = 1 << 14;
const EXPLAINED_MAX = 256;
/** After one that could not be made. */
const RETRY_MS = 10_000;
/** A host that does not answer is not waited for. */
const EXPLAIN_MS = 5000;

export class Freezer {
  readonly #hub: FreezableHub;
  readonly #shelf: FrozenShelf;
  readonly #product: string;
  readonly #names = new NameBook();
  readonly #ask: AskFacts;
  #order: FreezeOrder | null = null;
  /** Recordings that are being written, or wait for that. */
  #writes = 0;
  #frozen: readonly Frozen[] = [];
  #fault = '';
  /** What happened, and is kept once more of it is there. */
  #pending: { readonly timer: NodeJS.Timeout; readonly keep: () => void } | undefined;
  /** Until then nothing is made because of what happens: that is kept when it is over (ms of this process). */
  #quietUntilMs = 0;
  #writing: Promise<unknown> = Promise.resolve();

  /** `product` is the version that writes them. */
  constructor(hub: FreezableHub, shelf: FrozenShelf, product: string) {
    this.#hub = hub;
    this.#shelf = shelf;
    this.#product = product;
    this.#ask = askSeldom(async (queries, packet) => {
      const result = await hub.request({ method: 'facts', queries, packet });
      return result.ok ? parse(factsSchema, result.value).facts : [];
    });
    hub.on('happened', (trigger, session) => this.#happened({ trigger, session }));
  }

  get freezing(): Freezing {
    const phase = this.#writes > 0 ? 'writing' : this.#pending === undefined ? 'ready' : 'after';
    return { phase, order: this.#order, frozen: this.#frozen, fault: this.#fault };
  }

  /** What is waited for from now on; null for nothing. */
  wait(order: FreezeOrder | null): Result<null> {
    if (order !== null && chosenTriggers(order.triggers).length === 0)
      return fail('BAD_REQUEST', 'nothing is chosen that could be waited for');
    // what has happened by now was waited for
    this.#pending?.keep();
    this.#order = order;
    this.#fault = '';
    this.#quietUntilMs = 0;
    this.#hub.session.watch(order?.triggers ?? null, (order?.lastMs ?? 0) * 1e6);
    return ok(null);
  }

  /** By hand. */
  async now(lastMs: number): Promise<Result<{ readonly name: string }>> {
    const { nowNs, session } = await this.#hub.session.pulse();
    if (this.#writes > 0)
      return fail('BUSY', 'another is being written: it is among the recordings in a moment');
    if (nowNs === undefined)
      return fail('NOTHING_YET', 'no packet has been captured yet: there is nothing to keep');
    const trigger = { packet: 0, timeNs: nowNs, why: 'kept by hand' };
    const name = await this.#freeze({ trigger, session }, lastMs);
    return name === undefined ? fail('NOT_FROZEN', this.#fault) : ok({ name });
  }

  /** What has happened is kept, and written to its end. */
  async close(): Promise<void> {
    // what happened in the last records is told before this is answered
    await this.#hub.session.pulse();
    this.wait(null);
    await this.#writing;
  }

  /** What happens before that is kept is in the same recording. */
  #happened(what: Happened): void {
    const order = this.#order;
    if (order === null || this.#pending !== undefined) return;
    // its host knows best now
    this.#explain([what.trigger.packet]).catch((error: unknown) =>
      console.error('skbtracer server: what is frozen is not explained:', error),
    );
    const keep = () => {
      clearTimeout(this.#pending?.timer);
      this.#pending = undefined;
      this.#quietUntilMs = performance.now() + order.lastMs;
      void this.#freezeFor(order, what);
    };
    const waitMs = Math.max(order.afterMs, this.#quietUntilMs - performance.now());
    this.#pending = { timer: setTimeout(keep, waitMs), keep };
  }

  async #freezeFor({ lastMs, triggers }: FreezeOrder, what: Happened): Promise<void> {
    const name = await this.#freeze(what, lastMs);
    // something else may be waited for by now
    if (name === undefined) this.#quietUntilMs = performance.now() + Math.min(lastMs, RETRY_MS);
    if (name === undefined || this.#order?.triggers !== triggers) return;
    const times = this.#order.times - 1;
    this.#order = times === 0 ? null : { ...this.#order, times };
    if (times > 0) return;
    clearTimeout(this.#pending?.timer);
    this.#pending = undefined;
    this.#hub.session.watch(null, 0);
  }

  /** Its name; undefined when it could not be made, which is told. One after the other. Never rejects. */
  #freeze(what: Happened, lastMs: number): Promise<string | undefined> {
    const made = this.#writing.then(() => this.#write(what, lastMs));
    this.#writing = made;
    this.#writes += 1;
    return made;
  }

  async #write({ trigger, session }: Happened, lastMs: number): Promise<string | undefined> {
    const { packet, why } = trigger;
    const sinceNs = Math.max(0, trigger.timeNs - lastMs * 1e6);
    try {
      await this.#explainDrops(sinceNs);
      const { lastHello } = this.#hub;
      const name = await this.#shelf.keep(
        `${recordingName(lastHello?.hostname ?? '')}-frozen`,
        packet === 0 ? '' : `packet ${packet}: ${why}`,
        (path) => this.#writeTo({ path, session, trigger, sinceNs }),
      );
      this.#frozen = [{ name, packet, why, atUnixMs: Date.now() }, ...this.#frozen].slice(0, FROZEN_TOLD_MAX);
      this.#fault = '';
      return name;
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      this.#fault =
        error instanceof SessionOver ? 'the capture began anew before all of it was written' : what;
      console.error(`skbtracer server: the last seconds were not kept: ${this.#fault}`);
      return undefined;
    } finally {
      this.#writes -= 1;
    }
  }

  /** What the disk has, or memory where this session is not kept. */
  async #writeTo(request: Omit<FreezeRequest, 'facts'>): Promise<void> {
    const kept = await this.#hub.freezeKept({ ...request, facts: this.#hub.facts.all });
    if (kept.phase === 'failed') throw new Error(kept.why);
    if (kept.phase === 'written') return;
    const { path, ...what } = request;
    rmSync(path, { force: true }); // begun by a thread that died
    const sink = await openFileSink(path);
    try {
      await saveSession(this.#hub, sink, { product: this.#product, ...what });
    } catch (error) {
      await sink.close().catch(() => undefined); // why it ends is told
      throw error;
    }
  }

  /** Why the newest dropped packets since then were: later the host may not know any more. */
  async #explainDrops(sinceNs: number): Promise<void> {
    const { session } = this.#hub;
    const { version } = await session.pulse();
    const { rows } = await session.rowsSince(Math.max(0, version - ROWS_MAX), ROWS_MAX);
    const view = new DataView(rows);
    const dropped: number[] = [];
    for (let at = view.byteLength - ROW_BYTES; at >= 0 && dropped.length < EXPLAINED_MAX; at -= ROW_BYTES)
      if (rowVerdict(view, at) === VERDICT.dropped && rowLastNs(view, at) >= sinceNs)
        dropped.push(rowPacket(view, at));
    const late = new Promise((resolve) => setTimeout(resolve, EXPLAIN_MS).unref());
    await Promise.race([this.#explain(dropped), late]);
  }

  async #explain(packets: readonly number[]): Promise<void> {
    this.#names.take(this.#hub.names);
    for (const packet of packets) {
      if (this.#hub.facts.has(packet)) continue;
      const { records } = await this.#hub.session.path(packet);
      if (records === undefined) continue;
      const { facts } = await explainPath(readPath(new Uint8Array(records), packet), this.#names, this.#ask);
      if (facts.length > 0) this.#hub.explained(packet, facts);
    }
  }
}

/** In the place of one where nothing can be kept. */
export const noFreezer = (why: string) => ({
  freezing: { phase: 'off', why } as const satisfies Freezing,
  wait: () => fail<null>('NOT_FROZEN', why),
  now: async () => fail<{ readonly name: string }>('NOT_FROZEN', why),
  close: async () => undefined,
});
