/** Recordings that are sent: whoever sends hears what is wrong with one, however large, and may go away. */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { fail } from '../../core/base/result.ts';
import { Guard } from '../http/guard.ts';
import { createHttpServer, type Recordings } from '../http/server.ts';

const token = 'a'.repeat(32);
/** More than sockets hold. */
const LARGE = 32 << 20;
let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** To a server that does this with what it is sent. */
async function post(receive: Recordings['receive']): Promise<ClientRequest> {
  const probe = createHttpServer(new Guard({ token, port: 1, host: '127.0.0.1' }), async () => undefined);
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  server = createHttpServer(new Guard({ token, port, host: '127.0.0.1' }), async () => undefined, {
    recordings: { fileOf: () => undefined, receive },
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const headers = { authorization: `Bearer ${token}`, 'content-length': LARGE };
  const sent = request({ host: '127.0.0.1', port, method: 'POST', path: '/recordings?name=a.skbt', headers });
  // who waits for an answer hears it, too; the server goes before all is sent
  return sent.on('error', () => undefined);
}

it('what is refused at its beginning is told to who sends all of it', async () => {
  const sent = await post(async (file, bytes) => {
    for await (const _ of bytes) return fail('NOT_TAKEN', `${file} is not taken: a test`);
    throw new Error('nothing came');
  });
  sent.end(Buffer.alloc(LARGE));
  const [response]: IncomingMessage[] = await once(sent, 'response');
  expect(response?.statusCode).toBe(422);
  expect(response && (await text(response))).toContain('a.skbt is not taken: a test');
});

it('who goes away while it is read ends that', async () => {
  const ended = new Promise<void>((resolve, reject) => {
    post(async (file, bytes, sender) => {
      for await (const _ of bytes);
      await new Promise((aborted) => sender.addEventListener('abort', aborted));
      resolve();
      return fail('NOT_TAKEN', file);
    }).then((sent) => {
      sent.end(Buffer.alloc(LARGE), () => sent.destroy());
    }, reject);
  });
  await ended;
});
