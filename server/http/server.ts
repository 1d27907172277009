/** The HTTP server: the guard first, then the pages. Sockets are the gateway's. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Guard, Refusal } from './guard.ts';

export type PageHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** What needs no token: nothing in them is anyone's. */
const HEALTH = '/healthz';

/** A server that answers with pages; not listening yet. */
export function createHttpServer(guard: Guard, pages: PageHandler): Server {
  const server = createServer({ maxHeaderSize: 16 << 10, requestTimeout: 30_000 }, (request, response) => {
    answer(guard, pages, request, response).catch((error: unknown) => {
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
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = pathOf(request);
  const nonce = randomBytes(16).toString('base64');
  secure(response, nonce);
  const refusal = guard.refuse(request);
  if (refusal !== undefined) return refuse(response, refusal);
  if (path === undefined) return refuse(response, { status: 400, message: 'that is no address' });
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return refuse(response, { status: 405, message: 'only GET and HEAD are answered' });
  if (path === HEALTH) return text(response, 200, 'ok\n');
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
  // Next puts this nonce on its own scripts
  request.headers['content-security-policy'] = contentPolicy(nonce);
  await pages(request, response);
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

function text(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, {
      'content-length': Buffer.byteLength(body),
      'content-type': 'text/plain; charset=utf-8',
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
