/** The HTTP server: the guard first, then the pages. Sockets are the gateway's. */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Result } from '../../core/base/result.ts';
import { check } from '../../core/base/schema.ts';
import { exportedName, exportQuerySchema } from '../../core/messages/exports.ts';
import { DEFAULT_LAST_MS, freezeNowSchema } from '../../core/messages/freezing.ts';
import type { Freezer } from '../session/freezer.ts';
import type { Exported, Exports } from './exports.ts';
import type { Guard, Refusal } from './guard.ts';

export type PageHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** What a monitoring system asks. */
export interface Monitor {
  /** Why nothing is captured, '' when packets are. */
  notReady(): string;
  metrics(): Promise<{ readonly type: string; readonly body: string }>;
}

/** Writes the session as a recording; its name, without an ending. Throws before the first byte, or ends in the middle. */
export interface Saver {
  readonly name: string;
  save(output: Writable): Promise<void>;
}

/** What needs no token: nothing in them is anyone's. */
const HEALTH = '/healthz';
const READY = '/readyz';
const METRICS = '/metrics';
const SESSION = '/session.skbt';
const RECORDINGS = '/recordings';
const FREEZE = '/freeze';
/** A recording takes its time to come in; headers do not. */
const LIMITS = { maxHeaderSize: 16 << 10, headersTimeout: 30_000, requestTimeout: 3_600_000 };
const IDLE_MS = 30_000;
const FILE_NAME_MAX = 255;
const RECORDING = /^\/recordings\/(\w[\w.-]*)\.skbt$/;

/** The recordings that are kept. */
export interface Recordings {
  /** Where it lies; undefined when there is none of that name. */
  fileOf(name: string): string | undefined;
  /** Takes one in; `file` is what it is called elsewhere. `sender` ends that. */
  receive(file: string, bytes: Readable, sender: AbortSignal): Promise<Result<{ readonly name: string }>>;
}

export interface OwnAnswers {
  readonly recordings?: Recordings;
  readonly monitor?: Monitor;
  readonly saver?: Saver;
  readonly exports?: Exports;
  readonly freezer?: Pick<Freezer, 'now'>;
}

