/** The session as a file to download. */
import { type SavedHub, saveSession } from '../recording/save.ts';
import { streamSink } from '../recording/sink.ts';
import type { Saver } from './server.ts';

export const makeSaver = (hub: SavedHub, product: string): Saver => ({
  get name() {
    const host = hub.lastHello?.hostname.replaceAll(/[^\w.-]/g, '') || 'session';
    return `skbtracer-${host}-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}`;
  },
  save: (output) => saveSession(hub, streamSink(output), { product }),
});
