/**
 * Exports for pages: each is our own `export` command in a process of its own, so that whatever a recording has in it costs
 * the capture neither time nor memory. What it writes goes to who asked, as fast as that is taken.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fail, ok, type Result } from '../../core/base/result.ts';
import type { ExportQuery, ListedExport } from '../../core/messages/exports.ts';
import { type ExportFormat, FORMAT_WORDS } from '../../core/model/export/formats.ts';
import { PROGRESS_VARIABLE } from '../cli/progress.ts';
import { CLI } from '../place.ts';
import { ReaderGone } from '../recording/sink.ts';
import { EXPORT_PREFIX } from '../store/library.ts';

/** Each has a process. */
const RUNNING_MAX = 2;
/** Whoever takes nothing for so long has gone; a page in the background is slow, not still. */
const IDLE_MS = 300_000;
/** Told to stop, it takes its temporary files with it; one that does not is ended, and they are taken from here. */
const STOP_MS = 3000;
/** Failures that are told, the newest: a page knows those that it has told already. */
const FAILED_MAX = 8;
const WORDS_MAX = 4000;

const MEDIA: Readonly<Record<ExportFormat, string>> = {
  jsonl: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
  pcapng: 'application/x-pcapng',
  perfetto: 'application/json',
  otlp: 'application/x-ndjson',
  parquet: 'application/x-tar',
  html: 'text/html; charset=utf-8',
};

/** What is exported. */
export interface Exported {
  /** The recording's; '' of the session that runs. */
  readonly name: string;
  /** What the file is to be called, without an ending. */
  readonly title: string;
  /** The recording's file, or who writes it. */
  readonly from: string | ((input: Writable) => Promise<void>);
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

interface Running {
  readonly id: number;
  readonly exported: Exported;
  readonly format: ExportFormat;
  readonly child: Child;
  /** Resolves to how it ended; undefined: it was done. */
  readonly ended: Promise<string | undefined>;
  bytes: number;
  share: number | undefined;
  isCancelled: boolean;
}

export interface ExportsOptions {
  /** Where temporary files may be, in a folder each that is removed; the system's place for such when undefined. */
  readonly folder: string | undefined;
  /** Of the command line; a test has its own. */
  readonly command?: readonly string[];
}

/** Why it cannot begin, or did not: HTTP status and words. */
export interface ExportRefusal {
  readonly status: number;
  readonly message: string;
}

export class Exports {
  readonly #options: ExportsOptions;
  readonly #running = new Map<number, Running>();
  readonly #failed: ListedExport[] = [];
  #nextId = 1;

  constructor(options: ExportsOptions) {
    this.#options = options;
  }

