/** `skbtracer record --freeze`: the last seconds of a trace, once something happens. */
import { unlinkSync } from 'node:fs';
import type { Fact } from '../../core/messages/facts.ts';
import type { RecordingTrigger, SourceMessage } from '../../core/messages/source.ts';
import { SessionAssembler } from '../../core/model/assembler.ts';
import type { Explanation } from '../../core/model/explanation.ts';
import { formatBytes, formatCount } from '../../core/model/format.ts';
import { NameBook } from '../../core/model/names.ts';
import { type Trigger, TriggerWatch } from '../../core/model/triggers.ts';
import { FlightRecorder } from '../recording/flight.ts';
import type { Sink } from '../recording/sink.ts';
import { productVersion } from '../version.ts';
import type { FlightOptions } from './options.ts';
import { openOutput, type TraceRecorder, wasAsked } from './recorder.ts';
import { failure } from './usage.ts';

/** Of what is looked at. */
const WATCHED = { budgetBytes: 8 << 20, maxPackets: 1 << 16 };
const BY_HAND = { packet: 0, timeNs: 0, why: 'kept by hand' } as const;

export class FlightRecording implements TraceRecorder {
  readonly #path: string;
  readonly #sink: Sink;
  readonly #options: FlightOptions;
  readonly #recorder: FlightRecorder;
  readonly #names = new NameBook();
  readonly #assembler = new SessionAssembler(WATCHED);
  readonly #watch: TriggerWatch;
  readonly #done: () => void;
  readonly #onSignal = () => this.#happened(BY_HAND);
  #trigger: RecordingTrigger | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(path: string, sink: Sink, options: FlightOptions, done: () => void) {
    this.#path = path;
    this.#sink = sink;
    this.#options = options;
    this.#done = done;
    this.#recorder = new FlightRecorder(productVersion(), options.limits);
    this.#watch = new TriggerWatch(options.triggers, this.#names, options.limits.ms * 1e6, this.#assembler);
    process.on('SIGUSR1', this.#onSignal);
  }

  /** Makes the file, see {@link openOutput}; `done` is called when it happened, and what came then is there, too. */
  static async open(path: string, options: FlightOptions, done: () => void): Promise<FlightRecording> {
    return new FlightRecording(path, await openOutput(path), options, done);
  }

  said(message: SourceMessage): void {
    if (message.type === 'reply') return;
    this.#recorder.said(message);
    if (message.type === 'functions' || message.type === 'reasons') {
      this.#names.take(message);
      this.#assembler.takeNames(message);
    }
    if (message.type === 'capture' && message.capture.phase === 'starting') this.#assembler.restart();
  }

  batch(records: Uint8Array): Promise<void> | undefined {
    const room = this.#recorder.batch(records);
    const own = new Uint8Array(records);
    this.#assembler.take(own);
    const trigger = this.#watch.look(own);
    if (trigger !== undefined) this.#happened(trigger);
    return room;
  }

  explained(explanation: Explanation, facts: readonly Fact[]): void {
    if (wasAsked(explanation, facts)) this.#recorder.explained(explanation.path.packet, facts);
  }

  get counts() {
    return this.#recorder.counts;
  }

  /** Ended before it happened, there is nothing to keep. */
  async finish(): Promise<void> {
    this.#forget();
    if (this.#trigger === undefined) {
      await this.#drop();
      console.error(
        `nothing of what was waited for happened: no file is left (kill -USR1 ${process.pid} would have kept it)`,
      );
      return;
    }
    try {
      const bytes = this.#recorder.bytes;
      const { records } = await this.#recorder.freeze(this.#sink, this.#trigger);
      const what = this.#path === '-' ? 'recorded' : this.#path;
      console.error(
        `${what}: the last ${formatCount(records)} events, ${formatBytes(bytes)}; ${triggerText(this.#trigger)}`,
      );
    } catch (error) {
      throw failure(error instanceof Error ? error.message : String(error));
    } finally {
      await this.#recorder.close();
    }
  }

  async abandon(): Promise<void> {
    this.#forget();
    await this.#drop();
  }

  #happened(trigger: Trigger): void {
    if (this.#trigger !== undefined) return;
    this.#trigger = trigger;
    console.error(
      `${triggerText(trigger)}: keeping what there is, and what comes in the next ${this.#options.afterMs} ms`,
    );
    this.#timer = setTimeout(this.#done, this.#options.afterMs);
  }

  #forget(): void {
    clearTimeout(this.#timer);
    process.off('SIGUSR1', this.#onSignal);
  }

  async #drop(): Promise<void> {
    await this.#recorder.close();
    await this.#sink.close();
    if (this.#path !== '-') unlinkSync(this.#path);
  }
}

const triggerText = ({ packet, why }: RecordingTrigger): string =>
  packet === 0 ? why : `packet ${packet}: ${why}`;
