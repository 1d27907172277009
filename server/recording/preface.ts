import type { RecordedMessage } from '../../core/messages/recording.ts';
import type { SourceMessage } from '../../core/messages/source.ts';

type Said = Exclude<SourceMessage, { type: 'reply' }>;

/** Said before the first packet of a recording, in this order. */
const NAMES = ['hello', 'functions', 'reasons', 'namespaces', 'cgroups', 'topology'] as const;

/** What a source has said until now, so that a recording can begin at any time and stand for itself. */
export class Preface {
  /** By type, what was said last. */
  readonly #said = new Map<Said['type'], Said>();
  #starting: Said | undefined;
  #running: Said | undefined;

  take(message: Said): void {
    if (message.type !== 'capture') {
      this.#said.set(message.type, message);
      return;
    }
    const { phase } = message.capture;
    if (phase === 'starting') {
      this.#starting = message;
      this.#running = undefined;
    } else if (phase === 'running') this.#running = message;
  }

  /** The last message of this type. */
  said<T extends Said['type']>(type: T): Extract<Said, { type: T }> | undefined {
    return this.#said.get(type) as Extract<Said, { type: T }> | undefined;
  }

  *messages(): Generator<RecordedMessage> {
    for (const type of NAMES) {
      const message = this.#said.get(type);
      if (message !== undefined) yield message;
    }
    if (this.#starting !== undefined) yield this.#starting;
    if (this.#running !== undefined) yield this.#running;
  }
}
