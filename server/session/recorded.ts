/** Recordings that pages look at: each has a hub of its own, as long as somebody looks. */

import type { Recorded } from '../recording/recorded.ts';
import { replaySource } from '../recording/source.ts';
import type { KeptFiles } from '../store/kept.ts';
import { noStore } from '../store/store.ts';
import { Hub } from './hub.ts';

/** Each has a session's memory. */
const OPEN_MAX = 4;
/** A page that is loaded again finds it open. */
const IDLE_MS = 30_000;

/** Plays a recording into a hub, which says how far it is; it stays there when it has ended. The result closes it. */
export function playInto(hub: Hub, opening: Promise<Recorded>, name: string): () => Promise<void> {
  hub.reading = { isDone: false, share: undefined, note: '' };
  const reading = opening.then((recording) => {
    const { message, batch, gone } = hub.listener();
    const done = (note: string) => {
      hub.reading = { isDone: true, share: 1, note };
    };
    const source = replaySource(recording, name, {
      message,
      batch(records) {
        hub.reading = { isDone: false, share: recording.share, note: '' };
        return batch(records);
      },
      gone(note) {
        done(note);
        gone(note);
      },
      ended(note = '') {
        done(note);
        if (note !== '') console.error(`skbtracer server: ${name}: ${note}`);
      },
    });
    hub.attach(source);
    return source;
  });
  reading.catch((error: unknown) => hub.waiting(error instanceof Error ? error.message : String(error)));
  return async () => (await reading.catch(() => undefined))?.close();
}

interface OpenRecording {
  readonly stop: () => Promise<void>;
  users: number;
  timer: NodeJS.Timeout | undefined;
}

export interface RecordedOptions {
  /** Rejects with why it cannot be read. */
  readonly open: (name: string) => Promise<Recorded>;
  /** Where the files of one lie that has an index, which is not written any more. */
  readonly indexOf: (name: string) => Pick<KeptFiles, 'recording' | 'index'> | undefined;
  /** Of records in memory, for each. */
  readonly memoryBytes: number;
  /** Serves a hub to pages; the result ends that. */
  readonly serve: (name: string, hub: Hub) => () => void;
}

export class RecordedHubs {
  readonly #options: RecordedOptions;
  readonly #open = new Map<string, OpenRecording>();

  constructor(options: RecordedOptions) {
    this.#options = options;
  }

  /** A page looks at it; the result says that it looks no longer. Throws why it cannot be shown. */
  async enter(name: string): Promise<() => void> {
    const shown = this.#open.get(name) ?? (await this.#begin(name));
    clearTimeout(shown.timer);
    shown.users += 1;
    return () => {
      shown.users -= 1;
      if (shown.users === 0) shown.timer = setTimeout(() => this.#end(name), IDLE_MS);
    };
  }

  /** It is no longer there: closed, unless somebody looks at it. */
  forget(name: string): void {
    if (this.#open.get(name)?.users === 0) this.#end(name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((name) => this.#end(name)));
  }

  async #begin(name: string): Promise<OpenRecording> {
    const recording = await this.#options.open(name);
    // somebody else may have opened it meanwhile
    const known = this.#open.get(name);
    if (known !== undefined || this.#open.size >= OPEN_MAX) {
      await recording.close();
      if (known !== undefined) return known;
      const idle = [...this.#open].find(([, { users }]) => users === 0);
      if (idle === undefined)
        throw new Error(`${OPEN_MAX} recordings are looked at already: close the page of one`);
      await this.#end(idle[0]);
      return this.#begin(name);
    }
    const { memoryBytes, serve, indexOf } = this.#options;
    const { createdUnixMs } = recording.header;
    const files = indexOf(name);
    const hub = new Hub(
      { kind: 'recording', labReason: '', memoryBytes, ...(files && { kept: { ...files, createdUnixMs } }) },
      noStore('a recording is shown'),
      (error) => {
        console.error(`skbtracer server: the recording ${name} is no longer shown:`, error);
        this.#end(name);
      },
    );
    const stopPlaying = playInto(hub, Promise.resolve(recording), name);
    const stopServing = serve(name, hub);
    const shown: OpenRecording = {
      users: 0,
      timer: undefined,
      async stop() {
        stopServing();
        await stopPlaying();
        await hub.close();
      },
    };
    this.#open.set(name, shown);
    return shown;
  }

  async #end(name: string): Promise<void> {
    const shown = this.#open.get(name);
    if (shown === undefined) return;
    clearTimeout(shown.timer);
    this.#open.delete(name);
    await shown.stop();
  }
}