/** A server that answers with pages; not listening yet. */
export function createHttpServer(guard: Guard, pages: PageHandler, own: OwnAnswers = {}): Server {
  const server = createServer(LIMITS, (request, response) => {
    answer(guard, pages, own, request, response).catch((error: unknown) => {
      console.error('skbtracer server:', error);
      if (response.headersSent) response.destroy();
      else
        refuse(response, { status: 500, message: 'the server could not make that page; its log says why' });
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else if (error.code === 'HPE_HEADER_OVERFLOW')
      endRaw(socket, '431 Request Header Fields Too Large', 'the headers are too long');
    else endRaw(socket, '400 Bad Request', 'that is no HTTP request');
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    socket.on('error', () => socket.destroy());
    if (pathOf(request) !== '/socket.io/') endRaw(socket, '404 Not Found', 'there is no such socket');
  });
  return server;
}

async function answer(
  guard: Guard,
  pages: PageHandler,
  own: OwnAnswers,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { monitor, saver, recordings } = own;
  const path = pathOf(request);
  const nonce = randomBytes(16).toString('base64');
  secure(response, nonce);
  const refusal = guard.refuse(request);
  if (refusal !== undefined) return refuse(response, refusal);
  if (path === undefined) return refuse(response, { status: 400, message: 'that is no address' });
  if (request.method === 'POST' && path === RECORDINGS && recordings !== undefined)
    return receive(guard, recordings, request, response);
  if (request.method === 'POST' && path === FREEZE && own.freezer !== undefined)
    return freeze(guard, own.freezer, request, response);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return refuse(response, { status: 405, message: 'only GET and HEAD are answered' });
  if (path === HEALTH) return text(response, 200, 'ok\n');
  if (path === READY && monitor !== undefined) {
    const why = monitor.notReady();
    return text(response, why === '' ? 200 : 503, `${why || 'ready'}\n`);
  }
  const { searchParams: query } = new URL(request.url ?? '/', 'http://localhost');
  const token = query.get('token');
  if (token !== null) {
    const cookie = guard.admit(token);
    if (cookie === undefined)
      return refuse(response, {
        status: 401,
        message: 'that token is wrong: use the address that skbtracer printed when it started last',
      });
    // the rest says where on the page: it stays
    query.delete('token');
    response.writeHead(303, { location: query.size === 0 ? '/' : `/?${query}`, 'set-cookie': cookie }).end();
    return;
  }
  const stranger = guard.refuseWithoutToken(request);
  if (stranger !== undefined) return refuse(response, stranger);
  if (path === METRICS && monitor !== undefined) {
    const { type, body } = await monitor.metrics();
    return text(response, 200, body, type);
  }
  if (path === SESSION && saver !== undefined) return download(request, response, saver);
  const name = RECORDING.exec(path)?.[1];
  if (name !== undefined && recordings !== undefined) {
    const file = recordings.fileOf(name);
    if (file === undefined)
      return refuse(response, { status: 404, message: `there is no recording ${name}` });
    return download(request, response, {
      name,
      save: (to) => pipeline(createReadStream(file), to),
    });
  }
  const exported = exportedName(path);
  if (exported !== undefined && own.exports !== undefined)
    return exportFrom(own, own.exports, exported, request, response);
  // Next puts this nonce on its own scripts
  request.headers['content-security-policy'] = contentPolicy(nonce);
  await pages(request, response);
}

/** A recording that comes as the request's body, with `?name=` of its file. Answers with a Result as JSON. */
async function receive(
  guard: Guard,
  recordings: Recordings,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const stranger = guard.refuseWithoutToken(request);
  if (stranger !== undefined) return refuse(response, stranger);
  // it may take its time, but not stand still; once all of it is here, that is up to us
  request.setTimeout(IDLE_MS, () => request.destroy());
  request.once('end', () => request.setTimeout(0));
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const name = new URL(request.url ?? '/', 'http://localhost').searchParams.get('name') ?? '';
  const body = Readable.from(request.iterator({ destroyOnReturn: false }));
  const result = await recordings.receive(name.slice(0, FILE_NAME_MAX) || 'recording', body, gone.signal);
  if (gone.signal.aborted) return;
  // most clients hear the answer once all is sent: what is left of a body that is not wanted is passed over
  response.once('finish', () => request.resume());
  text(response, result.ok ? 201 : 422, JSON.stringify(result), 'application/json');
}

/** Keeps the last `?seconds=` of the session as a recording. Answers with a Result as JSON. */
async function freeze(
  guard: Guard,
  freezer: Pick<Freezer, 'now'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const stranger = guard.refuseWithoutToken(request);
  if (stranger !== undefined) return refuse(response, stranger);
  request.resume(); // it has no body
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const seconds = searchParams.get('seconds');
  const wanted = check(freezeNowSchema, {
    lastMs: seconds === null ? DEFAULT_LAST_MS : Math.round(Number(seconds || Number.NaN) * 1000),
  });
  if (!wanted.ok) return refuse(response, { status: 400, message: 'seconds is a number from 0.1 to 3600' });
  const result = await freezer.now(wanted.value.lastMs);
  text(response, result.ok ? 201 : 409, JSON.stringify(result), 'application/json');
}

/** A recording, or the session that runs, in another format. `HEAD` says whether it can be had now. */
async function exportFrom(
  own: OwnAnswers,
  exports: Exports,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const query = check(exportQuerySchema, Object.fromEntries(searchParams));
  if (!query.ok)
    return refuse(response, { status: 400, message: `that cannot be exported: ${query.problem}` });
  const exported = exportedOf(own, name);
  if (exported === undefined)
    return refuse(response, { status: 404, message: `there is no recording ${name}` });
  if (request.method === 'HEAD') {
    const refusal = exports.refuse();
    return refusal === undefined ? text(response, 200, '') : refuse(response, refusal);
  }
  const refusal = await exports.send(exported, query.value, response);
  if (refusal !== undefined) refuse(response, refusal);
}

/** Undefined when there is none of that name. */
function exportedOf({ recordings, saver }: OwnAnswers, name: string): Exported | undefined {
  if (name === '') return saver && { name, title: saver.name, from: (input) => saver.save(input) };
  const file = recordings?.fileOf(name);
  return file === undefined ? undefined : { name, title: name, from: file };
}

async function download(
  { method }: IncomingMessage,
  response: ServerResponse,
  { name, save }: Saver,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${name}.skbt"`,
    'cache-control': 'no-store',
  });
  if (method === 'HEAD') {
    response.end();
    return;
  }
  try {
    await save(response);
  } catch (error) {
    // a download that ends without its last chunk is told as failed
    console.error(
      `skbtracer server: ${name}.skbt was not sent to its end:`,
      error instanceof Error ? error.message : error,
    );
    response.destroy();
  }
}

/** The path, undefined when the request's target is none (`*`, an absolute address, nonsense). */
function pathOf(request: IncomingMessage): string | undefined {
  const target = request.url ?? '';
  if (!target.startsWith('/') || target.startsWith('//')) return undefined;
  try {
    // looked at as it was written: URL would resolve a path that climbs before we see it
    const path = decodeURIComponent(target.split('?')[0] ?? '');
    // a page's name is plain: anything else was not written by us
    return /^[\w./@~-]*$/.test(path) && !path.includes('..') ? path : undefined;
  } catch {
    return undefined;
  }
}

function secure(response: ServerResponse, nonce: string): void {
  response.setHeader('content-security-policy', contentPolicy(nonce));
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('cross-origin-opener-policy', 'same-origin');
}

function contentPolicy(nonce: string): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self' ws:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function refuse(response: ServerResponse, { status, message }: Refusal): void {
  response.setHeader('connection', 'close');
  text(response, status, `skbtracer: ${message}\n`);
}

function text(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  response
    .writeHead(status, {
      'content-length': Buffer.byteLength(body),
      'content-type': type,
      'cache-control': 'no-store',
    })
    .end(body);
}

function endRaw(socket: Socket, status: string, message: string): void {
  const body = `skbtracer: ${message}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
