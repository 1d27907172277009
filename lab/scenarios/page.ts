/** What a page of `serve` knows and asks, over the socket that it has. */
import { once } from 'node:events';
import { io, type Socket } from 'socket.io-client';
import type { Result } from '../../core/base/result.ts';
import type { BrowserToServer, ServerToBrowser, Snapshot } from '../../core/messages/browser.ts';
import type { CaptureSpec } from '../../core/messages/source.ts';
import type { PathsAnalysis } from '../../core/model/analysis/result.ts';
import type { LatencyAnalysis } from '../../core/model/latency/result.ts';
import { ROW, ROW_BYTES, rowPacket, rowParent } from '../../core/wire/rows.ts';
import { check } from './check.ts';

const DEADLINE_MS = 120_000;

export class Page {
  readonly #socket: Socket<ServerToBrowser, BrowserToServer>;
  #session = 0;
  #snapshot: Snapshot | undefined;
  #written = '';
  /** Destination port of each packet that is nobody's child, in the order of first sight. */
  readonly #ports = new Map<number, number>();

  private constructor(port: number, token: string, recording: string) {
    const place = recording === '' ? '/' : `/recordings/${recording}`;
    this.#socket = io(`http://127.0.0.1:${port}${place}`, {
      transports: ['websocket'],
      forceNew: true,
      extraHeaders: { authorization: `Bearer ${token}` },
    });
    this.#socket.on('snapshot', (snapshot) => {
      this.#snapshot = snapshot;
    });
    this.#socket.on('stats', ({ keeping }) => {
      this.#written = keeping.phase === 'on' ? keeping.file : '';
    });
    this.#socket.on('rows', (rows, { session }) => {
      this.#take(rows, session);
      this.#socket.emit('credit', 1);
    });
  }

  /** Of what runs or, with its name, of a recording. */
  static async open(port: number, token: string, recording = ''): Promise<Page> {
    const page = new Page(port, token, recording);
    await once(page.#socket as unknown as NodeJS.EventEmitter, 'connect');
    return page;
  }

  /** Ids of so many packets to a port, once they are listed. */
  async packetsTo(port: number, count: number): Promise<Float64Array<ArrayBuffer>> {
    const listed = () => [...this.#ports].filter(([, to]) => to === port).map(([packet]) => packet);
    await this.#until(
      () => listed().length >= count,
      `${count} packets to ${port}`,
      () => listed().length,
    );
    return Float64Array.from(listed().sort((a, b) => a - b));
  }

  /** Their paths, or those of all packets, once the answer is what is waited for. */
  async paths(
    packets: Float64Array<ArrayBuffer> | null,
    isWanted: (paths: PathsAnalysis) => boolean = () => true,
  ): Promise<PathsAnalysis> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const request = { session: this.#session, packets: packets?.buffer ?? null };
      const paths = answered(await this.#socket.emitWithAck('analysis', request));
      if (isWanted(paths)) return paths;
      const { packets: folded, leftOut } = paths;
      check(performance.now() < deadline, 'their paths become what is waited for', { folded, leftOut });
      await this.#aMoment();
    }
  }

  async latency(packets: Float64Array<ArrayBuffer>): Promise<LatencyAnalysis> {
    const request = { session: this.#session, packets: packets.buffer, series: { kind: 'whole' } as const };
    return answered(await this.#socket.emitWithAck('latency', request));
  }

  /** Another filter: the session ends with the first packet under it. */
  async refilter(expression: string): Promise<void> {
    const capture = this.#snapshot?.capture;
    check(capture?.phase === 'running', 'the capture runs', capture);
    const spec: CaptureSpec = { ...capture.spec, filter: { ...capture.spec.filter, expression } };
    answered(await this.#socket.emitWithAck('apply', spec));
  }

  /** Once nobody writes this recording any more, and another one is written. */
  async isKept(file: string): Promise<void> {
    await this.#until(
      () => this.#written !== '' && this.#written !== file,
      'files beside it',
      () => this.#written,
    );
  }

  close(): void {
    this.#socket.close();
  }

  #take(rows: ArrayBuffer, session: number): void {
    if (session !== this.#session) this.#ports.clear();
    this.#session = session;
    // in Node they come as a Buffer
    const view = ArrayBuffer.isView(rows)
      ? new DataView(rows.buffer, rows.byteOffset, rows.byteLength)
      : new DataView(rows);
    for (let at = 0; at < view.byteLength; at += ROW_BYTES)
      if (rowParent(view, at) === 0)
        this.#ports.set(rowPacket(view, at), view.getUint16(at + ROW.dport, true));
  }

  async #until(holds: () => boolean, what: string, found: () => unknown): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    while (!holds()) {
      check(performance.now() < deadline, `there are ${what}`, found());
      await this.#aMoment();
    }
  }

  /** It is told twice a second how it goes. */
  #aMoment(): Promise<unknown> {
    return once(this.#socket as unknown as NodeJS.EventEmitter, 'stats');
  }
}

function answered<T>(result: Result<T>): T {
  check(result.ok, 'the server answers', result);
  return result.value;
}
