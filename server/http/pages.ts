import { Server } from 'node:http';
import next from 'next';
import { ROOT } from '../place.ts';
import type { PageHandler } from './server.ts';

/** The built pages of Next. Its own upgrade handling gets a server that never listens: sockets are ours. */
export async function openPages(): Promise<PageHandler> {
  const app = next({ dev: false, dir: ROOT, httpServer: new Server() });
  await app.prepare();
  return app.getRequestHandler();
}