  /** Those that are made now, and the last that failed. */
  list(): readonly ListedExport[] {
    const running = [...this.#running.values()].filter(({ isCancelled }) => !isCancelled);
    return [...running.map((one) => listed(one, undefined)), ...this.#failed];
  }

  cancel(id: number): Result<null> {
    const running = this.#running.get(id);
    if (running === undefined) return fail('EXPORT_OVER', 'that export is over');
    cancel(running);
    return ok(null);
  }

  /** Ends all that run. Resolves when nothing is left of them. */
  async close(): Promise<void> {
    const all = [...this.#running.values()];
    for (const running of all) cancel(running);
    await Promise.all(all.map(({ ended }) => ended));
  }

  /** Undefined: another one may begin. */
  refuse(): ExportRefusal | undefined {
    if (this.#running.size < RUNNING_MAX) return undefined;
    return {
      status: 429,
      message: `${RUNNING_MAX} exports are made already: wait until one is done, or cancel it`,
    };
  }

  /**
   * Makes one and sends it. A refusal when nothing was sent; what fails later ends the connection, so that the download
   * is told as failed. Who closes the connection has it stopped.
   */
  async send(
    exported: Exported,
    query: ExportQuery,
    response: ServerResponse,
  ): Promise<ExportRefusal | undefined> {
    const refusal = this.refuse();
    if (refusal !== undefined) return refusal;
    const folder = temporaryFolder(this.#options.folder ?? tmpdir());
    if (typeof folder !== 'string') return folder;
    const child = this.#spawn(exported, query, folder);
    const running: Running = {
      id: this.#nextId++,
      exported,
      format: query.format,
      child,
      ended: endOf(child),
      bytes: 0,
      share: undefined,
      isCancelled: false,
    };
    this.#running.set(running.id, running);
    const closed = () => cancel(running);
    response.once('close', closed);
    try {
      return await this.#serve(running, response);
    } finally {
      response.off('close', closed);
      stop(child);
      await running.ended;
      this.#running.delete(running.id);
      rmSync(folder, { recursive: true, force: true });
    }
  }

  #spawn({ from }: Exported, { format, hops, packet }: ExportQuery, folder: string): Child {
    const [program = process.execPath, ...before] = this.#options.command ?? [process.execPath, CLI];
    const file = typeof from === 'string' ? from : '-';
    const args = ['export', file, '-o', '-', '--format', format];
    if (hops !== undefined) args.push('--hops', hops);
    if (packet !== undefined) args.push('--packet', packet);
    const child = spawn(program, [...before, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: folder, [PROGRESS_VARIABLE]: '1' },
    });
    child.stdin.on('error', () => undefined); // it ended before it had read all: its status says why
    if (child.pid !== undefined) beLast(child.pid);
    if (typeof from === 'string') child.stdin.end();
    return child;
  }

  async #serve(running: Running, response: ServerResponse): Promise<ExportRefusal | undefined> {
    const { child, exported, format } = running;
    const words = wordsOf(running);
    const { from, title } = exported;
    let unsaid = '';
    if (typeof from !== 'string')
      from(child.stdin).catch((error: unknown) => {
        // of one that has ended, or is about to, its status says more
        if (child.exitCode === null && !(error instanceof ReaderGone))
          unsaid = error instanceof Error ? error.message : String(error);
        stop(child);
      });
    const faultOf = async () => {
      const how = await running.ended;
      return how === undefined ? undefined : unsaid || lastWords(words(), how);
    };
    const parts: AsyncIterator<Buffer> = child.stdout[Symbol.asyncIterator]();
    const first = await parts.next().catch(() => NOTHING);
    const early = first.done === true ? await faultOf() : undefined;
    if (early !== undefined) return this.#fail(running, early);
    response.writeHead(200, {
      'content-type': MEDIA[format],
      'content-disposition': `attachment; filename="${title}.${FORMAT_WORDS[format].ending}"`,
      'cache-control': 'no-store',
    });
    // its end is told only once it is known to be one
    const given = taken(first, parts, (bytes) => {
      running.bytes += bytes;
      return setTimeout(() => response.destroy(), IDLE_MS);
    });
    await pipeline(given, response, { end: false }).catch(() => stop(child));
    const late = await faultOf();
    if (late === undefined) response.end();
    else {
      this.#fail(running, late);
      response.destroy();
    }
    return undefined;
  }

  #fail(running: Running, failure: string): ExportRefusal {
    if (running.isCancelled) return { status: 409, message: 'the export was cancelled' };
    console.error(`skbtracer server: ${running.exported.title} was not exported: ${failure}`);
    this.#failed.push(listed(running, failure));
    if (this.#failed.length > FAILED_MAX) this.#failed.shift();
    return { status: 422, message: failure };
  }
}

/** A new one, or why there can be none. */
function temporaryFolder(parent: string): string | ExportRefusal {
  try {
    return mkdtempSync(join(parent, EXPORT_PREFIX));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { status: 507, message: `there is no place for temporary files: ${why}` };
  }
}

const NOTHING: IteratorResult<Buffer> = { done: true, value: undefined };

/** Gives parts as they are taken; `giving` hears of each, and what it began is over once the next one is asked for. */
async function* taken(
  first: IteratorResult<Buffer>,
  parts: AsyncIterator<Buffer>,
  giving: (bytes: number) => NodeJS.Timeout,
): AsyncGenerator<Buffer> {
  for (let part = first; part.done !== true; part = await parts.next()) {
    const patience = giving(part.value.length);
    try {
      yield part.value;
    } finally {
      clearTimeout(patience);
    }
  }
}

const listed = ({ id, exported, format, bytes, share }: Running, failure: string | undefined): ListedExport => ({
  id,
  name: exported.name,
  format,
  bytes,
  share,
  failure,
}); // biome-ignore format: fields

/** A capture that runs has the processors first. */
function beLast(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // it has ended already, or we may not: it is as good without
  }
}

function cancel(running: Running): void {
  running.isCancelled = true;
  stop(running.child);
}

const isOver = ({ exitCode, signalCode, pid }: Child): boolean =>
  pid === undefined || exitCode !== null || signalCode !== null;

function stop(child: Child): void {
  if (isOver(child) || child.killed) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  child.once('exit', () => clearTimeout(timer));
  // nobody reads on: what it still writes must not keep it
  child.stdout.destroy();
}

/** Resolves to how it ended; undefined: it was done. */
function endOf(child: Child): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`it cannot be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      resolve(code === 0 ? undefined : `it ended by ${signal ?? `status ${code}`}`),
    );
  });
}

/** Notes how far it is, and keeps what else it says. */
function wordsOf(running: Running): () => string {
  let words = '';
  running.child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const percent = /\r(\d+) %/.exec(text)?.[1];
    if (percent !== undefined) running.share = Number(percent) / 100;
    words = (words + text).slice(-WORDS_MAX);
  });
  return () => words;
}

/** What it said last, without who said it; `otherwise` when it said nothing. */
function lastWords(words: string, otherwise: string): string {
  const line = words.split(/[\r\n]/).findLast((one) => /[a-z]/.test(one));
  return line?.replace(/^skbtracer: /, '') ?? otherwise;
}
